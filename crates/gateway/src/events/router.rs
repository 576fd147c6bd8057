//! The router: takes committed events and does what they mean. Every replica runs one; they share the work.

use std::sync::Arc;
use std::time::Duration;

use tenant_store::Store;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use super::meaning::meaning;
use crate::operations::Services;
use crate::telemetry::metrics::Pulse;

/// How many events are taken at once.
const BATCH: i64 = 200;
/// How often the router looks by itself, in case it was not told.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// How often changes are looked at whose answer never was recorded.
const ABANDONED: Duration = Duration::from_secs(2);
/// After a failure of the store.
const PAUSE: Duration = Duration::from_millis(500);

/// Tells a loop that there may be something to do.
#[derive(Clone, Default)]
pub struct Nudge(Arc<Notify>);

impl Nudge {
    /// There may be something to do.
    pub fn look(&self) {
        self.0.notify_one();
    }

    /// Waits until there may be something to do, and no longer than until `latest`.
    pub(crate) async fn wait_until(&self, latest: Instant) {
        // Told or not, whoever waits looks.
        let _ = timeout_at(latest, self.0.notified()).await;
    }
}

/// The loop that routes events.
pub struct Router {
    store: Store,
    services: Arc<Services>,
    nudge: Nudge,
}

impl Router {
    /// A router that looks whenever `nudge` says so.
    pub fn new(services: Arc<Services>, nudge: Nudge) -> Self {
        Self { store: services.store.clone(), services, nudge }
    }

    /// Routes events, for ever.
    pub(crate) async fn run(&self, pulse: &Pulse) {
        let mut abandoned_due = Instant::now();
        let mut may_be_more = false;
        loop {
            if !may_be_more {
                // Told or not, it looks.
                let _ = timeout(LOOK_AGAIN, self.nudge.0.notified()).await;
            }
            may_be_more = self.route_once(pulse).await;
            // Also while there is no end of events.
            if Instant::now() >= abandoned_due {
                self.settle_abandoned().await;
                abandoned_due = Instant::now() + ABANDONED;
            }
        }
    }

    /// Routes a batch. Whether there may be more.
    async fn route_once(&self, pulse: &Pulse) -> bool {
        match self.store.route_events(BATCH, meaning).await {
            Ok(done) => {
                pulse.succeeded();
                if done.settled > 0 {
                    self.services.waiters.wake();
                }
                let found_any = done.found_any();
                self.services.metrics.events_published(done.lags);
                found_any
            }
            Err(error) => {
                tracing::warn!(%error, "events wait to be routed");
                tokio::time::sleep(PAUSE).await;
                false
            }
        }
    }

    async fn settle_abandoned(&self) {
        match self.store.settle_abandoned().await {
            Ok(0) => {}
            Ok(settled) => {
                tracing::info!(settled, "changes were settled whose answer had not been recorded");
                self.services.waiters.wake();
            }
            Err(error) => tracing::warn!(%error, "abandoned changes could not be looked at"),
        }
    }
}
