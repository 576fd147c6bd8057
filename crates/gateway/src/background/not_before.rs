//! What Meta told this replica, for the others: until when it takes no calls.

use std::time::Duration;

use tenant_store::{NotBefore, Store};
use tokio::time::Instant;

use crate::telemetry::metrics::Pulse;
use crate::upstream::Budget;

/// What is over sooner is not worth a word.
const LEAST: Duration = Duration::from_secs(1);

/// Tells it, for ever. What PostgreSQL does not take is dropped: the others find out by calls of their own.
pub(super) async fn tell(budget: &Budget, store: &Store, pulse: &Pulse) {
    loop {
        for (quota, until) in pulse.at_rest(budget.notices().next()).await {
            let wait = until.saturating_duration_since(Instant::now());
            if wait < LEAST {
                continue;
            }
            let told = NotBefore { quota: quota.kind.name().to_owned(), id: quota.id.as_ref().to_owned(), wait };
            if let Err(error) = store.tell_not_before(&told).await {
                tracing::warn!(%error, "other replicas are not told until when Meta takes no calls");
                break;
            }
        }
    }
}
