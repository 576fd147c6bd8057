//! Processes that are measured: where they listen, and what they log.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::ChildStderr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::net::TcpStream;

/// In the log's lines that tell of an error.
const ERROR: &[u8] = b"\"level\":\"ERROR\"";

/// Waits until something listens at `address`, for ten seconds at most.
pub(crate) async fn reachable(address: SocketAddr, name: &str) -> anyhow::Result<()> {
    let until = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(address).await.is_err() {
        ensure!(Instant::now() < until, "{name} does not listen on {address} after 10 s");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// A port of loopback that was free a moment ago.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?)
}

/// Takes the log through a pipe, as a collector does, and shows errors, and what is no line of JSON: why it did
/// not start.
pub(crate) fn collect(log: Option<ChildStderr>) {
    let Some(log) = log else {
        return;
    };
    std::thread::spawn(move || {
        for line in BufReader::with_capacity(64 * 1024, log).split(b'\n').map_while(Result::ok) {
            if !line.starts_with(b"{") || line.windows(ERROR.len()).any(|window| window == ERROR) {
                let mut own = std::io::stderr().lock();
                let _ = std::io::Write::write_all(&mut own, &[&line[..], b"\n"].concat());
            }
        }
    });
}
