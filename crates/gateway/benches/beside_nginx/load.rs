//! The load: connections that each call, wait for the answer, check it, and call again.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use tokio::net::TcpStream;

use super::http::Connection;
use super::report::Measured;
use super::{LOAD_CORE, cpu, cpu_time};

/// What every answer must hold.
const INVITE_LINK: &[u8] = b"https://chat.whatsapp.com/";

/// Open connections to one proxy, and the request that they repeat.
#[derive(Debug)]
pub(super) struct Load {
    request: Vec<u8>,
    connections: Vec<Connection>,
}

impl Load {
    /// Opens `count` connections to `proxy`, which stay open between slices.
    pub(super) async fn connect(proxy: SocketAddr, request: Vec<u8>, count: usize) -> anyhow::Result<Self> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            connections.push(Connection::new(TcpStream::connect(proxy).await?)?);
        }
        // Alone, since it is the call that fills the gateway's caches.
        call(&mut connections[0], &request).await?;
        Ok(Self { request, connections })
    }

    /// Calls for `duration` on all connections at once, and measures what process `pid` spends on it.
    pub(super) async fn run(&mut self, duration: Duration, pid: u32) -> anyhow::Result<Measured> {
        let (began, spent, own) =
            (Instant::now(), cpu_time::family_time(pid)?, cpu_time::process_time(std::process::id())?);
        let until = began + duration;
        let each = self.connections.iter_mut().map(|connection| repeat(connection, &self.request, until));
        let calls = try_join_all(each).await?.into_iter().sum();
        ensure!(calls > 0, "no call was answered within {duration:?}");
        Ok(Measured {
            calls,
            elapsed: began.elapsed(),
            proxy_cpu: cpu_time::family_time(pid)?.saturating_sub(spent),
            load_cpu: cpu_time::process_time(std::process::id())?.saturating_sub(own),
        })
    }
}

/// Calls until the time is over, and says how often.
async fn repeat(connection: &mut Connection, request: &[u8], until: Instant) -> anyhow::Result<u32> {
    let mut calls = 0;
    while Instant::now() < until {
        call(connection, request).await?;
        calls += 1;
    }
    Ok(calls)
}

/// One call, its answer checked.
async fn call(connection: &mut Connection, request: &[u8]) -> anyhow::Result<()> {
    connection.send(request).await?;
    let open = connection
        .receive(|answer| {
            answer.expect_ok()?;
            ensure!(answer.has(INVITE_LINK), "an answer without an invite link");
            Ok(())
        })
        .await?;
    ensure!(open, "the proxy closed a keep-alive connection");
    Ok(())
}

/// Starts a process on the proxies' core.
pub(super) fn spawn(command: &mut std::process::Command, hint: &str) -> anyhow::Result<std::process::Child> {
    cpu::on_core(super::PROXY_CORE, LOAD_CORE, || command.spawn())?.with_context(|| hint.to_owned())
}
