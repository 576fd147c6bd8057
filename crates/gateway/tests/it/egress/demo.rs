//! The demo reaches its own machine, since that is where what is tried out listens.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::demo::{LAST_LINE, Place, basic};
use crate::program::http;
use crate::support::fixture;

/// A server of one picture, as somebody who tries the demo starts one.
fn pictures() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let picture = fixture("pictures/baseline.jpg");
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", picture.len());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(&[head.as_bytes(), &picture].concat()).unwrap();
        }
    });
    addr
}

fn set_picture(place: &Place, url: &str) -> (u16, Value) {
    let values = place.environment();
    let authorization = basic(&values["GROUPGATE_ACCESS_KEY_ID"], &values["GROUPGATE_ACCESS_KEY_SECRET"]);
    let head = ["POST /v1/UpdateChatGroup HTTP/1.1", &authorization, "Content-Type: application/json"];
    let parameters = json!({
        "CustSpaceId": values["GROUPGATE_CUST_SPACE_ID"],
        "BusinessNumber": values["GROUPGATE_BUSINESS_NUMBER"],
        "GroupId": values["GROUPGATE_GROUP_ID"],
        "ProfilePictureFile": url,
        "WaitSeconds": 10,
    });
    let (status, answer) = http(place.gateway(), &head, &parameters.to_string());
    (status, serde_json::from_str(&answer).unwrap())
}

#[test]
fn the_demo_fetches_from_this_machine_unless_it_is_told_not_to() {
    let place = Place::new();
    let url = format!("http://{}/picture.jpg", pictures());
    let demo = place.start(&[]);
    assert_eq!(place.environment()["GROUPGATE_ALLOWED_NETWORKS"], "127.0.0.0/8,::1/128");
    let (status, answer) = set_picture(&place, &url);
    assert_eq!((status, answer["Code"].as_str()), (200, Some("OK")), "{answer}");
    demo.signal(Signal::SIGTERM);
    assert!(demo.ended().0.success());
    let mut elsewhere = place.spawn(&[], &[("GROUPGATE_ALLOWED_NETWORKS", "10.0.0.0/8")]);
    elsewhere.lines_until(LAST_LINE);
    assert_eq!(place.environment()["GROUPGATE_ALLOWED_NETWORKS"], "10.0.0.0/8");
    let (status, answer) = set_picture(&place, &url);
    assert_eq!((status, answer["Code"].as_str()), (400, Some("InvalidParameter")), "{answer}");
}
