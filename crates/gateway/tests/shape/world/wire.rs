//! Callers who keep connections of their own, and look at nothing but what is answered, and when.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use actix_web::rt::time::sleep_until;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::beside::{Beside, Notes};
use crate::support::PATIENCE;

/// How many calls of a flood may be under way: far more than are at the same time where the machine does not stall, since a
/// call that waits for the one before it would be no call at a steady pace.
const CONNECTIONS: usize = 64;

/// What was answered to one call, and when.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) sent: Instant,
    pub(crate) answered: Instant,
    pub(crate) status: u16,
    /// `r` of `RateLimit`: so many more calls get through.
    pub(crate) left: Option<usize>,
    /// `Retry-After`.
    pub(crate) seconds: Option<Duration>,
    /// `x-acs-retry-after`.
    pub(crate) wait: Option<Duration>,
}

/// A connection to nginx that is kept.
pub(crate) struct Wire(TcpStream);

impl Wire {
    pub(crate) async fn to(nginx: SocketAddr) -> Self {
        Self(timeout(PATIENCE, TcpStream::connect(nginx)).await.expect("no connection").unwrap())
    }

    /// Makes a call, and waits for its answer.
    pub(crate) async fn ask(&mut self, request: &str) -> Answer {
        let sent = Instant::now();
        let head = timeout(PATIENCE, self.exchange(request)).await.expect("no answer");
        let milliseconds =
            |name: &str, unit: u64| Some(Duration::from_millis(header(&head, name)?.parse::<u64>().ok()? * unit));
        Answer {
            sent,
            answered: Instant::now(),
            status: head["HTTP/1.1 ".len()..][..3].parse().unwrap(),
            left: header(&head, "ratelimit").and_then(left),
            seconds: milliseconds("retry-after", 1_000),
            wait: milliseconds("x-acs-retry-after", 1),
        }
    }

    /// The head of the answer; its body is read, and thrown away.
    async fn exchange(&mut self, request: &str) -> String {
        self.0.write_all(request.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        loop {
            assert!(self.0.read_buf(&mut read).await.unwrap() > 0, "closed after {}", read.escape_ascii());
            let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8(read[..end].to_vec()).unwrap();
            let length: usize = header(&head, "content-length").expect("a length").parse().unwrap();
            while read.len() < end + 4 + length {
                assert!(self.0.read_buf(&mut read).await.unwrap() > 0, "closed within a body, after {head}");
            }
            return head;
        }
    }
}

/// So many calls a second, whatever becomes of those before.
pub(crate) fn flood(nginx: SocketAddr, request: String, per_second: u32) -> Beside<Answer> {
    Beside::start(move |notes| call(nginx, request, Duration::from_secs(1) / per_second, notes))
}

async fn call(nginx: SocketAddr, request: String, pause: Duration, notes: Notes<Answer>) {
    let (begun, next) = (Instant::now(), Cell::new(0));
    let one = async || {
        let mut wire = Wire::to(nginx).await;
        while notes.go_on() {
            // By the clock, so that a pause of the machine is made good.
            sleep_until((begun + pause * next.replace(next.get() + 1)).into()).await;
            notes.add(wire.ask(&request).await);
        }
    };
    join_all((0..CONNECTIONS).map(|_| one())).await;
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
}

/// `r` of `"tenant";r=7;t=1`.
fn left(policy: &str) -> Option<usize> {
    policy.split(';').find_map(|part| part.strip_prefix("r="))?.parse().ok()
}
