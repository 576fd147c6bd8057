//! What a webhook costs, beside a bare INSERT and COMMIT: `cargo bench --bench webhooks`.
//!
//! In one run, since disks and neighbours differ more between two:
//!
//! - 500 events a second in batches of 10, and `pgbench` inserting one row 50 times a second, in slices that take turns;
//! - 2,000 events a second in batches of 10, with what is left to be routed at the end, and `pgbench` inserting one row as
//!   often as webhooks come, in rounds;
//! - webhooks as large as Meta's largest: 3 MB, 1,000 changes.
//!
//! The gateway is the release build with the settings that it has by itself; PostgreSQL keeps `fsync` and its other
//! defaults. They and the load share the machine's cores. A webhook is due at its time, whatever became of those before it,
//! and its duration counts from then, so that none that waits is left out; the times are drawn at random, as `pgbench` draws
//! those of its rows. Every answer is checked, and so is that every event is in PostgreSQL at the end.
//!
//! `GROUPGATE_BENCH_SECONDS` is how long each of the first two loads lasts (40), `GROUPGATE_BENCH_PROGRAM` which program is
//! measured, and `GROUPGATE_BENCH_JSON` where the figures to reach go as JSON.

#[path = "../common/cpu_time.rs"]
mod cpu_time;
#[expect(dead_code, reason = "other measurements need no disk")]
#[path = "../common/database.rs"]
mod database;
#[allow(dead_code, clippy::expect_used, reason = "tests have their seeds from the environment by it")]
#[path = "../../tests/it/dice.rs"]
mod dice;
#[expect(dead_code, reason = "none of these figures can be missing, and of each something is expected")]
#[path = "../common/figures.rs"]
mod figures;
mod gateway;
mod load;
#[path = "../common/payloads.rs"]
mod payloads;
mod pgbench;
#[path = "../common/process.rs"]
mod process;
#[path = "../common/program.rs"]
mod program;
mod report;
mod schedule;

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use sqlx::PgConnection;
use tokio::time::{Instant, sleep};

use database::Database;
use gateway::Gateway;
use load::{Load, Rate};
use payloads::Payloads;
use pgbench::Pgbench;
use report::{Durations, Report, Slices, Sustained};

const TENANTS: u64 = 20;
const SLICES: u32 = 10;
const USUAL: Rate = Rate { events: 500, batch: 10 };
/// How many rounds of it there are.
const ROUNDS: u32 = 5;
const HIGH: Rate = Rate { events: 2_000, batch: 10 };
const WARM_UP: Duration = Duration::from_secs(3);
/// How many of the largest webhooks are sent, their changes, and what each message is filled with.
const LARGE: (u32, u32, usize) = (10, 1_000, 6_200);
/// How long the router may take behind a load.
const ROUTED_WITHIN: Duration = Duration::from_mins(2);

fn main() -> anyhow::Result<()> {
    let report = actix_web::rt::System::new().block_on(measure())?;
    write!(std::io::stdout().lock(), "{report}")?;
    report.figures().publish()
}

async fn measure() -> anyhow::Result<Report> {
    let duration = seconds()?;
    let database = Database::start().await?;
    let payloads = Payloads::new(database.tenants(TENANTS).await?);
    let pgbench = Pgbench::prepare(&database).await?;
    let gateway = Gateway::start(&database).await?;
    let mut run = Run { load: Load::on(gateway.address), payloads, events: database.superuser().await? };
    run.webhooks(USUAL, WARM_UP).await.context("warming up")?;
    let (mut bare, mut webhooks) = (Slices::default(), Slices::default());
    for _ in 0..SLICES {
        let slice = duration / SLICES;
        bare.0.push(Durations(pgbench.run(USUAL.events / USUAL.batch, slice).await?));
        webhooks.0.push(run.webhooks(USUAL, slice).await.context("500 events a second")?);
    }
    let (mut bare_at_high, mut sustained) = (Slices::default(), Vec::new());
    for _ in 0..ROUNDS {
        let slice = duration / ROUNDS;
        run.wait_until_routed().await?;
        bare_at_high.0.push(Durations(pgbench.run(HIGH.events / HIGH.batch, slice).await?));
        sustained.push(run.sustain(slice, &gateway, &database).await.context("2,000 events a second")?);
    }
    let (large, large_size) = run.send_large().await.context("large webhooks")?;
    run.check_events().await?;
    drop(gateway);
    drop(run);
    database.stop().await?;
    Ok(Report { bare, webhooks, bare_at_high, sustained, large, large_size })
}

