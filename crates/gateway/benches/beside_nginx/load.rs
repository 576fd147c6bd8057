//! The load of a closed loop: connections that each call, wait for the answer, check it, and call again.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::ensure;
use futures_util::future::try_join_all;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::calls::{Calls, call};
use super::cpu_time;
use super::http::Connection;
use super::slices::Slice;

/// Open connections to one proxy, which stay open between slices, and what they call.
#[derive(Debug)]
pub(super) struct Load {
    pid: u32,
    calls: Calls,
    callers: Vec<Caller>,
}

#[derive(Debug)]
struct Caller {
    connection: Connection,
    /// What it sends, whose memory is used again.
    request: Vec<u8>,
}

impl Load {
    /// Opens `count` connections to the proxy of process `pid` at `proxy`.
    pub(super) async fn connect(proxy: SocketAddr, pid: u32, calls: Calls, count: usize) -> anyhow::Result<Self> {
        let mut callers = Vec::with_capacity(count);
        for connection in connections(proxy, count).await? {
            callers.push(Caller { connection, request: Vec::new() });
        }
        // Alone, since it is the call that fills the gateway's caches of what all calls share.
        callers[0].call(&calls).await?;
        Ok(Self { pid, calls, callers })
    }

    /// Calls for `duration` at least, and until each tenant was called twice.
    pub(super) async fn warm_up(&mut self, duration: Duration) -> anyhow::Result<()> {
        let (begun, mut calls) = (Instant::now(), 0);
        while begun.elapsed() < duration || calls < 2 * self.calls.len() {
            calls += self.call_for(duration).await?.0 as usize;
        }
        Ok(())
    }

    /// Calls for `duration` on all connections at once, and measures what the proxy spends on it. What it gathers of the
    /// calls, so as to write or send it together, it works off within `settle`.
    pub(super) async fn run(&mut self, duration: Duration, settle: Duration) -> anyhow::Result<Slice> {
        let (spent, own) = (cpu_time::family_time(self.pid)?, cpu_time::process_time(std::process::id())?);
        let (calls, elapsed) = self.call_for(duration).await?;
        let proxy_cpu_meanwhile = cpu_time::family_time(self.pid)?.saturating_sub(spent);
        let load_cpu = cpu_time::process_time(std::process::id())?.saturating_sub(own);
        sleep(settle).await;
        let proxy_cpu = cpu_time::family_time(self.pid)?.saturating_sub(spent);
        Ok(Slice { calls, elapsed, proxy_cpu, proxy_cpu_meanwhile, load_cpu })
    }

    /// Calls for `duration` on all connections at once: how often, and how long it took until the last answer was there.
    pub(super) async fn call_for(&mut self, duration: Duration) -> anyhow::Result<(u32, Duration)> {
        let begun = Instant::now();
        let until = begun + duration;
        let each = self.callers.iter_mut().map(|caller| caller.repeat(&self.calls, until));
        let calls: u32 = try_join_all(each).await?.into_iter().sum();
        ensure!(calls > 0, "no call was answered within {duration:?}");
        Ok((calls, begun.elapsed()))
    }
}

impl Caller {
    async fn call(&mut self, calls: &Calls) -> anyhow::Result<()> {
        calls.write_next(&mut self.request);
        call(&mut self.connection, &self.request).await
    }

    /// Calls until the time is over, and says how often.
    async fn repeat(&mut self, calls: &Calls, until: Instant) -> anyhow::Result<u32> {
        let mut count = 0;
        while Instant::now() < until {
            self.call(calls).await?;
            count += 1;
        }
        Ok(count)
    }
}

/// So many connections.
pub(super) async fn connections(to: SocketAddr, count: usize) -> anyhow::Result<Vec<Connection>> {
    let mut connections = Vec::with_capacity(count);
    for _ in 0..count {
        connections.push(Connection::new(TcpStream::connect(to).await?)?);
    }
    Ok(connections)
}
