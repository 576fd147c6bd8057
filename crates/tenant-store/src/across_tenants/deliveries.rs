//! Deliveries of all endpoints: claims, how tries ended, and what waits.

use std::time::Duration;

use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::interval;
use crate::{
    DeliveryBacklog, DeliveryId, EndpointId, PublishedEvent, ReplayOnly, StoreError, TestSent, TriesRecorded, Try,
    UniqueCode, endpoints::SealedSecrets, sealing::WrappedKey,
};

/// A delivery that was just claimed.
pub(crate) struct ClaimedRow {
    pub(crate) delivery_id: Uuid,
    pub(crate) claim: Uuid,
    pub(crate) endpoint_id: EndpointId,
    pub(crate) attempts: i16,
    pub(crate) enqueued_at: OffsetDateTime,
    pub(crate) event: PublishedEvent,
}

/// Where claimed deliveries go, the secrets still sealed.
pub(crate) struct SealedEndpoint {
    pub(crate) endpoint_id: EndpointId,
    pub(crate) cust_space_id: String,
    pub(crate) url: String,
    pub(crate) secrets: SealedSecrets,
}

/// How a try ended, as `record_tries` reads it.
#[derive(Serialize)]
pub(crate) struct RecordedEnd<'a> {
    pub(crate) delivery_id: Uuid,
    pub(crate) claim: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) at: OffsetDateTime,
    pub(crate) next: &'static str,
    pub(crate) after_ms: u64,
    pub(crate) reason: Option<&'a str>,
    pub(crate) r#try: Try,
}

/// Among which events to look for those to replay: of one tenant by sequence, or of all by time; behind `after`, which is
/// the last that was looked at.
pub(crate) struct ReplayWindow<'a> {
    pub(crate) tenant: Option<&'a str>,
    pub(crate) sequences: (i64, i64),
    pub(crate) times: (OffsetDateTime, OffsetDateTime),
    pub(crate) begun: OffsetDateTime,
    pub(crate) after: Uuid,
}

/// What a look at some events of a window found.
pub(crate) struct Replayable {
    /// The events to replay.
    pub(crate) wanted: Vec<Uuid>,
    /// What was looked at last: an event, or a delivery where failures are looked for. `None` where nothing is left.
    pub(crate) last: Option<Uuid>,
    /// Its sequence, where events are looked at by that.
    pub(crate) last_sequence: Option<i64>,
}

pub(crate) async fn claim_deliveries(
    pool: &PgPool,
    limit: i64,
    lease: Duration,
    owner: i64,
) -> Result<Vec<ClaimedRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select delivery_id as "delivery_id!", claim as "claim!", endpoint_id as "endpoint_id!: EndpointId",
                  attempts as "attempts!", enqueued_at as "enqueued_at!", id as "id!", sequence, type as "event_type!",
                  cust_space_id, business_number, phone_number_id, waba_id, group_id,
                  unique_code as "unique_code: UniqueCode", field as "field!", value as "value!",
                  occurred_at as "occurred_at!", received_at as "received_at!"
           from claim_deliveries($1, $2, $3)"#,
        limit,
        interval(lease),
        owner,
    );
    let claimed = rows.fetch_all(pool).await?.into_iter().map(|row| ClaimedRow {
        delivery_id: row.delivery_id,
        claim: row.claim,
        endpoint_id: row.endpoint_id,
        attempts: row.attempts,
        enqueued_at: row.enqueued_at,
        event: PublishedEvent {
            id: row.id,
            sequence: row.sequence,
            event_type: row.event_type,
            cust_space_id: row.cust_space_id,
            business_number: row.business_number,
            phone_number_id: row.phone_number_id,
            waba_id: row.waba_id,
            group_id: row.group_id,
            unique_code: row.unique_code,
            field: row.field,
            value: row.value,
            occurred_at: row.occurred_at,
            received_at: row.received_at,
        },
    });
    Ok(claimed.collect())
}

