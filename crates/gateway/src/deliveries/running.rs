//! How deliveries are started and stopped.

use std::rc::Rc;
use std::sync::Arc;

use actix_rt::Arbiter;
use actix_web::rt::{self, task::JoinHandle};
use tenant_store::Store;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Retries;
use super::claiming::Claimer;
use super::held::Held;
use super::recording::Recorder;
use super::sending::Courier;
use crate::bounds::LAST_DELIVERIES;
use crate::egress::{Egress, EgressSettings};
use crate::events::Nudge;
use crate::supervise::supervise;
use crate::telemetry::metrics::Metrics;
use crate::traces::Tracer;

/// What deliveries are made with.
pub(crate) struct Deliveries {
    /// Where they are claimed and recorded.
    pub store: Store,
    /// Where they may lead.
    pub egress: EgressSettings,
    /// When they are tried again.
    pub retries: Retries,
    /// Where they are counted.
    pub metrics: Metrics,
    /// Tells that there may be something to deliver.
    pub nudge: Nudge,
    /// What goes on with the traces of events; `None` where nothing is traced.
    pub tracer: Option<Arc<Tracer>>,
}

/// Deliveries that are being made.
pub(crate) struct RunningDeliveries {
    arbiter: Arbiter,
    stop: oneshot::Sender<Instant>,
    ended: oneshot::Receiver<()>,
}

/// The thread of deliveries that have ended: connections to PostgreSQL that it has opened work until this is dropped.
pub(crate) struct EndedDeliveries(Arbiter);

/// The parts of it on its own thread.
struct Loops {
    store: Store,
    held: Held,
    stop: CancellationToken,
    give_up: CancellationToken,
    claimer: JoinHandle<()>,
    recorders: [JoinHandle<()>; 2],
}

impl Deliveries {
    /// Begins to deliver, on a thread of its own: tries never wait for what else the gateway does.
    pub(crate) fn start(self) -> RunningDeliveries {
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let arbiter = Arbiter::new();
        arbiter.spawn_fn(move || {
            let loops = self.spawn();
            rt::spawn(async move {
                let told = stopped.await;
                if let Some(loops) = loops {
                    loops.stop(told.unwrap_or_else(|_| Instant::now())).await;
                }
                // Nobody may be left to be told, or to end the thread.
                if end.send(()).is_err() {
                    Arbiter::current().stop();
                }
            });
        });
        RunningDeliveries { arbiter, stop, ended }
    }

    fn spawn(self) -> Option<Loops> {
        let Self { store, egress, retries, metrics, nudge, tracer } = self;
        let egress = Egress::new(&egress);
        let egress = egress.inspect_err(|error| tracing::error!(%error, "events are not delivered")).ok()?;
        let (held, stop, give_up) = (Held::default(), CancellationToken::new(), CancellationToken::new());
        let pulses = ["deliveries", "delivery_ends", "delivery_ends_put_off"].map(|task| metrics.task(task));
        let [claiming, ending, putting_off] = pulses;
        let (ends, mut ended) = mpsc::unbounded_channel();
        let (busy, mut put_off) = mpsc::unbounded_channel();
        let recorder = Recorder { store: store.clone(), held: held.clone(), metrics, nudge: nudge.clone(), busy };
        let recorder = Rc::new(recorder);
        let behind = Rc::clone(&recorder);
        let claimer = Claimer {
            store: store.clone(),
            courier: Rc::new(Courier::new(egress, retries)),
            held: held.clone(),
            ends,
            nudge,
            tracer,
            stop: stop.clone(),
            give_up: give_up.clone(),
        };
        let claimer = rt::spawn(supervise("deliveries", async move || claimer.run(&claiming).await));
        let recorders = [
            rt::spawn(supervise("ends of deliveries", async move || recorder.run(&mut ended, &ending).await)),
            rt::spawn(supervise("ends that were put off", async move || {
                behind.run_behind(&mut put_off, &putting_off).await;
            })),
        ];
        Some(Loops { store, held, stop, give_up, claimer, recorders })
    }
}

impl RunningDeliveries {
    /// Stops: nothing more is claimed, tries that run may end until then, and those that do not are given back, so
    /// that another replica tries them at once. It takes no longer than [`LAST_DELIVERIES`] twice more. The thread ends
    /// where what is given back is dropped.
    pub(crate) async fn stop(self, until: Instant) -> EndedDeliveries {
        let _ = self.stop.send(until);
        let _ = self.ended.await;
        EndedDeliveries(self.arbiter)
    }
}

impl Drop for EndedDeliveries {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Loops {
    async fn stop(self, until: Instant) {
        let Self { store, held, stop, give_up, claimer, recorders } = self;
        stop.cancel();
        if timeout_at(until + LAST_DELIVERIES, claimer).await.is_err() {
            tracing::warn!("a claim of deliveries did not end in time; it ends with this process");
        }
        let _ = timeout_at(until, held.emptied()).await;
        let left = held.claims();
        give_up.cancel();
        if !left.is_empty() {
            give_back(&store, &left).await;
        }
        for recorder in recorders {
            recorder.abort();
            let _ = recorder.await;
        }
    }
}

async fn give_back(store: &Store, left: &[(Uuid, Uuid)]) {
    match timeout(LAST_DELIVERIES, store.release_claims(left)).await {
        Ok(Ok(count)) => tracing::info!(count, "deliveries were given back, to be tried elsewhere"),
        Ok(Err(error)) => tracing::warn!(%error, "deliveries were not given back; they are when this process ends"),
        Err(_) => tracing::warn!("deliveries were not given back in time; they are when this process ends"),
    }
}
