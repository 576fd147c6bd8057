//! The loop that takes what is due.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt;
use tenant_store::{ClaimedDelivery, DeliveryId, EventTraces, Store};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::held::{Held, Hold};
use super::recording::Ended;
use super::sending::Courier;
use crate::events::{Nudge, RenderError};
use crate::telemetry::metrics::Pulse;
use crate::traces::{DeliveryTrace, Tracer};

/// How long nobody else takes what was claimed, while this replica lives: longer than a try takes, and the commit of its
/// end while PostgreSQL is slow.
pub(super) const LEASE: Duration = Duration::from_mins(1);
/// How many deliveries are claimed at once.
const BATCH: usize = 128;
/// How often the loop looks by itself: for what has become due, and in case it was not told.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Between two looks at the least, so that one look serves many events.
const BETWEEN: Duration = Duration::from_millis(5);
/// After a failure of the store.
const PAUSE: Duration = Duration::from_millis(500);
/// How long it may take to look up the traces of what is claimed, which waits to be tried meanwhile.
const TRACES: Duration = Duration::from_millis(500);
/// When a delivery is due again whose event this version cannot write.
const UNWRITABLE: Duration = Duration::from_mins(1);

/// Takes what is due and starts its tries.
pub(super) struct Claimer {
    pub(super) store: Store,
    pub(super) courier: Rc<Courier>,
    pub(super) held: Held,
    /// Where the ends of tries go.
    pub(super) ends: mpsc::UnboundedSender<Ended>,
    pub(super) nudge: Nudge,
    /// What goes on with the traces of events; `None` where nothing is traced.
    pub(super) tracer: Option<Arc<Tracer>>,
    /// Nothing more is to be claimed.
    pub(super) stop: CancellationToken,
    /// What is being tried is to be given up.
    pub(super) give_up: CancellationToken,
}

impl Claimer {
    /// Takes deliveries until it is to stop. A claim that has begun is waited for, since what it commits is held.
    pub(super) async fn run(&self, pulse: &Pulse) {
        while !self.stop.is_cancelled() {
            let look_again = self.take(pulse).await;
            self.courier.sweep();
            let rest = async {
                sleep(BETWEEN).await;
                self.nudge.wait_until(look_again).await;
            };
            self.stop.run_until_cancelled(rest).await;
        }
    }

    /// Takes as many as there is room for. Returns when to look again, told or not.
    async fn take(&self, pulse: &Pulse) -> Instant {
        let room = self.held.room().min(BATCH);
        if room == 0 {
            // What fills it ends within a try's time.
            pulse.succeeded();
            return Instant::now() + LOOK_AGAIN;
        }
        match self.store.claim_deliveries(i64::try_from(room).unwrap_or(i64::MAX), LEASE).await {
            Ok(claimed) => {
                pulse.succeeded();
                let may_be_more = claimed.len() == room;
                self.begin_all(claimed).await;
                Instant::now() + if may_be_more { Duration::ZERO } else { LOOK_AGAIN }
            }
            Err(error) => {
                tracing::warn!(%error, "deliveries wait to be claimed");
                sleep(PAUSE).await;
                Instant::now()
            }
        }
    }

    /// Begins a try of each. All are held at once, so that none is forgotten where the gateway stops meanwhile.
    async fn begin_all(&self, claimed: Vec<ClaimedDelivery>) {
        let holds: Vec<Hold> = claimed.iter().map(|delivery| self.held.hold(delivery)).collect();
        let traces = self.traces(&claimed).await;
        for (delivery, hold) in claimed.into_iter().zip(holds) {
            let trace = self.tracer.as_ref().zip(traces.get(&delivery.event.id));
            let trace = trace.and_then(|(tracer, traces)| DeliveryTrace::of(tracer, traces));
            self.begin(delivery, hold, trace);
        }
    }

    /// The traces behind what is delivered. Where they cannot be looked up in time, it is delivered without.
    async fn traces(&self, claimed: &[ClaimedDelivery]) -> HashMap<Uuid, EventTraces> {
        if self.tracer.is_none() || claimed.is_empty() {
            return HashMap::new();
        }
        let events: Vec<Uuid> = claimed.iter().map(|delivery| delivery.event.id).collect();
        match timeout(TRACES, self.store.traces_of_events(&events)).await {
            Ok(Ok(traces)) => return traces,
            Ok(Err(error)) => tracing::debug!(%error, "events are delivered without their traces"),
            Err(late) => tracing::debug!(%late, "events are delivered without their traces"),
        }
        HashMap::new()
    }

    fn begin(&self, delivery: ClaimedDelivery, hold: Hold, trace: Option<DeliveryTrace>) {
        let courier = self.courier.clone();
        let (ends, give_up, store) = (self.ends.clone(), self.give_up.clone(), self.store.clone());
        rt::spawn(async move {
            // What is given up has not ended, and is told to nobody.
            match give_up.run_until_cancelled(courier.try_once(&delivery, trace)).await {
                None => {}
                Some(Ok(tried)) => {
                    let first = (delivery.attempts == 0).then_some(delivery.enqueued_at);
                    // Where nobody records any more, the claim ends with its owner.
                    let _ = ends.send(Ended { tried, first, at: Instant::now(), hold });
                }
                Some(Err(error)) => put_off(&store, &delivery, &error).await,
            }
        });
    }
}

/// Leaves a delivery to others, or to a later version. Where that fails, it is left to them when its lease is over.
async fn put_off(store: &Store, delivery: &ClaimedDelivery, error: &RenderError) {
    tracing::warn!(delivery = %DeliveryId(delivery.delivery_id), %error, "this version cannot deliver an event; it waits");
    let claim = (delivery.delivery_id, delivery.claim);
    if let Err(error) = store.put_off_claims(&[claim], UNWRITABLE).await {
        tracing::warn!(%error, "the delivery was not given back");
    }
}
