//! What Meta told this replica, for the others: until when it takes no calls.

use std::time::Duration;

use tenant_store::{NotBefore, Store};
use tokio::time::{Instant, sleep};

use crate::telemetry::metrics::Pulse;
use crate::upstream::Budget;

/// What is over sooner is not worth a word.
const LEAST: Duration = Duration::from_secs(1);
/// After a failure of the store.
const PAUSE: Duration = Duration::from_secs(5);

/// Tells it, for ever.
pub(super) async fn tell(budget: &Budget, store: &Store, pulse: &Pulse) {
    loop {
        for (quota, until) in pulse.at_rest(budget.notices().next()).await {
            tell_in_time(store, quota.kind.name(), &quota.id, until).await;
        }
    }
}

/// Tells of one quota, as often as it takes while it is worth a word. What is to be told next waits meanwhile; of the same
/// quota that is one notice.
async fn tell_in_time(store: &Store, kind: &str, id: &str, until: Instant) {
    loop {
        let wait = until.saturating_duration_since(Instant::now());
        if wait < LEAST {
            return;
        }
        let told = NotBefore { quota: kind.to_owned(), id: id.to_owned(), wait };
        let Err(error) = store.tell_not_before(&told).await else { return };
        tracing::warn!(%error, "other replicas are not told until when Meta takes no calls; trying again");
        sleep(PAUSE).await;
    }
}