/// How long each load lasts.
fn seconds() -> anyhow::Result<Duration> {
    let given = std::env::var("GROUPGATE_BENCH_SECONDS").unwrap_or_else(|_| "40".to_owned());
    let seconds: u64 = given.parse().context("GROUPGATE_BENCH_SECONDS is no number of seconds")?;
    ensure!(seconds >= u64::from(SLICES), "GROUPGATE_BENCH_SECONDS is {SLICES} at least");
    Ok(Duration::from_secs(seconds))
}

/// A load on a gateway, and a look at its events.
struct Run {
    load: Load,
    payloads: Payloads,
    events: PgConnection,
}

impl Run {
    /// How long the answers to webhooks at this rate took.
    async fn webhooks(&mut self, rate: Rate, duration: Duration) -> anyhow::Result<Durations> {
        let prepared = self.load.prepare(&mut self.payloads, rate, duration)?;
        Ok(Durations(self.load.run(prepared).await?))
    }

    async fn sustain(
        &mut self,
        duration: Duration,
        gateway: &Gateway,
        database: &Database,
    ) -> anyhow::Result<Sustained> {
        let prepared = self.load.prepare(&mut self.payloads, HIGH, duration)?;
        let (begun, ours) = (Instant::now(), cpu_time::process_time(gateway.pid())?);
        let theirs = cpu_time::family_time(database.server.pid())?;
        let answers = Durations(self.load.run(prepared).await?);
        let elapsed = begun.elapsed().saturating_sub(load::LEAD);
        Ok(Sustained {
            events: u32::try_from(answers.0.len())? * HIGH.batch,
            answers,
            elapsed,
            gateway_cpu: cpu_time::process_time(gateway.pid())?.saturating_sub(ours),
            postgres_cpu: cpu_time::family_time(database.server.pid())?.saturating_sub(theirs),
            unrouted: self.unrouted().await?,
            routed_after: self.wait_until_routed().await?,
        })
    }

    async fn send_large(&mut self) -> anyhow::Result<(Durations, usize)> {
        let (count, changes, filling) = LARGE;
        let (mut durations, mut size) = (Durations::default(), 0);
        for _ in 0..count {
            let webhook = self.payloads.next(changes, filling);
            size = size.max(webhook.len());
            durations.0.push(self.load.send(webhook).await?);
        }
        Ok((durations, size))
    }

    async fn wait_until_routed(&mut self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        while self.unrouted().await? > 0 {
            ensure!(begun.elapsed() < ROUTED_WITHIN, "events are not routed after {ROUTED_WITHIN:?}");
            sleep(Duration::from_millis(100)).await;
        }
        Ok(begun.elapsed())
    }

    async fn unrouted(&mut self) -> anyhow::Result<i64> {
        let unrouted = sqlx::query_scalar("select count(*) from unrouted_events");
        Ok(unrouted.fetch_one(&mut self.events).await?)
    }

    /// Every event that was answered with 200 is in PostgreSQL.
    async fn check_events(&mut self) -> anyhow::Result<()> {
        let committed: i64 = sqlx::query_scalar("select count(*) from events where field <> 'groupgate'")
            .fetch_one(&mut self.events)
            .await?;
        let sent = self.payloads.events();
        ensure!(u64::try_from(committed)? == sent, "{sent} events were sent, and {committed} are there");
        Ok(())
    }
}
