//! The loop that commits the ends of tries, many in one transaction.

use std::time::Duration;
use std::{iter, mem};

use actix_web::rt;
use tenant_store::{AfterTry, Store, TriedDelivery};
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::claiming::{LEASE, LOOK_AGAIN};
use super::held::{Held, Hold};
use crate::events::Nudge;
use crate::telemetry::metrics::{Metrics, Pulse, TryEnd};

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
    /// When it ended.
    pub(super) at: Instant,
    /// Dropped when the end is committed, so that what waits to be is bounded as tries are.
    #[expect(dead_code, reason = "it is held, and dropped")]
    pub(super) hold: Hold,
}

/// What to do about ends whose lanes others work on.
#[derive(Clone, Copy)]
enum Busy {
    PutOff,
    WaitForOne,
}

/// Commits ends as they come.
pub(super) struct Recorder {
    pub(super) store: Store,
    pub(super) held: Held,
    pub(super) metrics: Metrics,
    /// Tells the claimer that there is room, and what has become ready.
    pub(super) nudge: Nudge,
    /// Where the ends go whose lanes others work on: one busy endpoint delays no other.
    pub(super) busy: mpsc::UnboundedSender<Ended>,
}

impl Recorder {
    /// Commits what comes, until nobody is left from whom it could.
    pub(super) async fn run(&self, ends: &mut mpsc::UnboundedReceiver<Ended>, pulse: &Pulse) {
        let mut batch = Vec::with_capacity(BATCH);
        while pulse.at_rest(ends.recv_many(&mut batch, BATCH)).await > 0 {
            let others_may_end = self.held.count() > batch.len();
            if others_may_end && batch.len() < BATCH {
                sleep(GATHER).await;
                batch.extend(iter::from_fn(|| ends.try_recv().ok()).take(BATCH - batch.len()));
            }
            for put_off in self.record(mem::take(&mut batch), Busy::PutOff).await {
                // Where nobody records it any more, the claim ends with its owner.
                let _ = self.busy.send(put_off);
            }
        }
    }

    /// Commits what was put off, and waits for one endpoint after the other. After the lease others may have taken the
    /// deliveries, so that nothing is left to be recorded.
    pub(super) async fn run_behind(&self, busy: &mut mpsc::UnboundedReceiver<Ended>, pulse: &Pulse) {
        let mut waiting = Vec::new();
        while !waiting.is_empty() || pulse.at_rest(busy.recv_many(&mut waiting, BATCH)).await > 0 {
            waiting.extend(iter::from_fn(|| busy.try_recv().ok()));
            waiting = self.record(waiting, Busy::WaitForOne).await;
            let (in_time, late): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|end| end.at.elapsed() < LEASE);
            if !late.is_empty() {
                tracing::error!(
                    count = late.len(),
                    "the ends of tries waited too long: the events are delivered again"
                );
            }
            waiting = in_time;
        }
    }

    /// Returns what is to be recorded later.
    async fn record(&self, batch: Vec<Ended>, busy: Busy) -> Vec<Ended> {
        let Some(put_off) = self.commit(&batch, busy).await else { return Vec::new() };
        let (put_off, recorded): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|end| put_off.contains(&end.tried.delivery_id));
        for end in &recorded {
            self.count(&end.tried, end.first);
        }
        self.look_when_due(&recorded);
        drop(recorded);
        self.nudge.look();
        put_off
    }

    /// Commits a batch, again and again while PostgreSQL is away. After the lease others may have taken the deliveries,
    /// so that nothing is left to be recorded. Returns which of them were put off.
    async fn commit(&self, batch: &[Ended], busy: Busy) -> Option<Vec<Uuid>> {
        let (begun, count) = (Instant::now(), batch.len());
        loop {
            let tries = batch.iter().map(|end| &end.tried);
            let recorded = match busy {
                Busy::PutOff => self.store.record_tries_at_once(tries).await,
                Busy::WaitForOne => self.store.record_tries(tries).await,
            };
            match recorded {
                Ok(recorded) => {
                    for endpoint in &recorded.disabled {
                        tracing::warn!(%endpoint, "an endpoint was disabled: it is gone, or has failed for too long");
                    }
                    return Some(recorded.put_off);
                }
                Err(error) if begun.elapsed() < LEASE => {
                    tracing::warn!(%error, count, "the ends of tries wait to be recorded");
                    sleep(PAUSE).await;
                }
                Err(error) => {
                    tracing::error!(%error, count, "the ends of tries were not recorded: the events are delivered again");
                    return None;
                }
            }
        }
    }

    /// What is due before the claimer looks by itself, it is told of.
    fn look_when_due(&self, recorded: &[Ended]) {
        let due = recorded.iter().filter_map(|end| match end.tried.next {
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
