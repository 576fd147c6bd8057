//! Routing of events, of whomever they are.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{InboxEvent, StoreError, UniqueCode, text::storable};

/// An event of a tenant that the calling transaction holds.
pub(crate) struct QueuedEvent {
    /// Its place in the order of arrival.
    pub(crate) position: i64,
    pub(crate) event: InboxEvent,
    /// Whether it was applied before, and is only to be published.
    pub(crate) is_applied: bool,
    /// The change that it was found to have ended since.
    pub(crate) unique_code: Option<UniqueCode>,
}

/// Events that are published: what the router read in each, in parallel columns.
#[derive(Default)]
pub(crate) struct Published {
    pub(crate) cust_space_ids: Vec<String>,
    pub(crate) positions: Vec<i64>,
    pub(crate) ids: Vec<Uuid>,
    pub(crate) types: Vec<String>,
    pub(crate) group_ids: Vec<Option<String>>,
    pub(crate) times: Vec<Option<OffsetDateTime>>,
    pub(crate) failures: Vec<bool>,
}

/// Takes up to `limit` tenants after `place`, in the order of their IDs, that have events to route and that no other
/// replica routes now: they are this transaction's until it ends.
pub(crate) async fn claim_tenants(
    transaction: &mut PgConnection,
    place: &str,
    limit: usize,
) -> Result<Vec<String>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let tenants = sqlx::query_scalar!(r#"select claim_tenants($1, $2) as "cust_space_id!""#, place, limit);
    Ok(tenants.fetch_all(transaction).await?)
}

/// Up to `share` unrouted events of each of these tenants, in the order of arrival.
pub(crate) async fn claim_events(
    transaction: &mut PgConnection,
    cust_space_ids: &[String],
    share: i64,
) -> Result<Vec<QueuedEvent>, StoreError> {
    let rows = sqlx::query!(
        r#"select id as "id!", place as "place!", cust_space_id as "cust_space_id!", field as "field!",
                  waba_id as "waba_id!", phone_number_id, value as "value!", entry_time, received_at as "received_at!",
                  is_applied as "is_applied!", unique_code as "unique_code: UniqueCode"
           from claim_events($1, $2)"#,
        cust_space_ids,
        share,
    );
    let queued = rows.fetch_all(transaction).await?.into_iter().map(|row| QueuedEvent {
        position: row.place,
        event: InboxEvent {
            id: row.id,
            cust_space_id: row.cust_space_id,
            field: row.field,
            waba_id: row.waba_id,
            phone_number_id: row.phone_number_id,
            value: row.value,
            entry_time: row.entry_time,
            received_at: row.received_at,
        },
        is_applied: row.is_applied,
        unique_code: row.unique_code,
    });
    Ok(queued.collect())
}

/// Publishes events of tenants that this transaction has claimed. Returns for each how long it took since it was received.
pub(crate) async fn publish_events(
    transaction: &mut PgConnection,
    published: &Published,
) -> Result<Vec<Duration>, StoreError> {
    let lags = sqlx::query_scalar!(
        "select publish_events($1, $2, $3, $4, $5, $6, $7)",
        &published.cust_space_ids,
        &published.positions,
        &published.ids,
        &published.types,
        &published.group_ids as &[Option<String>],
        &published.times as &[Option<OffsetDateTime>],
        &published.failures,
    );
    let lags = lags.fetch_one(transaction).await?.unwrap_or_default();
    Ok(lags.into_iter().map(|seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default()).collect())
}

/// Gives the tenant of this transaction the events that came for its number before it was known.
pub(crate) async fn adopt_events(transaction: &mut PgConnection, phone_number_id: &str) -> Result<(), StoreError> {
    sqlx::query!("select adopt_events($1)", &storable(phone_number_id)).fetch_one(transaction).await?;
    Ok(())
}

/// Gives events that have no tenant to the tenant that their number or account now has. Returns how many.
pub(crate) async fn adopt_strays(pool: &PgPool) -> Result<u64, StoreError> {
    let adopted = sqlx::query_scalar!(r#"select adopt_strays() as "adopted!""#).fetch_one(pool).await?;
    Ok(adopted.unsigned_abs())
}
