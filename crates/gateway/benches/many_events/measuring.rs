//! What is done with the tables while they are small, and again while they are full.

use std::time::{Duration, Instant};

use anyhow::ensure;
use graph_client::webhooks;
use sqlx::PgConnection;
use tenant_store::{AfterTry, ClaimedDelivery, InboxEvent, ReceivedEvent, Routing, Store, TriedDelivery};
use time::OffsetDateTime;

use super::database::Tenant;
use super::payloads::Payloads;

/// Events in a batch, as Meta sends them.
const BATCH: u32 = 10;
/// How many events are pulled, and how many are routed and claimed at once.
const PAGE: i64 = 100;
const ROUND: i64 = 200;
const CLAIM: i64 = 128;
const LEASE: Duration = Duration::from_mins(1);

/// How long each of them took.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) received: Vec<Duration>,
    pub(super) routed: Vec<Duration>,
    pub(super) events_routed: u64,
    pub(super) pulled_newest: Vec<Duration>,
    pub(super) pulled_oldest: Vec<Duration>,
    pub(super) claimed: Vec<Duration>,
    pub(super) recorded: Vec<Duration>,
    pub(super) deliveries: u64,
}

/// Takes so many webhooks, routes their events, pulls, and delivers to nowhere.
pub(super) async fn measure(
    store: &Store,
    tenants: &[Tenant],
    payloads: &mut Payloads,
    webhooks: usize,
) -> anyhow::Result<Figures> {
    let (mut figures, before) = (Figures::default(), payloads.events());
    for _ in 0..webhooks {
        figures.received.push(receive(store, payloads).await?);
    }
    route_all(store, &mut figures).await?;
    for tenant in tenants {
        pull(store, tenant, &mut figures).await?;
    }
    deliver_all(store, &mut figures).await?;
    let expected = payloads.events() - before;
    ensure!(figures.events_routed == expected, "{expected} events came, {} were routed", figures.events_routed);
    Ok(figures)
}

/// Commits one webhook's events, and says how long PostgreSQL took.
pub(super) async fn receive(store: &Store, payloads: &mut Payloads) -> anyhow::Result<Duration> {
    let changes = webhooks::parse(&payloads.next(BATCH, 0))?;
    let events: Vec<ReceivedEvent<'_>> = changes.iter().map(received).collect();
    let begun = Instant::now();
    let received = store.receive_events(&events).await?;
    ensure!(received.new == u64::from(BATCH), "not all events were new");
    Ok(begun.elapsed())
}

fn received(change: &webhooks::Change) -> ReceivedEvent<'_> {
    ReceivedEvent {
        fingerprint: change.fingerprint,
        field: &change.field,
        waba_id: change.waba_id.as_deref().unwrap_or_default(),
        phone_number_id: change.phone_number_id.as_deref(),
        value: change.value.get(),
        entry_time: None,
    }
}

async fn route_all(store: &Store, figures: &mut Figures) -> anyhow::Result<()> {
    loop {
        let begun = Instant::now();
        let done = store.route_events(ROUND, routing).await?;
        if !done.found_any() {
            return Ok(());
        }
        figures.routed.push(begun.elapsed());
        figures.events_routed += done.routed;
    }
}

/// All of them are messages, each of one of fifty groups.
fn routing(event: &InboxEvent) -> Routing {
    let group_id = Some(format!("group-{}", event.id.as_u128() % 50));
    Routing { event_type: "message.received".to_owned(), group_id, ..Routing::default() }
}

async fn pull(store: &Store, tenant: &Tenant, figures: &mut Figures) -> anyhow::Result<()> {
    let space = store.space(&tenant.cust_space_id);
    let begun = Instant::now();
    let oldest = space.events_after(None, PAGE).await?;
    figures.pulled_oldest.push(begun.elapsed());
    let begun = Instant::now();
    let newest = space.events_after(Some(oldest.last - PAGE), PAGE).await?;
    figures.pulled_newest.push(begun.elapsed());
    ensure!(
        newest.events.last().and_then(|event| event.sequence).unwrap_or_default() == oldest.last,
        "the newest event is missing"
    );
    Ok(())
}

async fn deliver_all(store: &Store, figures: &mut Figures) -> anyhow::Result<()> {
    loop {
        let begun = Instant::now();
        let claimed = store.claim_deliveries(CLAIM, LEASE).await?;
        if claimed.is_empty() {
            return Ok(());
        }
        figures.claimed.push(begun.elapsed());
        let tried: Vec<TriedDelivery> = claimed.iter().map(done).collect();
        let begun = Instant::now();
        figures.deliveries += store.record_tries(&tried).await?.done;
        figures.recorded.push(begun.elapsed());
    }
}

fn done(claimed: &ClaimedDelivery) -> TriedDelivery {
    TriedDelivery {
        delivery_id: claimed.delivery_id,
        claim: claimed.claim,
        at: OffsetDateTime::now_utc(),
        duration: Duration::from_millis(1),
        status: Some(200),
        error: None,
        answer: String::new(),
        next: AfterTry::Done,
    }
}

/// Rows that a table holds and rows that vacuum has still to take away, as PostgreSQL counts them.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) live: i64,
    pub(super) dead: i64,
    pub(super) vacuums: i64,
    pub(super) bytes: i64,
}

/// The tables whose rows change: the hot ones, and today's.
pub(super) async fn changing_tables(database: &mut PgConnection) -> anyhow::Result<Vec<Table>> {
    let tables = "select relname::text as name, n_live_tup as live, n_dead_tup as dead, autovacuum_count as vacuums,
                         pg_total_relation_size(relid) as bytes
                  from pg_stat_user_tables
                  where relname in ('open_deliveries', 'unrouted_events', 'event_counters', 'number_events',
                                    'events_' || to_char(now() at time zone 'UTC', 'YYYYMMDD'))
                  order by 1";
    Ok(sqlx::query_as(tables).fetch_all(database).await?)
}