/// The endpoints of these IDs that there are.
pub(crate) async fn claimed_endpoints(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<SealedEndpoint>, StoreError> {
    let rows = sqlx::query!(
        r#"select endpoint_id as "endpoint_id!: EndpointId", cust_space_id as "cust_space_id!", url as "url!",
                  sealed_secret as "sealed_secret!", key_version as "version!", master_key_id as "master_key_id!",
                  wrapped_key as "wrapped_key!",
                  previous_secret, previous_key_version, previous_master_key_id, previous_wrapped_key
           from claimed_endpoints($1)"#,
        ids,
    );
    let endpoints = rows.fetch_all(pool).await?.into_iter().map(|row| {
        let previous_key = row
            .previous_key_version
            .zip(row.previous_master_key_id)
            .zip(row.previous_wrapped_key)
            .map(|((version, master_key_id), bytes)| WrappedKey { version, master_key_id, bytes });
        SealedEndpoint {
            endpoint_id: row.endpoint_id,
            cust_space_id: row.cust_space_id,
            url: row.url,
            secrets: SealedSecrets {
                current: row.sealed_secret,
                key: WrappedKey { version: row.version, master_key_id: row.master_key_id, bytes: row.wrapped_key },
                previous: row.previous_secret.zip(previous_key),
            },
        }
    });
    Ok(endpoints.collect())
}

pub(crate) async fn record_tries(
    pool: &PgPool,
    ends: &[RecordedEnd<'_>],
    is_to_wait: bool,
) -> Result<TriesRecorded, StoreError> {
    let ends = serde_json::to_string(ends).map_err(|error| StoreError::Internal(error.to_string()))?;
    let row = sqlx::query!(
        r#"select done as "done!", again as "again!", dead as "dead!", lost as "lost!",
                  disabled as "disabled!: Vec<EndpointId>", put_off as "put_off!"
           from record_tries($1::text::json, $2)"#,
        ends,
        is_to_wait,
    );
    let row = row.fetch_one(pool).await?;
    Ok(TriesRecorded {
        done: row.done.unsigned_abs(),
        again: row.again.unsigned_abs(),
        dead: row.dead.unsigned_abs(),
        lost: row.lost.unsigned_abs(),
        disabled: row.disabled,
        put_off: row.put_off,
    })
}

/// Gives claims back, to be due again after `pause`. Returns how many were held still.
pub(crate) async fn release_claims(
    pool: &PgPool,
    deliveries: &[Uuid],
    claims: &[Uuid],
    pause: Duration,
) -> Result<u64, StoreError> {
    let released = sqlx::query_scalar!(
        r#"select release_claims($1, $2, $3) as "released!""#,
        deliveries,
        claims,
        interval(pause),
    );
    Ok(released.fetch_one(pool).await?.unsigned_abs())
}

/// Lets nothing be claimed for these endpoints for as long as `pause`.
pub(crate) async fn pause_endpoints(pool: &PgPool, ids: &[Uuid], pause: Duration) -> Result<(), StoreError> {
    sqlx::query!("select pause_endpoints($1, $2)", ids, interval(pause)).execute(pool).await?;
    Ok(())
}

/// Gives back claims whose lease is over or whose owner lives no more; `caller` lives. Returns how many.
pub(crate) async fn release_dead_claims(pool: &PgPool, caller: i64) -> Result<u64, StoreError> {
    let released = sqlx::query_scalar!(r#"select release_dead_claims($1) as "released!""#, caller);
    Ok(released.fetch_one(pool).await?.unsigned_abs())
}

/// Ends up to `limit` deliveries that are open for endpoints which were disabled. Returns how many.
pub(crate) async fn end_stopped_deliveries(pool: &PgPool, limit: i64) -> Result<u64, StoreError> {
    let ended = sqlx::query_scalar!(r#"select end_stopped_deliveries($1) as "ended!""#, limit);
    Ok(ended.fetch_one(pool).await?.unsigned_abs())
}

pub(crate) async fn delivery_backlog(pool: &PgPool) -> Result<DeliveryBacklog, StoreError> {
    let backlog = sqlx::query_as!(
        DeliveryBacklog,
        r#"select open as "open!", in_flight as "in_flight!", oldest_enqueued_at,
                  endpoints_disabled as "endpoints_disabled!"
           from delivery_backlog()"#,
    );
    Ok(backlog.fetch_one(pool).await?)
}

/// Disables an endpoint of this transaction's space; `false` where it has none that is enabled.
pub(crate) async fn disable_endpoint(
    transaction: &mut PgConnection,
    id: EndpointId,
    reason: &str,
) -> Result<bool, StoreError> {
    let disabled = sqlx::query_scalar!(r#"select disable_endpoint($1, $2) as "disabled!""#, id.0, reason);
    Ok(disabled.fetch_one(transaction).await?)
}

/// Enables an endpoint of this transaction's space; `false` where it has none that is disabled.
pub(crate) async fn enable_endpoint(transaction: &mut PgConnection, id: EndpointId) -> Result<bool, StoreError> {
    let enabled = sqlx::query_scalar!(r#"select enable_endpoint($1) as "enabled!""#, id.0);
    Ok(enabled.fetch_one(transaction).await?)
}

/// Removes up to `limit` of what is open for an endpoint of this transaction's space, and then the endpoint. Says whether
/// it is gone; `None` where there is none of this ID.
pub(crate) async fn remove_endpoint(
    transaction: &mut PgConnection,
    id: EndpointId,
    limit: i64,
) -> Result<Option<bool>, StoreError> {
    let removed = sqlx::query_scalar!("select remove_endpoint($1, $2)", id.0, limit);
    Ok(removed.fetch_one(transaction).await?)
}

/// Sends a test to an endpoint of this transaction's space; `None` where it has none of this ID.
pub(crate) async fn send_test(transaction: &mut PgConnection, id: EndpointId) -> Result<Option<TestSent>, StoreError> {
    let sent = sqlx::query_as!(
        TestSent,
        r#"select event_id as "event_id!", delivery_id as "delivery_id!: DeliveryId" from send_test($1)"#,
        id.0,
    );
    Ok(sent.fetch_optional(transaction).await?)
}

/// Looks at up to `limit` events of a window, for those that an endpoint of this transaction's space is to get again: all,
/// or the missed ones alone.
pub(crate) async fn replayable_events(
    transaction: &mut PgConnection,
    id: EndpointId,
    window: &ReplayWindow<'_>,
    only: ReplayOnly,
    limit: i64,
) -> Result<Replayable, StoreError> {
    let found = sqlx::query_as!(
        Replayable,
        r#"select wanted as "wanted!", last_id as last, last_sequence
           from replayable_events($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
        id.0,
        window.tenant,
        window.sequences.0,
        window.sequences.1,
        window.times.0,
        window.times.1,
        window.after,
        only.as_str(),
        limit,
    );
    Ok(found.fetch_one(transaction).await?)
}

/// Looks at up to `limit` dead deliveries to an endpoint of this transaction's space, for events of a window of which they
/// are the last.
pub(crate) async fn replayable_failures(
    transaction: &mut PgConnection,
    id: EndpointId,
    window: &ReplayWindow<'_>,
    limit: i64,
) -> Result<Replayable, StoreError> {
    let found = sqlx::query_as!(
        Replayable,
        r#"select wanted as "wanted!", last_id as last, null::bigint as last_sequence
           from replayable_failures($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
        id.0,
        window.tenant,
        window.sequences.0,
        window.sequences.1,
        window.times.0,
        window.times.1,
        window.begun,
        window.after,
        limit,
    );
    Ok(found.fetch_one(transaction).await?)
}

/// Opens deliveries of events to an endpoint of this transaction's space. Returns how many; `None` where it has no such
/// endpoint that is enabled.
pub(crate) async fn replay_deliveries(
    transaction: &mut PgConnection,
    id: EndpointId,
    events: &[Uuid],
) -> Result<Option<u64>, StoreError> {
    let opened = sqlx::query_scalar!("select replay_deliveries($1, $2)", id.0, events);
    Ok(opened.fetch_one(transaction).await?.map(i64::unsigned_abs))
}

/// Erases what was delivered of this transaction's tenant. Returns how much that was.
pub(crate) async fn erase_ended_deliveries(transaction: &mut PgConnection) -> Result<i64, StoreError> {
    let erased = sqlx::query_scalar!(r#"select erase_ended_deliveries() as "erased!""#);
    Ok(erased.fetch_one(transaction).await?)
}

/// Erases the endpoints of this transaction's tenant, and what is open of its deliveries. Returns how many there were of
/// each.
pub(crate) async fn erase_deliveries(transaction: &mut PgConnection) -> Result<(i64, i64), StoreError> {
    let erased =
        sqlx::query!(r#"select endpoint_rows as "endpoints!", delivery_rows as "deliveries!" from erase_deliveries()"#);
    let erased = erased.fetch_one(transaction).await?;
    Ok((erased.endpoints, erased.deliveries))
}
