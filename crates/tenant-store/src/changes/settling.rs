//! How a change and the event that ends it find each other, whichever of the two is recorded first.
//!
//! Whoever may join them first takes advisory locks on all that could join them: the request ID, the group, and for
//! a create the number and subject. Then it looks for the other side. Of two that come at once, the second waits for
//! the first's commit, and so sees it; no match is lost. All of a transaction's locks are taken in one statement, in
//! one order, before any row is locked, so that nobody waits in a circle.

use std::time::Duration;

use serde_json::Value;
use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Change, ChangeStatus, Outcome, UniqueCode, settings};
use crate::{
    ChangeOutcome, GroupLifecycle, GroupUpdate, InboxEvent, StoreError, groups,
    text::{json_text, request_key, storable, storable_option},
};

/// The names of the locks for a change.
pub(crate) fn keys_of(cust_space_id: &str, change: &Change, request_id: Option<&str>) -> Vec<String> {
    let subject = change.subject.as_deref().filter(|_| change.group_id.is_none());
    keys(cust_space_id, &change.phone_number_id, request_id, change.group_id.as_deref(), subject)
}

/// The names of the locks for an event that tells an outcome.
pub(crate) fn keys_of_event(event: &InboxEvent, told: &ChangeOutcome) -> Vec<String> {
    let phone_number_id = event.phone_number_id.as_deref().unwrap_or_default();
    let (request_id, group_id, subject) = (&told.request_id, &told.group_id, &told.subject);
    keys(&event.cust_space_id, phone_number_id, request_id.as_deref(), group_id.as_deref(), subject.as_deref())
}

fn keys(
    cust_space_id: &str,
    phone_number_id: &str,
    request_id: Option<&str>,
    group_id: Option<&str>,
    subject: Option<&str>,
) -> Vec<String> {
    // As JSON: no two lists of parts read alike.
    let key = |kind: &str, id: &str| serde_json::json!([cust_space_id, kind, storable(id)]).to_string();
    let request = request_id.map(|id| key("request", &request_key(id)));
    let group = group_id.map(|id| key("group", id));
    let create = subject.map(|subject| {
        serde_json::json!([cust_space_id, "create", storable(phone_number_id), storable(subject)]).to_string()
    });
    [request, group, create].into_iter().flatten().collect()
}

/// Takes the locks until the transaction ends. A transaction calls this once, before it locks rows.
pub(crate) async fn lock(transaction: &mut PgConnection, keys: Vec<String>) -> Result<(), StoreError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(key)
         from (select distinct hashtextextended(name, 0) as key from unnest($1::text[]) as name order by 1) as keys",
        &keys,
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// Settles an open change from the oldest event of the inbox that is meant for it; says whether one was.
pub(crate) async fn settle_from_inbox(
    transaction: &mut PgConnection,
    cust_space_id: &str,
    change: &Change,
) -> Result<bool, StoreError> {
    if change.status.is_definite() {
        return Ok(false);
    }
    let found = match &change.request_id {
        Some(request_id) => unmatched_by_request(transaction, cust_space_id, change, request_id).await?,
        // An event that others may have caused is not kept with the users whom it names.
        None if change.operation == "AddChatGroupParticipants" => None,
        None => unmatched_by_likeness(transaction, cust_space_id, change).await?,
    };
    let Some(event) = found else { return Ok(false) };
    link(transaction, cust_space_id, event.id, change.unique_code).await?;
    settle(transaction, cust_space_id, change.unique_code, &event.outcome).await
}

/// The change that an event ends: the one of its request ID; where Meta's answer gave none, the oldest that waits for
/// such an event.
pub(crate) async fn find_change(
    transaction: &mut PgConnection,
    event: &InboxEvent,
    told: &ChangeOutcome,
) -> Result<Option<UniqueCode>, StoreError> {
    if let Some(request_id) = &told.request_id
        && let Some(found) = change_of_request(transaction, event, told, request_id).await?
    {
        return Ok(Some(found));
    }
    oldest_alike(transaction, event, told).await
}

async fn change_of_request(
    transaction: &mut PgConnection,
    event: &InboxEvent,
    told: &ChangeOutcome,
    request_id: &str,
) -> Result<Option<UniqueCode>, StoreError> {
    let of_request = sqlx::query_scalar!(
        r#"select unique_code as "unique_code: UniqueCode" from changes
           where cust_space_id = $1 and request_id = $2 and operation = $3
             and ($4::text is null or phone_number_id = $4)
           order by created_at desc limit 1"#,
        event.cust_space_id,
        &request_key(request_id),
        told.kind,
        event.phone_number_id,
    );
    Ok(of_request.fetch_optional(transaction).await?)
}

