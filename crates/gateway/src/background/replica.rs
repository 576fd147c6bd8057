//! That this replica runs, for administrators who look at any of them.

use std::time::Duration;

use actix_web::rt;
use tenant_store::Store;
use time::OffsetDateTime;

use crate::telemetry::metrics::Pulse;

/// How often it is told; one that was not heard of for a minute is not shown.
const ROUND: Duration = Duration::from_secs(10);

/// Tells it, for ever.
pub(super) async fn tell(store: &Store, pulse: &Pulse) {
    let started_at = OffsetDateTime::now_utc();
    loop {
        match store.tell_of_this_replica(env!("CARGO_PKG_VERSION"), started_at).await {
            Ok(()) => pulse.succeeded(),
            Err(error) => tracing::warn!(%error, "that this replica runs could not be told"),
        }
        rt::time::sleep(ROUND).await;
    }
}
