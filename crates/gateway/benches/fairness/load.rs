//! The load: calls that are due at their times.

use std::time::Duration;

use anyhow::{bail, ensure};
use futures_util::future::{join, try_join_all};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use super::database::Tenant;
use super::gateway::Gateway;
use super::http::Connection;

/// What every answer must hold that is no refusal.
const INVITE_LINK: &[u8] = b"https://chat.whatsapp.com/";

/// How often somebody calls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Calls a second, on all connections together.
    pub(super) calls: u32,
    pub(super) connections: u32,
}

/// A tenant's backend.
#[derive(Debug)]
pub(super) struct Caller {
    request: Vec<u8>,
    connections: Vec<Connection>,
    pace: Pace,
}

/// What became of one round's calls.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// How long the quiet tenants' calls took, from when they were due.
    pub(super) quiet: Vec<Duration>,
    /// How many of the greedy tenant's calls got through.
    pub(super) greedy_done: usize,
    /// How many were refused with 429.
    pub(super) greedy_refused: usize,
}

/// One call: how long it took, and whether it got through.
type Call = (Duration, bool);

impl Caller {
    /// Opens the connections, which stay open.
    pub(super) async fn connect(gateway: &Gateway, token: &str, tenant: &Tenant, pace: Pace) -> anyhow::Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..pace.connections {
            connections.push(Connection::new(TcpStream::connect(gateway.address).await?)?);
        }
        Ok(Self { request: gateway.request(token, tenant), connections, pace })
    }

    /// Calls for `duration`; the first call of the first connection is due after `offset`.
    async fn run(&mut self, begin: Instant, offset: Duration, duration: Duration) -> anyhow::Result<Vec<Call>> {
        let interval = Duration::from_secs(1) * self.pace.connections / self.pace.calls;
        let apart = interval / self.pace.connections;
        let each = (0..).zip(&mut self.connections).map(|(at, connection)| {
            let first = begin + offset + apart * at;
            repeat(connection, &self.request, (first, interval, begin + duration))
        });
        Ok(try_join_all(each).await?.concat())
    }
}

/// All quiet tenants call for `duration`, spread evenly, and the greedy one beside them.
pub(super) async fn run(
    quiet: &mut [Caller],
    greedy: Option<&mut Caller>,
    duration: Duration,
) -> anyhow::Result<Round> {
    let begin = Instant::now() + Duration::from_millis(20);
    let count = u32::try_from(quiet.len())?;
    let each = (0..).zip(quiet).map(|(at, caller)| {
        let interval = Duration::from_secs(1) / caller.pace.calls;
        caller.run(begin, interval * at / count, duration)
    });
    let beside = async {
        match greedy {
            Some(greedy) => greedy.run(begin, Duration::ZERO, duration).await,
            None => Ok(Vec::new()),
        }
    };
    let (quiet, greedy) = join(try_join_all(each), beside).await;
    let (quiet, greedy) = (quiet?.concat(), greedy?);
    ensure!(quiet.iter().all(|(_, is_done)| *is_done), "a quiet tenant's call was refused");
    let greedy_done = greedy.iter().filter(|(_, is_done)| *is_done).count();
    Ok(Round {
        quiet: quiet.into_iter().map(|(took, _)| took).collect(),
        greedy_done,
        greedy_refused: greedy.len() - greedy_done,
    })
}

async fn repeat(
    connection: &mut Connection,
    request: &[u8],
    (first, interval, until): (Instant, Duration, Instant),
) -> anyhow::Result<Vec<Call>> {
    let (mut calls, mut due) = (Vec::new(), first);
    while due < until {
        sleep_until(due).await;
        let is_done = call(connection, request).await?;
        calls.push((due.elapsed(), is_done));
        due += interval;
    }
    Ok(calls)
}

/// One call; false where it was refused with 429.
async fn call(connection: &mut Connection, request: &[u8]) -> anyhow::Result<bool> {
    connection.send(request).await?;
    let mut is_done = true;
    let open = connection
        .receive(|answer| {
            is_done = !answer.head.starts_with(b"HTTP/1.1 429 ");
            if is_done {
                answer.expect_ok()?;
                ensure!(answer.has(INVITE_LINK), "an answer without an invite link");
            }
            Ok(())
        })
        .await?;
    if !open {
        bail!("the gateway closed a keep-alive connection");
    }
    Ok(is_done)
}
