//! Events before they are anybody's, and where nobody knows yet whose they are.

use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    EventBacklog, EventTraces, NumberActivity, PublishedEvent, ReceivedEvent, StoreError, UniqueCode, UnroutedEvent,
    text::{storable, storable_option},
};

/// Commits a batch without doubles in itself, and returns how many of its events were new.
pub(crate) async fn receive_traced_events(
    pool: &PgPool,
    events: &[&ReceivedEvent<'_>],
    trace: Option<&str>,
) -> Result<u64, StoreError> {
    let column = |field: for<'a> fn(&ReceivedEvent<'a>) -> &'a str| {
        events.iter().map(|event| storable(field(event)).into_owned()).collect::<Vec<_>>()
    };
    let fingerprints: Vec<Vec<u8>> = events.iter().map(|event| event.fingerprint.to_vec()).collect();
    let phone_numbers: Vec<Option<String>> =
        events.iter().map(|event| storable_option(event.phone_number_id)).collect();
    let times: Vec<Option<OffsetDateTime>> = events.iter().map(|event| event.entry_time).collect();
    let new = sqlx::query_scalar!(
        r#"select receive_traced_events($1, $2, $3, $4, $5, $6, $7) as "new!""#,
        &fingerprints,
        &column(|event| event.field),
        &column(|event| event.waba_id),
        &phone_numbers as &[Option<String>],
        &column(|event| event.value),
        &times as &[Option<OffsetDateTime>],
        trace,
    );
    Ok(new.fetch_one(pool).await?.unsigned_abs())
}

pub(crate) async fn keep_malformed(pool: &PgPool, start: &[u8], whole_length: i64) -> Result<(), StoreError> {
    sqlx::query!("select keep_malformed($1, $2)", start, whole_length).execute(pool).await?;
    Ok(())
}

/// Events of numbers that no tenant has, after this ID.
pub(crate) async fn unrouted_events(pool: &PgPool, after: Uuid, limit: i64) -> Result<Vec<UnroutedEvent>, StoreError> {
    let events = sqlx::query_as!(
        UnroutedEvent,
        r#"select id as "id!", field as "field!", nullif(waba_id, '') as waba_id, phone_number_id, value as "value!",
                  received_at as "received_at!"
           from list_unrouted_events($1, $2)"#,
        after,
        limit,
    );
    Ok(events.fetch_all(pool).await?)
}

/// Announces unknown numbers, once a day each. Returns how many.
pub(crate) async fn announce_unknown_numbers(pool: &PgPool) -> Result<u64, StoreError> {
    let announced = sqlx::query_scalar!(r#"select announce_unknown_numbers() as "announced!""#);
    Ok(announced.fetch_one(pool).await?.unsigned_abs())
}

/// A published event, whosever it is.
pub(crate) async fn find_event(pool: &PgPool, id: Uuid) -> Result<Option<PublishedEvent>, StoreError> {
    let event = sqlx::query_as!(
        PublishedEvent,
        r#"select id as "id!", sequence, type as "event_type!", cust_space_id, business_number, phone_number_id,
                  nullif(waba_id, '') as waba_id, group_id, unique_code as "unique_code: UniqueCode", field as "field!",
                  value::text as "value!", coalesce(occurred_at, received_at) as "occurred_at!",
                  received_at as "received_at!"
           from find_event($1)"#,
        id,
    );
    Ok(event.fetch_optional(pool).await?)
}

/// How far the sequences of these tenants have come.
pub(crate) async fn last_sequences(pool: &PgPool, cust_space_ids: &[String]) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = sqlx::query!(
        r#"select cust_space_id as "cust_space_id!", last_sequence as "last_sequence!" from last_sequences($1)"#,
        cust_space_ids,
    );
    Ok(rows.fetch_all(pool).await?.into_iter().map(|row| (row.cust_space_id, row.last_sequence)).collect())
}

/// How far routing is behind, without the numbers.
pub(crate) async fn unrouted_backlog(pool: &PgPool) -> Result<EventBacklog, StoreError> {
    let backlog = sqlx::query!(
        r#"select unrouted as "unrouted!", oldest_received_at, of_unknown as "of_unknown!" from unrouted_backlog()"#
    );
    let backlog = backlog.fetch_one(pool).await?;
    Ok(EventBacklog {
        unrouted: backlog.unrouted,
        oldest_unrouted_at: backlog.oldest_received_at,
        of_unknown_numbers: backlog.of_unknown,
        numbers: Vec::new(),
    })
}

/// When up to `limit` numbers were last heard of.
pub(crate) async fn number_activity(pool: &PgPool, limit: i64) -> Result<Vec<NumberActivity>, StoreError> {
    let numbers = sqlx::query_as!(
        NumberActivity,
        r#"select cust_space_id as "cust_space_id!", phone_number_id as "phone_number_id!",
                  last_group_event_at as "last_group_event_at!"
           from number_activity($1)"#,
        limit,
    );
    Ok(numbers.fetch_all(pool).await?)
}

/// The traces of those of these events that have any.
pub(crate) async fn traces_of_events(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<(Uuid, EventTraces)>, StoreError> {
    let rows = sqlx::query!(r#"select event_id as "event_id!", of_webhook, of_call from traces_of_events($1)"#, ids);
    let rows = rows.fetch_all(pool).await?.into_iter();
    Ok(rows.map(|row| (row.event_id, EventTraces { of_webhook: row.of_webhook, of_call: row.of_call })).collect())
}
