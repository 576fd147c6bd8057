//! Clients that send what no client sends: requests that two readers could read in two ways, heads without an end, and a
//! connection more than there may be. `docs/bounds.md` has the figures.

mod bounds;
mod smuggling;
mod stopping;

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Client, PATIENCE};

/// A connection on which anything may be sent.
struct Wire(TcpStream);

impl Wire {
    async fn to(client: &Client) -> Self {
        let address: SocketAddr = client.url.strip_prefix("http://").unwrap().parse().unwrap();
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Sends as much of it as the gateway takes.
    async fn send(&mut self, bytes: &[u8]) {
        let _ = timeout(PATIENCE, self.0.write_all(bytes)).await.expect("the gateway neither reads nor closes");
    }

    /// All that is answered until the gateway closes the connection, or resets it.
    async fn rest(&mut self) -> String {
        let mut read = Vec::new();
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut read)).await.expect("the connection is never closed");
        String::from_utf8_lossy(&read).into_owned()
    }

    /// One answer whose body is a JSON object.
    async fn answer(&mut self) -> String {
        let mut read = Vec::new();
        while !read.ends_with(b"}") {
            let count = timeout(PATIENCE, self.0.read_buf(&mut read)).await.expect("no answer").unwrap();
            assert!(count > 0, "closed after {}", read.escape_ascii());
        }
        String::from_utf8(read).unwrap()
    }
}

/// The statuses of answers that came one after the other; a body may name HTTP, too.
fn statuses(answers: &str) -> Vec<u16> {
    answers.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)?.parse().ok()).collect()
}
