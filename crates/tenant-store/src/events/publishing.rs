//! Publishing: routed events get their place in their tenant's sequence, and are on their way to whoever reads them.

use std::time::Duration;

use sqlx::PgConnection;

use super::routing::Interpreted;
use crate::{
    StoreError,
    across_tenants::{self, Published},
    text::{storable, storable_option},
};

/// An event that is to be published.
pub(super) struct Publication<'a> {
    pub(super) interpreted: &'a Interpreted,
    /// Whether it could not be applied.
    pub(super) is_failed: bool,
}

/// Publishes events, of any number of tenants whose counters the transaction holds. Returns for each how long it took
/// since it was received.
pub(super) async fn publish(
    transaction: &mut PgConnection,
    publications: &[Publication<'_>],
) -> Result<Vec<Duration>, StoreError> {
    if publications.is_empty() {
        return Ok(Vec::new());
    }
    let mut published = Published::default();
    for Publication { interpreted, is_failed } in publications {
        let (event, routing) = (interpreted.event(), &interpreted.routing);
        published.cust_space_ids.push(event.cust_space_id.clone());
        published.positions.push(interpreted.queued.position);
        published.ids.push(event.id);
        published.types.push(storable(&routing.event_type).into_owned());
        published.group_ids.push(storable_option(routing.group_id.as_deref()));
        published.times.push(routing.occurred_at);
        published.failures.push(*is_failed);
    }
    across_tenants::publish_events(transaction, &published).await
}
