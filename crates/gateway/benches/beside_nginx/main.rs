//! What a call of the gateway costs, beside a plain nginx that does nothing but pass on: `cargo bench --bench beside_nginx`.
//!
//! In one run, since figures of two runs differ more than the two proxies do:
//!
//! - on core 0 the proxies, one at a time: the release `groupgate serve` with one worker, and nginx with one
//!   worker and keep-alive to the upstream;
//! - on core 1 everything else: a stub of the Graph API, and the load, 64 keep-alive connections that each
//!   wait for an answer before the next call.
//!
//! Slices of a second take turns. The gateway does the whole of `GetChatGroupInviteLink`, token, grants, tenant
//! and log line included; nginx passes on the Graph call that the gateway makes. Every answer is checked for
//! an invite link.

mod cpu;
#[path = "../common/cpu_time.rs"]
mod cpu_time;
mod groupgate;
#[path = "../common/http.rs"]
mod http;
mod load;
mod nginx;
#[path = "../common/process.rs"]
mod process;
mod report;
#[path = "../common/rest.rs"]
mod rest;
#[path = "../common/stub.rs"]
mod stub;

use std::io::Write as _;
use std::time::Duration;

use anyhow::Context as _;

use groupgate::Groupgate;
use load::Load;
use nginx::Nginx;
use report::Report;

const PROXY_CORE: usize = 0;
const LOAD_CORE: usize = 1;
const CONNECTIONS: usize = 64;
const WARM_UP: Duration = Duration::from_secs(2);
const SLICE: Duration = Duration::from_secs(1);
const SLICES_EACH: usize = 15;

fn main() -> anyhow::Result<()> {
    cpu::pin_this_thread(LOAD_CORE).context("this measurement needs two cores")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = tokio::task::LocalSet::new().block_on(&runtime, measure())?;
    write!(std::io::stdout().lock(), "{report}")?;
    Ok(())
}

async fn measure() -> anyhow::Result<Report> {
    let upstream = stub::start().await?;
    let nginx = Nginx::start(upstream).await?;
    let groupgate = Groupgate::start(upstream).await?;
    let mut beside = Load::connect(nginx.address, nginx.request(), CONNECTIONS).await.context("load on nginx")?;
    let mut ours =
        Load::connect(groupgate.address, groupgate.request().await?, CONNECTIONS).await.context("load on groupgate")?;
    beside.run(WARM_UP, nginx.pid).await.context("nginx")?;
    ours.run(WARM_UP, groupgate.pid).await.context("groupgate")?;
    let mut report = Report::default();
    for _ in 0..SLICES_EACH {
        report.nginx.push(beside.run(SLICE, nginx.pid).await.context("nginx")?);
        report.groupgate.push(ours.run(SLICE, groupgate.pid).await.context("groupgate")?);
    }
    Ok(report)
}
