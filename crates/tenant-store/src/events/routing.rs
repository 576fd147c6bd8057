//! One round of routing: events are claimed, what they mean is applied in their tenant's scope, and all is committed at once.

use sqlx::{Acquire as _, PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use super::{ChangeOutcome, InboxEvent, Routed, Routing};
use crate::{
    StoreError,
    across_tenants::{self, ClaimedEvent},
    changes::settling,
    groups, store,
    text::{request_key, storable_option},
    upstream_objects,
};

struct Interpreted {
    position: i64,
    event: InboxEvent,
    routing: Routing,
}

pub(super) async fn round(
    pool: &PgPool,
    limit: i64,
    interpret: impl Fn(&InboxEvent) -> Routing,
) -> Result<Routed, StoreError> {
    let mut transaction = pool.begin().await?;
    let claimed = across_tenants::claim_events(&mut transaction, limit).await?;
    let mut events: Vec<_> = claimed.into_iter().map(|claimed| interpreted(claimed, &interpret)).collect();
    // By group, as every writer of the mirror goes, so that no two wait for each other's rows in a circle.
    events.sort_by(|a, b| order(a).cmp(&order(b)));
    settling::lock(&mut transaction, events.iter().flat_map(Interpreted::lock_keys).collect()).await?;
    let mut routed = Routed::default();
    for of_tenant in events.chunk_by(|a, b| a.event.cust_space_id == b.event.cust_space_id) {
        route_tenant(&mut transaction, of_tenant, &mut routed).await?;
    }
    transaction.commit().await?;
    Ok(routed)
}

fn interpreted(claimed: ClaimedEvent, interpret: &impl Fn(&InboxEvent) -> Routing) -> Interpreted {
    let ClaimedEvent { position, event } = claimed;
    Interpreted { position, routing: interpret(&event), event }
}

fn order(interpreted: &Interpreted) -> (&str, Option<&str>, Option<&str>, i64) {
    let Interpreted { position, event, routing } = interpreted;
    let group_id = routing.group.as_ref().map(|group| group.group_id.as_str());
    (&event.cust_space_id, event.phone_number_id.as_deref(), group_id, *position)
}

impl Interpreted {
    fn lock_keys(&self) -> Vec<String> {
        self.routing.change.as_ref().map(|told| settling::keys_of_event(&self.event, told)).unwrap_or_default()
    }
}

async fn route_tenant(
    transaction: &mut Transaction<'static, Postgres>,
    events: &[Interpreted],
    routed: &mut Routed,
) -> Result<(), StoreError> {
    let Some(first) = events.first() else {
        return Ok(());
    };
    store::enter(transaction, &first.event.cust_space_id).await?;
    let mut done: Vec<Uuid> = Vec::with_capacity(events.len());
    for Interpreted { event, routing, .. } in events {
        match apply_alone(transaction, event, routing).await {
            Ok(settled) => {
                done.push(event.id);
                routed.settled += u64::from(settled);
            }
            Err(unavailable @ StoreError::Unavailable(_)) => return Err(unavailable),
            Err(error) => {
                tracing::warn!(event = %event.id, cust_space_id = event.cust_space_id, %error, "an event cannot be routed");
                put_off(transaction, event).await?;
                routed.failed += 1;
            }
        }
    }
    routed.routed += done.len() as u64;
    mark_routed(transaction, &first.event.cust_space_id, &done).await
}

/// Applies one event behind a savepoint, so that its failure undoes nothing of the others'.
async fn apply_alone(
    transaction: &mut Transaction<'static, Postgres>,
    event: &InboxEvent,
    routing: &Routing,
) -> Result<bool, StoreError> {
    if routing.change.is_none() && routing.group.is_none() && routing.media.is_empty() {
        return Ok(false);
    }
    let mut savepoint = transaction.begin().await?;
    match apply(&mut savepoint, event, routing).await {
        Ok(settled) => {
            savepoint.commit().await?;
            Ok(settled)
        }
        Err(error) => {
            savepoint.rollback().await?;
            Err(error)
        }
    }
}

/// Says whether a change was settled.
async fn apply(connection: &mut PgConnection, event: &InboxEvent, routing: &Routing) -> Result<bool, StoreError> {
    if let (Some(group), Some(phone_number_id)) = (&routing.group, &event.phone_number_id) {
        groups::apply(connection, &event.cust_space_id, phone_number_id, group).await?;
    }
    if let Some(phone_number_id) = event.phone_number_id.as_deref().filter(|_| !routing.media.is_empty()) {
        upstream_objects::record_media(connection, &event.cust_space_id, phone_number_id, &routing.media).await?;
    }
    let Some(told) = &routing.change else {
        return Ok(false);
    };
    keep_outcome(connection, event, told).await?;
    let Some(unique_code) = settling::find_change(connection, event, told).await? else {
        return Ok(false);
    };
    settling::link(connection, &event.cust_space_id, event.id, unique_code).await?;
    settling::settle(connection, &event.cust_space_id, unique_code, &told.outcome).await
}

/// Keeps what the event tells on its row: where no change is found now, the change may be recorded later.
async fn keep_outcome(
    connection: &mut PgConnection,
    event: &InboxEvent,
    told: &ChangeOutcome,
) -> Result<(), StoreError> {
    let outcome = serde_json::to_string(&told.outcome).map_err(|error| StoreError::Internal(error.to_string()))?;
    sqlx::query!(
        "update events set change_kind = $3, change_request_id = $4, change_group_id = $5, change_subject = $6,
                           outcome = $7::text::json
         where cust_space_id = $1 and id = $2",
        event.cust_space_id,
        event.id,
        told.kind,
        told.request_id.as_deref().map(request_key),
        storable_option(told.group_id.as_deref()),
        storable_option(told.subject.as_deref()),
        outcome,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn mark_routed(connection: &mut PgConnection, cust_space_id: &str, ids: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query!(
        "update events set state = 'routed', routed_at = now() where cust_space_id = $1 and id = any($2)",
        cust_space_id,
        ids,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Tries again after 1, 4, 9 and 16 seconds; the fifth failure is the last.
async fn put_off(connection: &mut PgConnection, event: &InboxEvent) -> Result<(), StoreError> {
    sqlx::query!(
        "update events set attempts = attempts + 1,
                           route_after = now() + make_interval(secs => (attempts + 1) * (attempts + 1)),
                           state = case when attempts + 1 >= 5 then 'failed' else state end
         where cust_space_id = $1 and id = $2",
        event.cust_space_id,
        event.id,
    )
    .execute(connection)
    .await?;
    Ok(())
}
