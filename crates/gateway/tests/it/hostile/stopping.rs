//! A gateway that is told to stop, as a balancer sees it. How a server ends is tested in `gateway::serving`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;
use tenant_store::CallFilter;

use super::Wire;
use crate::support::{TestApp, eventually, with_tenant};

#[actix_web::test]
async fn a_gateway_that_stops_says_so_and_takes_leave_of_each_connection_with_an_answer() {
    let app = TestApp::start().await;
    let (client, replica) = app.replica().await;
    let (mut kept, mut fresh) = (Wire::to(&client).await, Wire::to(&client).await);
    kept.send(b"GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(kept.answer().await.contains(r#""status":"ready""#));
    let asking = async {
        for wire in [&mut kept, &mut fresh] {
            wire.send(b"GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n").await;
        }
        for wire in [&mut kept, &mut fresh] {
            let answer = wire.rest().await;
            assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains(r#""status":"draining""#), "{answer}");
            assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        }
    };
    tokio::join!(biased; replica.stop(Duration::from_secs(30)), asking);
}

#[actix_web::test]
async fn a_gateway_without_a_connection_still_takes_one_while_balancers_learn_that_it_stops() {
    let app = TestApp::start().await;
    let (client, replica) = app.replica().await;
    let asking = async {
        // At once, in one step: however slow this machine is, the listener was not given time to close.
        let mut late = TcpStream::connect(client.url.strip_prefix("http://").unwrap()).unwrap();
        late.write_all(b"GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        late
    };
    let ((), mut late) = tokio::join!(biased; replica.stop(Duration::from_secs(30)), asking);
    let mut answer = String::new();
    late.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains(r#""status":"draining""#), "{answer}");
}

#[actix_web::test]
async fn calls_before_a_stop_are_listed_also_where_some_are_cut_off_and_so_are_those() {
    let app = TestApp::start().await;
    let (store, tenant, path) = (app.store.clone(), app.first.cust_space_id, format!("/{}", app.first.group_id));
    app.sandbox.fail(json!({"method": "GET", "path": format!("*{path}"), "delay_ms": 60_000})).await;
    let body = with_tenant(&app.first, json!({"GroupId": app.first.group_id})).to_string();
    let (key, length) = (app.first.key.basic(), body.len());
    let head = format!("Host: a\r\nAuthorization: {key}\r\nContent-Type: application/json\r\nContent-Length: {length}");
    let mut cut_off = Wire::to(&app.client).await;
    cut_off.send(format!("POST /v1/GetChatGroup HTTP/1.1\r\n{head}\r\n\r\n{body}").as_bytes()).await;
    eventually("Meta is asked", async || (app.sandbox.count("GET", &path).await == 1).then_some(())).await;
    let link = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroupInviteLink", &app.first, link).await.expect(200, "OK");
    let begun = Instant::now();
    let _stopped = app.stop_gateway_within(Duration::from_millis(100)).await;
    assert!(begun.elapsed() < Duration::from_secs(20), "Meta is not waited for: {:?}", begun.elapsed());
    assert_eq!(cut_off.rest().await, "");
    let calls = store.space(tenant).calls(&CallFilter::default(), 10).await.unwrap();
    let mut listed: Vec<_> = calls.iter().map(|call| (call.operation.as_str(), call.code.as_str())).collect();
    listed.sort_unstable();
    assert_eq!(listed, [("GetChatGroup", "Cancelled"), ("GetChatGroupInviteLink", "OK")]);
}