struct Alike {
    unique_code: UniqueCode,
    request: Value,
}

/// The oldest change that waits for an event of this kind, of the same group, or for a create of the same number and
/// subject; where the event names users, the oldest that is about one of them; where it names settings, the oldest that
/// asked for these, by all texts that are told, or else by those that are surely what was asked for. An event waits while a
/// like change is still to be answered whose answer may claim it: where it has a request ID any, whatever it tells; where
/// it has none, one that asked for all that is told.
async fn oldest_alike(
    transaction: &mut PgConnection,
    event: &InboxEvent,
    told: &ChangeOutcome,
) -> Result<Option<UniqueCode>, StoreError> {
    let alike = sqlx::query_as!(
        Alike,
        r#"select unique_code as "unique_code: UniqueCode", request from changes
           where cust_space_id = $1 and status = 'PENDING' and request_id is null and operation = $2
             and created_at <= $3
             and (group_id = $4 or group_id is null and phone_number_id = $5 and subject = $6)
             and is_asked_for(settings, $9)
             and ($7::bool is false and is_asked_for(settings, $10) or not exists (
                 select 1 from changes o
                 where o.cust_space_id = $1 and o.status = 'SENDING' and o.operation = $2 and o.answer_due > now()
                   and (o.group_id = $4 or o.group_id is null and o.phone_number_id = $5 and o.subject = $6)
                   and ($7::bool or is_asked_for(o.settings, $10))))
           order by is_asked_for(settings, $10) desc, created_at limit case when $8::bool then 1 end"#,
        event.cust_space_id,
        told.kind,
        event.received_at,
        storable_option(told.group_id.as_deref()),
        event.phone_number_id,
        storable_option(told.subject.as_deref()),
        told.request_id.is_some(),
        told.participants.is_none(),
        settings::surely_told(&told.settings),
        settings::told(&told.settings),
    );
    let meant = |alike: &Alike| told.participants.as_ref().is_none_or(|users| names_one_of(&alike.request, users));
    Ok(alike.fetch_all(transaction).await?.into_iter().find(meant).map(|alike| alike.unique_code))
}

