//! The load of an open loop: calls that are due at their times, whatever became of those before them.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio::task::{JoinSet, yield_now};

use super::calls::{Calls, call};
use super::http::Connection;
use super::load::connections;

/// How long the last answers may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Open connections to one proxy, and what is called on them.
#[derive(Debug)]
pub(super) struct OpenLoop {
    calls: Rc<Calls>,
    idle: Vec<Connection>,
}

/// How long calls took, each from the time when it was due: one that waits for a connection, or that the load sends late,
/// is not left out. Sorted.
#[derive(Debug, Default)]
pub(super) struct Latencies(Vec<Duration>);

/// A call that was answered, on this connection.
type Answered = anyhow::Result<(Connection, Duration)>;

impl OpenLoop {
    pub(super) async fn connect(proxy: SocketAddr, calls: Calls, count: usize) -> anyhow::Result<Self> {
        Ok(Self { calls: Rc::new(calls), idle: connections(proxy, count).await? })
    }

    /// Makes so many calls a second for `duration`, evenly spread.
    pub(super) async fn run(&mut self, a_second: f64, duration: Duration) -> anyhow::Result<Latencies> {
        let interval = Duration::from_secs_f64(1.0 / a_second);
        let (begun, mut due, mut took) = (Instant::now(), Duration::ZERO, Vec::new());
        let mut running = JoinSet::new();
        while due < duration {
            // A timer is a millisecond late; this is not, and leaves the core to whoever has something to do.
            while begun.elapsed() < due || self.idle.is_empty() {
                self.take(&mut running, &mut took)?;
                ensure!(begun.elapsed() < due + PATIENCE, "no call is answered");
                yield_now().await;
            }
            if let Some(connection) = self.idle.pop() {
                running.spawn_local(answered(connection, self.calls.clone(), begun + due));
            }
            due += interval;
        }
        while !running.is_empty() {
            ensure!(begun.elapsed() < due + PATIENCE, "the last calls are not answered");
            self.take(&mut running, &mut took)?;
            yield_now().await;
        }
        took.sort_unstable();
        Ok(Latencies(took))
    }

    /// Takes back the connections of calls that were answered.
    fn take(&mut self, running: &mut JoinSet<Answered>, took: &mut Vec<Duration>) -> anyhow::Result<()> {
        while let Some(answered) = running.try_join_next() {
            let (connection, latency) = answered??;
            self.idle.push(connection);
            took.push(latency);
        }
        Ok(())
    }
}

async fn answered(mut connection: Connection, calls: Rc<Calls>, due: Instant) -> Answered {
    let mut request = Vec::with_capacity(1024);
    calls.write_next(&mut request);
    call(&mut connection, &request).await?;
    Ok((connection, due.elapsed()))
}

impl Latencies {
    /// Microseconds within which this share of the calls was answered.
    pub(super) fn within(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in a list of some thousands"
        )]
        let at = (share * self.0.len() as f64).ceil() as usize;
        self.0.get(at.saturating_sub(1)).map_or(f64::NAN, |took| took.as_secs_f64() * 1e6)
    }
}
