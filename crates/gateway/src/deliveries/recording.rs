//! The loop that commits the ends of tries, many in one transaction.

use std::iter;
use std::time::Duration;

use actix_web::rt;
use tenant_store::{AfterTry, Store, TriedDelivery};
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::claiming::{LEASE, LOOK_AGAIN};
use super::held::{Held, Hold};
use crate::events::Nudge;
use crate::telemetry::metrics::{Metrics, TryEnd};

/// How many ends are committed at once.
const BATCH: usize = 100;
/// How long the first of them waits for the others.
const GATHER: Duration = Duration::from_millis(3);
/// After a failure of the store.
const PAUSE: Duration = Duration::from_millis(500);

/// A try that has ended.
pub(super) struct Ended {
    pub(super) tried: TriedDelivery,
    /// When the event was published, where this was its first try.
    pub(super) first: Option<OffsetDateTime>,
    /// Dropped when the end is committed, so that what waits to be is bounded as tries are.
    pub(super) hold: Hold,
}

/// Commits ends as they come.
pub(super) struct Recorder {
    pub(super) store: Store,
    pub(super) held: Held,
    pub(super) metrics: Metrics,
    /// Tells the claimer that there is room, and what has become ready.
    pub(super) nudge: Nudge,
}

impl Recorder {
    /// Commits what comes, until nobody is left from whom it could.
    pub(super) async fn run(&self, ends: &mut mpsc::UnboundedReceiver<Ended>) {
        let mut batch = Vec::with_capacity(BATCH);
        while ends.recv_many(&mut batch, BATCH).await > 0 {
            let others_may_end = self.held.count() > batch.len();
            if others_may_end && batch.len() < BATCH {
                sleep(GATHER).await;
                batch.extend(iter::from_fn(|| ends.try_recv().ok()).take(BATCH - batch.len()));
            }
            self.record(batch.drain(..)).await;
            self.nudge.look();
        }
    }

    async fn record(&self, batch: impl Iterator<Item = Ended>) {
        let (mut tries, mut firsts, mut holds) = (Vec::new(), Vec::new(), Vec::new());
        for Ended { tried, first, hold } in batch {
            tries.push(tried);
            firsts.push(first);
            holds.push(hold);
        }
        if self.commit(&tries).await {
            tries.iter().zip(firsts).for_each(|(tried, first)| self.count(tried, first));
            self.look_when_due(&tries);
        }
        drop(holds);
    }

    /// Commits a batch, again and again while PostgreSQL is away. After the lease others may have taken the deliveries,
    /// so that nothing is left to be recorded.
    async fn commit(&self, tries: &[TriedDelivery]) -> bool {
        let (begun, count) = (Instant::now(), tries.len());
        loop {
            match self.store.record_tries(tries).await {
                Ok(recorded) => {
                    for endpoint in &recorded.disabled {
                        tracing::warn!(%endpoint, "an endpoint was disabled: it is gone, or has failed for too long");
                    }
                    return true;
                }
                Err(error) if begun.elapsed() < LEASE => {
                    tracing::warn!(%error, count, "the ends of tries wait to be recorded");
                    sleep(PAUSE).await;
                }
                Err(error) => {
                    tracing::error!(%error, count, "the ends of tries were not recorded: the events are delivered again");
                    return false;
                }
            }
        }
    }

    /// What is due before the claimer looks by itself, it is told of.
    fn look_when_due(&self, tries: &[TriedDelivery]) {
        let due = tries.iter().filter_map(|tried| match tried.next {
            AfterTry::Again { after } if after < LOOK_AGAIN => Some(after),
            _ => None,
        });
        if let Some(soonest) = due.min() {
            let nudge = self.nudge.clone();
            rt::spawn(async move {
                sleep(soonest).await;
                nudge.look();
            });
        }
    }

    fn count(&self, tried: &TriedDelivery, first: Option<OffsetDateTime>) {
        self.metrics.delivery_tried(match tried.next {
            AfterTry::Done => TryEnd::Done,
            AfterTry::Again { .. } => TryEnd::Again,
            AfterTry::Dead { .. } => TryEnd::Dead,
            AfterTry::Gone => TryEnd::Gone,
        });
        if let (AfterTry::Done, Some(published_at)) = (&tried.next, first) {
            let lag = tried.at + tried.duration - published_at;
            // The clocks of this machine and of PostgreSQL's may differ.
            self.metrics.delivered_at_first_try(lag.try_into().unwrap_or_default());
        }
    }
}