/// Whether a like change is being sent whose answer may claim the event, be it by its request ID or, where it has none, by
/// what was asked for; then in how long that answer is overdue at the latest.
pub(crate) async fn like_change_is_sent(
    transaction: &mut PgConnection,
    event: &InboxEvent,
    told: &ChangeOutcome,
) -> Result<Option<Duration>, StoreError> {
    let seconds = sqlx::query_scalar!(
        "select extract(epoch from max(answer_due) - now())::double precision from changes
         where cust_space_id = $1 and status = 'SENDING' and operation = $2 and answer_due > now()
           and created_at <= $3
           and (group_id = $4 or group_id is null and phone_number_id = $5 and subject = $6)
           and ($7::bool or is_asked_for(settings, $8))",
        event.cust_space_id,
        told.kind,
        event.received_at,
        storable_option(told.group_id.as_deref()),
        event.phone_number_id,
        storable_option(told.subject.as_deref()),
        told.request_id.is_some(),
        settings::surely_told(&told.settings),
    );
    let seconds = seconds.fetch_one(transaction).await?;
    Ok(seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
}

/// Whether the request was about one of these users at least.
fn names_one_of(request: &Value, participants: &[String]) -> bool {
    let asked = request["List"].as_array().into_iter().flatten();
    let mut numbers = asked.filter_map(|participant| participant["ParticipantNumber"].as_str());
    numbers.any(|number| participants.iter().any(|participant| participant == number))
}

/// Settles a change that is open, or whose end was unknown; says whether it did.
pub(crate) async fn settle(
    transaction: &mut PgConnection,
    cust_space_id: &str,
    unique_code: UniqueCode,
    outcome: &Outcome,
) -> Result<bool, StoreError> {
    let settled = sqlx::query_as!(
        Settled,
        "update changes set status = $3, group_id = coalesce(group_id, $4), invite_link = $5, failed = $6::text::json,
                            fields = $7::text::json, errors = $8::text::json, settled_at = now()
         where cust_space_id = $1 and unique_code = $2 and status in ('SENDING', 'PENDING', 'UNKNOWN')
         returning operation, phone_number_id, group_id, subject, created_at",
        cust_space_id,
        unique_code as UniqueCode,
        outcome.status as ChangeStatus,
        storable_option(outcome.group_id.as_deref()),
        storable_option(outcome.invite_link.as_deref()),
        json_text(outcome.failed.as_ref()),
        json_text(outcome.fields.as_ref()),
        json_text(outcome.errors.as_ref()),
    );
    let Some(settled) = settled.fetch_optional(&mut *transaction).await? else {
        return Ok(false);
    };
    if let Some(group) = created_group(&settled, outcome).or_else(|| deleted_group(&settled, outcome)) {
        groups::apply(transaction, cust_space_id, &settled.phone_number_id, &group).await?;
    }
    sqlx::query!("select pg_notify('groupgate_changes', '')").execute(transaction).await?;
    Ok(true)
}

struct Settled {
    operation: String,
    phone_number_id: String,
    group_id: Option<String>,
    subject: Option<String>,
    created_at: OffsetDateTime,
}

/// The mirror's row of a group that was created just now. It counts as told before the second in which the create was
/// begun, so that nothing that happened to the group since is undone by it: webhooks have whole seconds.
fn created_group(settled: &Settled, outcome: &Outcome) -> Option<GroupUpdate> {
    let group_id = outcome.group_id.clone().filter(|_| outcome.status == ChangeStatus::Succeeded)?;
    settled.subject.as_ref()?;
    Some(GroupUpdate {
        group_id,
        occurred_at: Some(groups::told_at(settled.created_at)),
        subject: settled.subject.clone(),
        lifecycle: Some(GroupLifecycle::Active),
        invite_link: outcome.invite_link.clone(),
        ..GroupUpdate::default()
    })
}

/// The mirror's row of a group that was deleted. It counts as told now: there is nothing after it.
fn deleted_group(settled: &Settled, outcome: &Outcome) -> Option<GroupUpdate> {
    let is_deleted = settled.operation == "DeleteChatGroup" && outcome.status == ChangeStatus::Succeeded;
    let group_id = settled.group_id.clone().filter(|_| is_deleted)?;
    Some(GroupUpdate { group_id, lifecycle: Some(GroupLifecycle::Inactive), ..GroupUpdate::default() })
}

struct Unmatched {
    id: Uuid,
    outcome: Json<Outcome>,
}

async fn unmatched_by_request(
    transaction: &mut PgConnection,
    cust_space_id: &str,
    change: &Change,
    request_id: &str,
) -> Result<Option<Unmatched>, StoreError> {
    let event = sqlx::query_as!(
        Unmatched,
        r#"select id, outcome as "outcome!: Json<Outcome>" from events
           where cust_space_id = $1 and change_request_id = $2 and outcome is not null and unique_code is null
             and change_kind = $3 and (phone_number_id is null or phone_number_id = $4) and id >= $5
           order by position limit 1"#,
        cust_space_id,
        request_id,
        change.operation,
        change.phone_number_id,
        first_possible(change),
    );
    Ok(event.fetch_optional(transaction).await?)
}

async fn unmatched_by_likeness(
    transaction: &mut PgConnection,
    cust_space_id: &str,
    change: &Change,
) -> Result<Option<Unmatched>, StoreError> {
    let event = sqlx::query_as!(
        Unmatched,
        r#"select id, outcome as "outcome!: Json<Outcome>" from events
           where cust_space_id = $1 and outcome is not null and unique_code is null and change_kind = $2
             and received_at >= $3
             and (change_group_id = $4 or $4::text is null and phone_number_id = $5 and change_subject = $6)
             and id >= $7
             and is_asked_for((select settings from changes where cust_space_id = $1 and unique_code = $8), change_settings)
           order by position limit 1"#,
        cust_space_id,
        change.operation,
        change.created_at,
        change.group_id,
        change.phone_number_id,
        change.subject,
        first_possible(change),
        change.unique_code as UniqueCode,
    );
    Ok(event.fetch_optional(transaction).await?)
}

/// The lowest ID that an event of the change can have, so that only the days since are looked at: both are of
/// PostgreSQL's clock.
fn first_possible(change: &Change) -> Uuid {
    let milliseconds = u64::try_from(change.created_at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}

/// Notes on an event which change it ended. One that is held for that can be published, and the routers are told.
pub(crate) async fn link(
    transaction: &mut PgConnection,
    cust_space_id: &str,
    event_id: Uuid,
    unique_code: UniqueCode,
) -> Result<(), StoreError> {
    let released = sqlx::query!(
        "with linked as (
             update events set unique_code = $3 where cust_space_id = $1 and id = $2 returning position, state
         )
         update unrouted_events u set route_after = now() from linked l
         where u.cust_space_id = $1 and u.position = l.position and l.state = 'held'",
        cust_space_id,
        event_id,
        unique_code as UniqueCode,
    );
    if released.execute(&mut *transaction).await?.rows_affected() > 0 {
        sqlx::query!("select pg_notify('groupgate_events', '')").execute(transaction).await?;
    }
    Ok(())
}
