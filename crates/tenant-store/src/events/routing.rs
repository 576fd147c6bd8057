//! One round of routing: tenants are claimed, what their first events mean is applied in their scope, and all of it is
//! published, in one transaction.
//!
//! Whoever routes events of a tenant holds the row of its counter until the commit. So two replicas route different
//! tenants at once, and the events of one tenant are applied and numbered in the order in which they came.

use std::time::Duration;

use sqlx::{Acquire as _, PgConnection, Postgres, Transaction};
use time::{Date, OffsetDateTime, UtcOffset};

use super::{ChangeOutcome, InboxEvent, Routed, Routing, publishing};
use crate::{
    Store, StoreError,
    across_tenants::{self, QueuedEvent},
    calls,
    changes::{settings, settling},
    groups, store,
    text::{request_key, storable_option},
    upstream_objects,
};

/// How many tenants one round takes at the most.
const TENANTS: usize = 50;

/// How often an event is tried that cannot be applied.
const TRIES: i16 = 5;

/// The type of events that tell that a message of the business has reached somebody.
const MESSAGE_DELIVERED: &str = "message.delivered";

/// An event, and what it means.
pub(super) struct Interpreted {
    pub(super) queued: QueuedEvent,
    pub(super) routing: Routing,
}

/// What became of an event in this round.
enum Applied {
    /// It is to be published.
    Done { settled: bool },
    /// It is to be published when it is known which change it ended, and in so long at the latest.
    Held { longest: Duration },
}

impl Store {
    /// Routes about `limit` events of known tenants: settles changes, updates the mirror, and publishes. Replicas may do so
    /// at once. `interpret` only reads; an event that cannot be applied is tried again later, a few times, and holds up
    /// no other.
    pub async fn route_events(
        &self,
        limit: i64,
        interpret: impl Fn(&InboxEvent) -> Routing,
    ) -> Result<Routed, StoreError> {
        let mut transaction = self.begin("begin").await?;
        let tenants = self.claim_tenants(&mut transaction).await?;
        if tenants.is_empty() {
            return Ok(Routed::default());
        }
        // Each gets its share, so that one that has very many delays no other.
        let share = (limit / i64::try_from(tenants.len()).unwrap_or(limit)).max(1);
        let queued = across_tenants::claim_events(&mut transaction, &tenants, share).await?;
        let events =
            queued.into_iter().map(|queued| Interpreted { routing: interpret(&queued.event), queued }).collect();
        let routed = route(&mut transaction, events).await?;
        transaction.commit().await?;
        Ok(routed)
    }

    /// Begins after the tenant that the last round ended with, so that each has its turn.
    async fn claim_tenants(&self, transaction: &mut PgConnection) -> Result<Vec<String>, StoreError> {
        let place = self.swap_routing_place(String::new());
        let mut tenants = across_tenants::claim_tenants(transaction, &place, TENANTS).await?;
        if tenants.is_empty() && !place.is_empty() {
            tenants = across_tenants::claim_tenants(transaction, "", TENANTS).await?;
        }
        if tenants.len() == TENANTS {
            self.swap_routing_place(tenants.last().cloned().unwrap_or_default());
        }
        Ok(tenants)
    }
}

async fn route(
    transaction: &mut Transaction<'static, Postgres>,
    mut events: Vec<Interpreted>,
) -> Result<Routed, StoreError> {
    // By group, as every writer of the mirror goes, so that no two wait for each other's rows in a circle.
    events.sort_by(|a, b| order(a).cmp(&order(b)));
    settling::lock(transaction, events.iter().flat_map(Interpreted::lock_keys).collect()).await?;
    let (mut routed, mut published) = (Routed::default(), Vec::with_capacity(events.len()));
    for of_tenant in events.chunk_by(|a, b| a.event().cust_space_id == b.event().cust_space_id) {
        apply_all(transaction, of_tenant, &mut routed, &mut published).await?;
    }
    routed.routed = published.len() as u64;
    routed.lags = publishing::publish(transaction, &published).await?;
    Ok(routed)
}

fn order(interpreted: &Interpreted) -> (&str, Option<&str>, Option<&str>, i64) {
    let Interpreted { queued: QueuedEvent { position, event, .. }, routing } = interpreted;
    let group_id = routing.group.as_ref().map(|group| group.group_id.as_str());
    (&event.cust_space_id, event.phone_number_id.as_deref(), group_id, *position)
}

impl Interpreted {
    pub(super) fn event(&self) -> &InboxEvent {
        &self.queued.event
    }

    fn lock_keys(&self) -> Vec<String> {
        self.routing.change.as_ref().map(|told| settling::keys_of_event(self.event(), told)).unwrap_or_default()
    }

    /// The day, in UTC, on which a message reached somebody in a group, where the event tells of that.
    fn day_of_delivery(&self) -> Option<Date> {
        let Routing { event_type, group_id, occurred_at, .. } = &self.routing;
        let is_delivery = event_type == MESSAGE_DELIVERED && group_id.is_some();
        is_delivery.then(|| occurred_at.unwrap_or_else(OffsetDateTime::now_utc).to_offset(UtcOffset::UTC).date())
    }

    /// Whether there is nothing to do but to publish it.
    fn is_only_told(&self) -> bool {
        let Routing { change, group, media, .. } = &self.routing;
        change.is_none() && (self.queued.is_applied || group.is_none() && media.is_empty())
    }
}

