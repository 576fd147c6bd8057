//! A gateway that is only driven, so that a profile can be made of it: mostly the call that is measured, and beside it what
//! else a gateway answers.

mod mix;
mod signed;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use tokio::net::TcpStream;

use crate::groupgate::Groupgate;
use crate::http::Connection;
use crate::load::connections;
use crate::stage::Stage;
use mix::{Kind, Mix};

const CONNECTIONS: usize = 64;
/// Less than this is no training: caches fill, and nothing comes twice.
const LEAST: Duration = Duration::from_secs(10);

/// Calls for `duration` with every answer's status checked, then ends the gateway as an administrator does: it writes its
/// profile when it ends by itself.
pub(crate) async fn drive(stage: &Stage, duration: Duration) -> anyhow::Result<()> {
    // Wrong tokens are a part of the mix.
    let more = [("GROUPGATE_AUTH_FAILURES", "off")];
    let gateway = Groupgate::start(stage.few().await?, stage.upstream, &more).await?;
    let mix = Mix::new(&gateway, gateway.token().await?)?;
    let until = Instant::now() + duration.max(LEAST);
    let mut connections = connections(gateway.address, CONNECTIONS).await?;
    let to = gateway.address;
    let each = connections.iter_mut().zip(0..).map(|(connection, from)| repeat((connection, to), &mix, from, until));
    let calls: usize = try_join_all(each).await?.into_iter().sum();
    drop(connections);
    gateway.end().await?;
    eprint(calls);
    Ok(())
}

/// To standard error, since standard output has the figures.
fn eprint(calls: usize) {
    let _ = std::io::Write::write_fmt(&mut std::io::stderr().lock(), format_args!("{calls} calls were made\n"));
}

/// Makes calls in the mix's order, `from` one of them on, and says how many.
async fn repeat(
    (connection, to): (&mut Connection, SocketAddr),
    mix: &Mix,
    from: usize,
    until: Instant,
) -> anyhow::Result<usize> {
    let mut calls = 0;
    while Instant::now() < until {
        let kind = Mix::kind(from + calls);
        call(connection, kind, &mix.request(kind)).await.with_context(|| format!("{kind:?}"))?;
        if kind.is_refused() {
            // Whoever is refused before his body was read finds the connection closed.
            *connection = Connection::new(TcpStream::connect(to).await?)?;
        }
        calls += 1;
    }
    Ok(calls)
}

async fn call(connection: &mut Connection, kind: Kind, request: &[u8]) -> anyhow::Result<()> {
    connection.send(request).await?;
    let open = connection.receive(|answer| kind.check(answer)).await?;
    ensure!(open, "the gateway closed a keep-alive connection");
    Ok(())
}
