//! What a call of the gateway costs, beside a plain nginx that does nothing but pass on, and an nginx with Lua that does the
//! same job: `cargo bench --bench beside_nginx`.
//!
//! In one run, since figures of two runs differ more than the proxies do:
//!
//! - on core 0 the proxies, one at a time: the release `groupgate serve` with one worker, and nginx with one worker and
//!   keep-alive to the upstream;
//! - on core 1 everything else: a stub of the Graph API, the load, and PostgreSQL, which gives way to them.
//!
//! Slices of a second take turns. The gateway does the whole of `GetChatGroupInviteLink`, token, grants, limits, tenant and
//! log line included; nginx passes on the Graph call that the gateway makes. Every answer is checked for an invite link. CPU
//! time is the proxy's alone, never load's or PostgreSQL's; what it works off behind the answers is in it.
//!
//! `GROUPGATE_BENCH_PROGRAM`, `GROUPGATE_BENCH_BUILD`, `GROUPGATE_BENCH_ONLY`, `GROUPGATE_BENCH_JSON`,
//! `GROUPGATE_BENCH_TRAIN` and `GROUPGATE_BENCH_QUICK` are in the README beside this.

mod calls;
mod cpu;
#[path = "../common/cpu_time.rs"]
mod cpu_time;
#[expect(dead_code, reason = "other measurements make their tenants with it")]
#[path = "../common/database.rs"]
mod database;
#[path = "../common/figures.rs"]
mod figures;
mod groupgate;
#[path = "../common/http.rs"]
mod http;
mod load;
mod nginx;
mod open_loop;
mod options;
mod parts;
#[expect(dead_code, reason = "nobody counts the events of a training")]
#[path = "../common/payloads.rs"]
mod payloads;
#[path = "../common/process.rs"]
mod process;
#[path = "../common/program.rs"]
mod program;
#[path = "../common/rest.rs"]
mod rest;
mod slices;
mod stage;
#[path = "../common/stub.rs"]
mod stub;
mod tenants;
mod train;

use anyhow::Context as _;

use figures::Figures;
use options::{Options, Part};
use parts::{first_call, latency, memory, start, telemetry};
use stage::Stage;

fn main() -> anyhow::Result<()> {
    let options = Options::from_environment()?;
    cpu::pin_load()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let figures = tokio::task::LocalSet::new().block_on(&runtime, measure(&options))?;
    if options.train.is_some() { Ok(()) } else { figures.publish() }
}

async fn measure(options: &Options) -> anyhow::Result<Figures> {
    let stage = Stage::open(options.scale, options.build).await?;
    if let Some(duration) = options.train {
        train::drive(&stage, duration).await?;
        stage.close().await?;
        return Ok(Figures::default());
    }
    let mut figures = Figures::default();
    for part in &options.parts {
        let measured = match part {
            Part::Memory => memory::measure(&stage).await,
            Part::Start => start::measure(&stage).await,
            Part::Cpu => parts::cpu::measure(&stage).await,
            Part::Tenants => parts::tenants::measure(&stage).await,
            Part::Latency => latency::measure(&stage).await,
            Part::FirstCall => first_call::measure(&stage).await,
            Part::Telemetry => telemetry::measure(&stage).await,
        };
        figures.0.extend(measured.with_context(|| format!("{part:?}"))?);
    }
    stage.close().await?;
    Ok(figures)
}
