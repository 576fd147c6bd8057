//! The log of a gateway that runs as people run it.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Client, TestApp, log_of};

/// What is sent is no HTTP: which status comes back, and that the connection ends.
async fn answered(address: &str, sent: &str) -> String {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(sent.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // The server may end the connection under what it has not read.
    let _ = connection.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

#[actix_web::test]
async fn what_a_client_sends_that_is_no_http_is_no_error_of_the_gateways() {
    let world = TestApp::start().await.stop_gateway().await;
    let (gateway, address) = world.serve(&[("GROUPGATE_LOG_FORMAT", "json")]).await;
    assert_eq!(answered(&address, "THIS IS NO REQUEST\r\n\r\n").await, "HTTP/1.1 400 Bad Request");
    assert_eq!(answered(&address, "GET / HTTP/1.1\r\n\r\n").await, "HTTP/1.1 400 Bad Request");
    let large = format!("GET / HTTP/1.1\r\nhost: x\r\nx-large: {}\r\n\r\n", "x".repeat(200_000));
    let refused = answered(&address, &large).await;
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 431"), "{refused}");
    let log = log_of(gateway).await;
    assert!(log.contains("serving"), "{log}");
    assert!(!log.contains(r#""level":"ERROR""#), "{log}");
}

#[actix_web::test]
async fn why_meta_gave_no_answer_stands_in_the_log() {
    let world = TestApp::start().await.stop_gateway().await;
    let (gateway, address) = world.serve(&[("GROUPGATE_LOG_FORMAT", "json")]).await;
    world.sandbox.fail(json!({"method": "POST", "path": "*/groups", "close": "before"})).await;
    let client = Client::new(format!("http://{address}"));
    client.call("AddChatGroup", &world.first, json!({"Subject": "New"})).await.expect(502, "Upstream.Unavailable");
    let log = log_of(gateway).await;
    let told = log.lines().find(|line| line.contains("a try at Meta got no answer")).unwrap_or_else(|| panic!("{log}"));
    for part in [r#""level":"WARN""#, "broke off", "closed without an answer"] {
        assert!(told.contains(part), "{told}");
    }
}
