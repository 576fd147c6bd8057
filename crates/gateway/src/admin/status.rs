//! How the gateways are: which run, what waits, what is left of the budgets, and which master keys are in use.

use std::collections::BTreeMap;

use serde::Serialize;
use tenant_store::{DeliveryBacklog, EventBacklog, Rate, Replica, SchemaState};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::view::View;
use super::{AdminContext, AdminError};
use crate::tenants::Number;
use crate::upstream::QuotaStanding;

/// How the gateways are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Status)]
pub struct StatusView {
    /// What runs, and on what.
    pub versions: VersionsView,
    /// The gateways that were heard of within the last minute.
    pub replicas: Vec<ReplicaView>,
    /// What waits in PostgreSQL, for all replicas alike.
    pub queues: QueuesView,
    /// The Meta app's quota, which all calls share, as this replica knows it.
    pub app: QuotaView,
    /// What is left of the calls to Meta, for the WABAs whose tenants this replica has in memory.
    pub budgets: Vec<BudgetView>,
    /// The IDs of the master keys under which something is sealed.
    #[schema(example = json!(["k1"]))]
    pub master_key_ids: Vec<String>,
}

/// What runs, and on what.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Versions)]
pub struct VersionsView {
    /// The version of the gateway that answers.
    #[schema(example = "0.1.0")]
    pub gateway: &'static str,
    /// How the database's schema stands to it: `current`, `older`, `newer` or `absent`.
    #[schema(example = "current")]
    pub schema: &'static str,
}

/// A gateway that runs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Replica)]
pub struct ReplicaView {
    /// Its version.
    #[schema(example = "0.1.0")]
    pub version: String,
    /// The IDs of the master keys that it has; the first one seals.
    #[schema(example = json!(["k1"]))]
    pub master_key_ids: Vec<String>,
    /// When it started.
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
    /// When it was heard of last; each tells every ten seconds.
    #[serde(with = "time::serde::rfc3339")]
    pub seen_at: OffsetDateTime,
    /// Whether it is the one that answers.
    pub is_this: bool,
}

/// What waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Queues)]
pub struct QueuesView {
    /// Events of known tenants that are committed and not yet published.
    pub events_unrouted: i64,
    /// When the oldest of them was received.
    #[serde(with = "time::serde::rfc3339::option")]
    pub oldest_unrouted_at: Option<OffsetDateTime>,
    /// Events of numbers that no tenant has.
    pub events_of_unknown_numbers: i64,
    /// Deliveries that are neither done nor dead.
    pub deliveries_open: i64,
    /// Those of them that are being tried.
    pub deliveries_in_flight: i64,
    /// When the oldest of them was queued.
    #[serde(with = "time::serde::rfc3339::option")]
    pub oldest_delivery_at: Option<OffsetDateTime>,
    /// Endpoints that get nothing.
    pub endpoints_disabled: i64,
}

/// How a quota of Meta's is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Quota)]
pub struct QuotaView {
    /// How much of it is used, in percent, by Meta's last word; 0 where Meta has said nothing for an hour.
    #[schema(example = 28)]
    pub used_percent: u8,
    /// Until when nothing is sent, since Meta said so or has just refused; `null` where calls go through.
    #[serde(with = "time::serde::rfc3339::option")]
    pub not_before: Option<OffsetDateTime>,
}

/// What is left of the calls to Meta for a WhatsApp Business Account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Budget)]
pub struct BudgetView {
    /// The account.
    #[schema(example = "200000000000001")]
    pub waba_id: String,
    /// Its quota at Meta.
    pub quota: QuotaView,
    /// Its numbers, each with a limit of its own.
    pub numbers: Vec<NumberBudgetView>,
}

/// What is left of the calls to Meta for a number.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NumberBudget)]
pub struct NumberBudgetView {
    /// The number, by Meta's ID.
    #[schema(example = "100000000000001")]
    pub phone_number_id: String,
    /// Its limit; `null` where there is none.
    #[schema(value_type = Option<String>, example = "10/s;burst=20")]
    pub per_number: Option<Rate>,
    /// How many calls get through now.
    #[schema(example = 20)]
    pub remaining: Option<u32>,
    /// Until when its changes are not sent, since Meta refused the number's or its token's; `null` where they are.
    #[serde(with = "time::serde::rfc3339::option")]
    pub not_before: Option<OffsetDateTime>,
}

impl View for StatusView {}

/// How the gateways are now.
///
/// # Errors
/// [`AdminError::Store`]
pub async fn get(ctx: &AdminContext) -> Result<StatusView, AdminError> {
    let store = ctx.store();
    let versions = VersionsView { gateway: env!("CARGO_PKG_VERSION"), schema: named(store.schema_state().await?) };
    let replicas = store.replicas().await?.into_iter().map(ReplicaView::from).collect();
    let queues = queues(&store.event_backlog().await?, &store.delivery_backlog().await?);
    let keys = store.master_keys_in_use().await?.into_iter().filter(|key| key.data_keys > 0);
    let master_key_ids = keys.map(|key| key.id).collect();
    let app = QuotaView::from(ctx.services.upstream.budget().app());
    Ok(StatusView { versions, replicas, queues, app, budgets: budgets(ctx), master_key_ids })
}

fn named(schema: SchemaState) -> &'static str {
    match schema {
        SchemaState::Current => "current",
        SchemaState::Older { .. } => "older",
        SchemaState::Newer { .. } => "newer",
        SchemaState::Absent => "absent",
    }
}

fn queues(events: &EventBacklog, deliveries: &DeliveryBacklog) -> QueuesView {
    QueuesView {
        events_unrouted: events.unrouted,
        oldest_unrouted_at: events.oldest_unrouted_at,
        events_of_unknown_numbers: events.of_unknown_numbers,
        deliveries_open: deliveries.open,
        deliveries_in_flight: deliveries.in_flight,
        oldest_delivery_at: deliveries.oldest_enqueued_at,
        endpoints_disabled: deliveries.endpoints_disabled,
    }
}

fn budgets(ctx: &AdminContext) -> Vec<BudgetView> {
    let mut accounts: BTreeMap<String, BudgetView> = BTreeMap::new();
    for tenant in ctx.services.resolver.in_memory() {
        for number in &tenant.numbers {
            let waba_id = number.record.waba_id.clone();
            let account = accounts.entry(waba_id.clone()).or_insert_with(|| BudgetView {
                waba_id,
                quota: number.account().waba().into(),
                numbers: Vec::new(),
            });
            account.numbers.push(number_budget(number));
        }
    }
    accounts.into_values().collect()
}

fn number_budget(number: &Number) -> NumberBudgetView {
    let rate = number.allowance.limit(None).rate;
    NumberBudgetView {
        phone_number_id: number.record.phone_number_id.clone(),
        per_number: Some(rate).filter(|rate| *rate != Rate::Off),
        remaining: number.allowance.look(None).map(|left| left.remaining),
        not_before: QuotaView::from(number.account().number()).not_before,
    }
}

impl From<QuotaStanding> for QuotaView {
    fn from(QuotaStanding { level, held_for }: QuotaStanding) -> Self {
        Self { used_percent: level, not_before: held_for.map(|wait| OffsetDateTime::now_utc() + wait) }
    }
}

impl From<Replica> for ReplicaView {
    fn from(replica: Replica) -> Self {
        let Replica { version, master_key_ids, started_at, seen_at, is_this } = replica;
        Self { version, master_key_ids, started_at, seen_at, is_this }
    }
}
