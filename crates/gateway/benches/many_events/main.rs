//! Whether the tables stay fast when they are full: `cargo bench --bench many_events`.
//!
//! The same is done and timed on small tables and on full ones: webhooks are committed, their events routed, pulled, and
//! delivered to endpoints (claimed and recorded, without HTTP). Then the oldest day is dropped while webhooks come, and
//! PostgreSQL says what vacuum has left of the load. PostgreSQL is one of its own, with `fsync` and its default settings.
//!
//! - `GROUPGATE_BENCH_EVENTS` is how many events lie there, over thirty days (300,000; 10,000,000 take 10 GB).
//! - `GROUPGATE_BENCH_WEBHOOKS` is how many webhooks of 10 events come each time (300).

#[expect(dead_code, reason = "other measurements need no disk")]
#[path = "../common/database.rs"]
mod database;
mod filling;
mod measuring;
#[path = "../common/payloads.rs"]
mod payloads;
mod report;

use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tenant_store::{Actor, NewEndpoint, Store};
use tokio::time::sleep;

use database::{Database, Tenant};
use payloads::Payloads;
use report::Report;

const TENANTS: u32 = 200;
/// Autovacuum looks once a minute.
const VACUUM: Duration = Duration::from_secs(75);

fn main() -> anyhow::Result<()> {
    let report = actix_web::rt::System::new().block_on(run())?;
    write!(std::io::stdout().lock(), "{report}")?;
    Ok(())
}

async fn run() -> anyhow::Result<Report> {
    let (events, webhooks) = (number("GROUPGATE_BENCH_EVENTS", 300_000)?, number("GROUPGATE_BENCH_WEBHOOKS", 300)?);
    let (total, webhooks) = (i64::from(events), usize::try_from(webhooks)?);
    let database = Database::start().await?;
    let tenants = database.tenants(TENANTS.into()).await?;
    let store = database.store().await?;
    add_endpoints(&store, &tenants).await?;
    let mut payloads = Payloads::new(tenants.clone());
    let small = measuring::measure(&store, &tenants, &mut payloads, webhooks).await.context("small tables")?;
    let mut superuser = database.superuser().await?;
    let begun = Instant::now();
    filling::fill(&mut superuser, total, TENANTS.into()).await.context("filling")?;
    let filled_in = begun.elapsed();
    let bytes = sqlx::query_scalar("select pg_database_size(current_database())").fetch_one(&mut superuser).await?;
    let full = measuring::measure(&store, &tenants, &mut payloads, webhooks).await.context("full tables")?;
    let (dropped_in, received_meanwhile) = drop_a_day(&store, &mut payloads).await.context("dropping a day")?;
    sleep(VACUUM).await;
    let tables = measuring::changing_tables(&mut superuser).await?;
    store.close().await;
    drop(superuser);
    database.stop().await?;
    Ok(Report { events: total, filled_in, bytes, small, full, dropped_in, received_meanwhile, tables })
}

fn number(variable: &str, usual: u32) -> anyhow::Result<u32> {
    match std::env::var(variable) {
        Ok(text) => text.parse().with_context(|| format!("{variable} is no number")),
        Err(_) => Ok(usual),
    }
}

async fn add_endpoints(store: &Store, tenants: &[Tenant]) -> anyhow::Result<()> {
    let actor = Actor { name: "benchmark".to_owned(), address: None, request_id: None };
    let new = NewEndpoint { url: "https://consumer.example/hook".to_owned(), ..NewEndpoint::default() };
    for tenant in tenants {
        store.space(&tenant.cust_space_id).create_endpoint(&new, &actor).await?;
    }
    Ok(())
}

/// Drops the day that is older than the others, while webhooks come.
async fn drop_a_day(store: &Store, payloads: &mut Payloads) -> anyhow::Result<(Duration, Vec<Duration>)> {
    let days = u64::try_from(filling::DAYS)? - 1;
    let dropping = async {
        let begun = Instant::now();
        let done = store.keep_partitions(Duration::from_hours(24 * days)).await?;
        ensure!(done.dropped > 0, "no day was dropped: {done:?}");
        anyhow::Ok(begun.elapsed())
    };
    let receiving = async {
        let mut durations = Vec::new();
        for _ in 0..100 {
            durations.push(measuring::receive(store, payloads).await?);
        }
        Ok(durations)
    };
    tokio::try_join!(dropping, receiving)
}
