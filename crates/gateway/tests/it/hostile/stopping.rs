//! A gateway that is told to stop, as a balancer sees it. How a server ends is tested in `gateway::serving`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::Wire;
use crate::support::TestApp;

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