/// Applies a tenant's events in its scope; those that are to be published go into `published`.
async fn apply_all<'a>(
    transaction: &mut Transaction<'static, Postgres>,
    events: &'a [Interpreted],
    routed: &mut Routed,
    published: &mut Vec<publishing::Publication<'a>>,
) -> Result<(), StoreError> {
    let Some(first) = events.first() else {
        return Ok(());
    };
    store::enter(transaction, &first.event().cust_space_id).await?;
    let mut delivered = Vec::new();
    for interpreted in events {
        match apply_alone(transaction, interpreted).await {
            Ok(Applied::Done { settled }) => {
                routed.settled += u64::from(settled);
                delivered.extend(interpreted.day_of_delivery());
                published.push(publishing::Publication { interpreted, is_failed: false });
            }
            Ok(Applied::Held { longest }) => {
                hold(transaction, interpreted, longest).await?;
                routed.held += 1;
            }
            Err(unavailable @ StoreError::Unavailable(_)) => return Err(unavailable),
            Err(error) => {
                let InboxEvent { id, cust_space_id, .. } = interpreted.event();
                tracing::warn!(event = %id, cust_space_id, %error, "an event cannot be applied");
                routed.failed += 1;
                if put_off(transaction, interpreted).await? >= TRIES {
                    published.push(publishing::Publication { interpreted, is_failed: true });
                }
            }
        }
    }
    calls::count_group_messages(transaction, &first.event().cust_space_id, &delivered).await
}

/// Applies one event behind a savepoint, so that its failure undoes nothing of the others'.
async fn apply_alone(
    transaction: &mut Transaction<'static, Postgres>,
    interpreted: &Interpreted,
) -> Result<Applied, StoreError> {
    if interpreted.is_only_told() {
        return Ok(Applied::Done { settled: false });
    }
    let mut savepoint = transaction.begin().await?;
    match apply(&mut savepoint, interpreted).await {
        Ok(applied) => {
            savepoint.commit().await?;
            Ok(applied)
        }
        Err(error) => {
            savepoint.rollback().await?;
            Err(error)
        }
    }
}

async fn apply(connection: &mut PgConnection, interpreted: &Interpreted) -> Result<Applied, StoreError> {
    let Interpreted { queued, routing } = interpreted;
    if !queued.is_applied {
        tell_mirror(connection, &queued.event, routing).await?;
    }
    let Some(told) = &routing.change else {
        return Ok(Applied::Done { settled: false });
    };
    if !queued.is_applied {
        keep_outcome(connection, &queued.event, told).await?;
    }
    settle(connection, queued, told).await
}

async fn tell_mirror(connection: &mut PgConnection, event: &InboxEvent, routing: &Routing) -> Result<(), StoreError> {
    let Some(phone_number_id) = event.phone_number_id.as_deref() else { return Ok(()) };
    if let Some(group) = &routing.group {
        groups::apply(connection, &event.cust_space_id, phone_number_id, group).await?;
    }
    if !routing.media.is_empty() {
        upstream_objects::record_media(connection, &event.cust_space_id, phone_number_id, &routing.media).await?;
    }
    Ok(())
}

/// Settles the change that the event ends. Where none is found while a like one is being sent, the event may be that
/// one's, and waits for its answer, once.
async fn settle(
    connection: &mut PgConnection,
    queued: &QueuedEvent,
    told: &ChangeOutcome,
) -> Result<Applied, StoreError> {
    let QueuedEvent { event, is_applied, unique_code, .. } = queued;
    if unique_code.is_some() {
        return Ok(Applied::Done { settled: false });
    }
    if let Some(unique_code) = settling::find_change(connection, event, told).await? {
        settling::link(connection, &event.cust_space_id, event.id, unique_code).await?;
        let settled = settling::settle(connection, &event.cust_space_id, unique_code, &told.outcome).await?;
        return Ok(Applied::Done { settled });
    }
    if *is_applied {
        return Ok(Applied::Done { settled: false });
    }
    let longest = settling::like_change_is_sent(connection, event, told).await?;
    Ok(longest.map_or(Applied::Done { settled: false }, |longest| Applied::Held { longest }))
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
                           outcome = $7::text::json, change_settings = $8
         where cust_space_id = $1 and id = $2",
        event.cust_space_id,
        event.id,
        told.kind,
        told.request_id.as_deref().map(request_key),
        storable_option(told.group_id.as_deref()),
        storable_option(told.subject.as_deref()),
        outcome,
        settings::told(&told.settings),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Leaves an applied event in the queue, until it is linked to a change or the time is over.
async fn hold(connection: &mut PgConnection, interpreted: &Interpreted, longest: Duration) -> Result<(), StoreError> {
    let QueuedEvent { position, event, .. } = &interpreted.queued;
    sqlx::query!(
        "with held as (update events set state = 'held' where cust_space_id = $1 and id = $2)
         update unrouted_events set route_after = now() + make_interval(secs => $4)
         where cust_space_id = $1 and position = $3",
        event.cust_space_id,
        event.id,
        position,
        longest.as_secs_f64(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Tries again after 1, 4, 9 and 16 seconds. Returns how often it failed.
async fn put_off(connection: &mut PgConnection, interpreted: &Interpreted) -> Result<i16, StoreError> {
    let QueuedEvent { position, event, .. } = &interpreted.queued;
    let attempts = sqlx::query_scalar!(
        "update unrouted_events set attempts = attempts + 1,
                                    route_after = now() + make_interval(secs => (attempts + 1) * (attempts + 1))
         where cust_space_id = $1 and position = $2 returning attempts",
        event.cust_space_id,
        position,
    );
    Ok(attempts.fetch_one(connection).await?)
}
