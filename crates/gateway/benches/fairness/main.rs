//! Whether one tenant's burst delays another's calls: `cargo bench --bench fairness`.
//!
//! Fifty quiet tenants call twice a second each, by themselves and beside one that calls at twenty times its limit, in
//! rounds that take turns, since figures of two runs differ more than the two do. A call is due at its time whatever
//! became of those before it, and its time counts from then. It fails where the quiet ones' p99 grows by more than a fifth,
//! or where the load falls behind.
//!
//! Each call is the whole of `GetChatGroupInviteLink` by the release `groupgate serve`, log lines included; load, gateway,
//! a stub of the Graph API and PostgreSQL share the machine's cores.

#[expect(dead_code, reason = "other measurements look into the tables")]
#[path = "../common/database.rs"]
mod database;
mod gateway;
#[path = "../common/http.rs"]
mod http;
mod load;
#[path = "../common/process.rs"]
mod process;
#[path = "../common/program.rs"]
mod program;
mod report;
#[path = "../common/rest.rs"]
mod rest;
#[expect(dead_code, reason = "another measurement has a collector of traces")]
#[path = "../common/stub.rs"]
mod stub;

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use database::Database;
use gateway::Gateway;
use load::{Caller, Pace};
use report::Report;

/// How many tenants are quiet.
const QUIET: u64 = 50;
/// How often each of them calls.
const QUIET_PACE: Pace = Pace { calls: 2, connections: 1 };
/// What a tenant may call in a second.
const LIMIT: u32 = 20;
/// How often the greedy one calls: twenty times that.
const GREEDY_PACE: Pace = Pace { calls: 20 * LIMIT, connections: 20 };
const WARM_UP: Duration = Duration::from_secs(2);
const ROUND: Duration = Duration::from_secs(4);
const ROUNDS: usize = 12;
/// How much longer the quiet tenants' p99 may be beside the greedy one, as a ratio.
const MOST_GROWTH: f64 = 1.2;
/// Which part of the greedy one's calls must have been made: a load that falls behind is no load.
const LEAST_MADE: f64 = 0.9;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = tokio::task::LocalSet::new().block_on(&runtime, measure())?;
    write!(std::io::stdout().lock(), "{report}")?;
    let (growth, made) = (report.growth(), report.made());
    ensure!(
        made >= LEAST_MADE * f64::from(report.wanted),
        "the greedy tenant called {made:.0} times a second, too seldom for the figures to say anything"
    );
    // What is no number is no promise kept.
    ensure!(
        growth <= MOST_GROWTH,
        "the quiet tenants' p99 is {growth:.2} times as long, and {MOST_GROWTH} at the most is promised"
    );
    Ok(())
}

async fn measure() -> anyhow::Result<Report> {
    let upstream = stub::start().await?;
    let database = Database::start().await?;
    let tenants = database.tenants(QUIET + 1).await?;
    let gateway = Gateway::start(&database, &tenants, upstream, LIMIT).await?;
    let token = gateway.token().await.context("no access token")?;
    let (greedy, quiet) = tenants.split_last().context("no tenant")?;
    let mut greedy = Caller::connect(&gateway, &token, greedy, GREEDY_PACE).await?;
    let mut callers = Vec::new();
    for tenant in quiet {
        callers.push(Caller::connect(&gateway, &token, tenant, QUIET_PACE).await?);
    }
    load::run(&mut callers, Some(&mut greedy), WARM_UP).await?;
    let mut report = Report { round: ROUND, wanted: GREEDY_PACE.calls, ..Report::default() };
    for _ in 0..ROUNDS {
        report.alone.push(load::run(&mut callers, None, ROUND).await?);
        report.beside.push(load::run(&mut callers, Some(&mut greedy), ROUND).await?);
    }
    drop(gateway);
    database.stop().await?;
    Ok(report)
}
