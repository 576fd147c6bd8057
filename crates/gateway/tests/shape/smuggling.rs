//! A client that hides a request in the body of another, through nginx: no replica sees a request there, and nobody gets an
//! answer that is not his. What the gateway makes of such requests by itself is tested with the other tests (`hostile`).

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::Client;
use crate::world::{Plan, World};

const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
/// Who waits for more of a body than comes is not waited for.
const LONG_ENOUGH: Duration = Duration::from_secs(1);
/// Requests of others behind each, by which as many connections of nginx's to the replica are used again.
const OTHERS: usize = 4;

/// Lines of a head that two readers could read in two ways, with a body in which a request is hidden.
fn framed() -> Vec<(String, String)> {
    let length = HIDDEN.len();
    let behind = format!("0\r\n\r\n{HIDDEN}");
    let all = behind.len();
    let chunk = format!("{length:x};a=\"b\"\r\n{HIDDEN}\r\n000;c\r\nContent-Length: 9\r\n\r\n");
    let refused = [
        format!("Content-Length: {all}\r\nTransfer-Encoding: chunked"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {all}"),
        format!("Content-Length: {all}\r\nTransfer-Encoding: xchunked"),
        format!("Content-Length: {all}\r\nTransfer-Encoding: chunked, identity"),
        format!("Content-Length: {all}\r\nTransfer-Encoding:\u{b}chunked"),
        format!("Content-Length: {all}\r\nTransfer-Encoding : chunked"),
        format!("Content-Length: {all}\r\nTransfer_Encoding: chunked"),
        format!("Content-Length: {all}\r\nX: y\rTransfer-Encoding: chunked"),
        format!("Content-Length: {all}\r\nX: y\n Transfer-Encoding: chunked"),
        format!("Content-Length: {all}\r\nContent-Length: 0"),
        format!("Content-Length: 0\r\nContent-Length: {all}"),
        format!("Content-Length: +{all}"),
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity".to_owned(),
        "Transfer-Encoding: gzip, chunked".to_owned(),
    ];
    let read = [
        (format!("Content-Length: {length}"), HIDDEN.to_owned()),
        (format!("Content-Length: {length}\r\nExpect: 100-continue"), HIDDEN.to_owned()),
        (format!("Content-Length: {length}\r\nConnection: upgrade\r\nUpgrade: websocket"), HIDDEN.to_owned()),
        (format!("Content-Length: {length}\r\nConnection: Content-Length"), HIDDEN.to_owned()),
        ("Transfer-Encoding: chunked".to_owned(), chunk),
        // More than is read before the answer.
        (format!("Content-Length: {}", 4_000 * length), HIDDEN.repeat(4_000)),
    ];
    refused.map(|lines| (lines, behind.clone())).into_iter().chain(read).collect()
}

/// What is answered to the bytes of one connection, until it ends or nothing more comes.
async fn answered(nginx: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(nginx).await.unwrap();
    let (mut incoming, mut outgoing) = stream.split();
    let mut answers = Vec::new();
    // Where nginx closes first, the rest is not taken.
    let both = async { tokio::join!(outgoing.write_all(request.as_bytes()), incoming.read_to_end(&mut answers)) };
    let _ = timeout(LONG_ENOUGH, both).await;
    String::from_utf8_lossy(&answers).into_owned()
}

#[actix_web::test]
async fn through_nginx_no_request_is_hidden_in_anothers_body() {
    let world = World::start(&Plan { replicas: 1, tenants: 1, settings: &[] }).await;
    let nginx = world.balancer.address();
    let key = world.tenants[0].key.basic();
    for (lines, body) in framed() {
        for (method, path) in [("POST", "/v1/GetChatGroup"), ("POST", "/nowhere"), ("GET", "/health/live")] {
            for place in ["", "/unbuffered"] {
                let head = format!("{method} {place}{path} HTTP/1.1\r\nHost: a\r\nAuthorization: {key}");
                let request = format!("{head}\r\nContent-Type: application/json\r\n{lines}\r\n\r\n{body}");
                let answers = answered(nginx, &request).await;
                assert!(answers.matches("HTTP/1.1 ").count() <= 2, "{request:.300}: {answers}");
                for _ in 0..OTHERS {
                    let client = Client::new(world.balancer.url.clone());
                    let other = client.send("GET", "/health/ready", &[], Vec::new()).await;
                    assert!(
                        other.status == 200 && other.text.contains("ready"),
                        "behind {request:.300}: {}",
                        other.text
                    );
                }
            }
        }
    }
    assert!(!world.logs().contains("/hidden"), "{}", world.logs());
}
