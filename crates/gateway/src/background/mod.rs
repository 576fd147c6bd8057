//! Work that goes on beside the calls, on a thread of its own.

mod chores;
mod not_before;
mod replica;
mod told;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_rt::Arbiter;
use actix_web::rt::{self, task::JoinHandle};
use futures_util::future::{join, join3};
use graph_client::{GraphClient, GraphSettings};
use tenant_store::{Notifications, Store};
use tokio::sync::{Mutex, oneshot};
use tokio::time::timeout;

use crate::admin::AuditWriter;
use crate::auth::Authenticator;
use crate::bounds;
use crate::calls::CallWriter;
use crate::credentials::{CredentialKeeper, Suspected};
use crate::deliveries::{Deliveries, Retries, RunningDeliveries};
use crate::egress::{Egress, EgressSettings};
use crate::events::{LinkWriter, Nudge, Router, Settler};
use crate::health::Health;
use crate::limits::RunningSharedLimits;
use crate::mirror::Keeper;
use crate::operations::Services;
use crate::supervise::supervise;
use crate::telemetry::metrics::{Metrics, Pulse};
use crate::traces::Exporter;

use chores::Strays;
use told::Told;

/// What the loops work with.
pub(crate) struct Background {
    /// What operations share.
    pub services: Arc<Services>,
    /// Whose keys are invalidated.
    pub authenticator: Arc<Authenticator>,
    /// Who looks at PostgreSQL.
    pub health: Arc<Health>,
    /// The stream of notifications.
    pub notifications: Notifications,
    /// Where invite links come out.
    pub links: LinkWriter,
    /// Where tokens come out that Meta refused.
    pub suspected: Suspected,
    /// Where calls of tenants come out.
    pub calls: CallWriter,
    /// Where calls of administrators come out that changed nothing.
    pub audit: AuditWriter,
    /// Where traces come out; `None` where nothing is traced.
    pub exporter: Option<Exporter>,
    /// Tells the router to look.
    pub nudge: Nudge,
    /// For the client of the settler and of the keeper of mirrors.
    pub graph: GraphSettings,
    /// Where deliveries may lead.
    pub egress: EgressSettings,
    /// When a delivery that failed is tried again.
    pub retries: Retries,
    /// How long events and their deliveries are kept.
    pub retention: Duration,
}

/// What runs beside the calls.
pub(crate) struct RunningBackground {
    /// Deliveries, which have a thread of their own and end with the calls.
    pub deliveries: RunningDeliveries,
    /// All else, which calls may need to their end.
    pub loops: RunningLoops,
}

/// The loops that run.
pub(crate) struct RunningLoops {
    arbiter: Arbiter,
    shared_limits: RunningSharedLimits,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

/// What writes behind the backs of calls, and writes the rest when the loops have ended.
struct Writers {
    calls: Rc<Mutex<CallWriter>>,
    audit: Rc<Mutex<AuditWriter>>,
    links: Rc<Mutex<LinkWriter>>,
    traces: Option<Rc<Mutex<Exporter>>>,
}

impl Writers {
    /// Writes all of it, if PostgreSQL is there. One that does not answer is not waited for: nobody may be left to be
    /// patient with a process that does not end.
    async fn flush(&self, store: &Store) {
        let written = timeout(bounds::LAST_WRITES, async {
            let (mut calls, mut audit, mut links) =
                join3(self.calls.lock(), self.audit.lock(), self.links.lock()).await;
            join3(calls.flush(store), audit.flush(store), links.flush(store)).await;
        });
        if written.await.is_err() {
            tracing::warn!(
                "PostgreSQL does not answer: the last invite links, audited calls and records of calls may be lost"
            );
        }
    }

    /// Sends the last traces, for a moment: they are worth no wait.
    async fn flush_traces(&self) {
        let Some(traces) = &self.traces else { return };
        let sent = timeout(bounds::LAST_TRACES, async { traces.lock().await.flush().await });
        if sent.await.is_err() {
            tracing::warn!("the collector does not answer: the last traces are lost");
        }
    }
}

impl Background {
    /// Starts all of it.
    pub(crate) fn start(self) -> RunningBackground {
        let nudge = Nudge::default();
        let deliveries = Deliveries {
            store: self.services.store.clone(),
            egress: self.egress.clone(),
            retries: self.retries.clone(),
            metrics: self.services.metrics.clone(),
            nudge: nudge.clone(),
            tracer: self.services.tracer.clone(),
        };
        RunningBackground { deliveries: deliveries.start(), loops: self.start_loops(nudge) }
    }

    fn start_loops(self, deliveries: Nudge) -> RunningLoops {
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let shared_limits = self.services.shared_limits.start();
        let arbiter = Arbiter::new();
        arbiter.spawn_fn(move || {
            let store = self.services.store.clone();
            let (loops, writers) = self.spawn(&deliveries);
            rt::spawn(async move {
                // Told to stop, or nobody is left who could tell.
                let _ = stopped.await;
                end_all(loops).await;
                join(writers.flush(&store), writers.flush_traces()).await;
                let _ = end.send(());
                Arbiter::current().stop();
            });
        });
        RunningLoops { arbiter, shared_limits, stop, ended }
    }

    /// Begins the loops. What is left in the queues of calls when they end is written by whoever ends them.
    fn spawn(self, deliveries: &Nudge) -> (Vec<JoinHandle<()>>, Writers) {
        let Self {
            services,
            authenticator,
            health,
            mut notifications,
            links,
            calls,
            audit,
            exporter,
            suspected,
            nudge,
            graph,
            egress,
            retention,
            ..
        } = self;
        let writers = Writers {
            calls: Rc::new(Mutex::new(calls)),
            audit: Rc::new(Mutex::new(audit)),
            links: Rc::new(Mutex::new(links)),
            traces: exporter.map(|exporter| Rc::new(Mutex::new(exporter))),
        };
        let (ended, recorded, seen) = (writers.calls.clone(), services.store.clone(), writers.audit.clone());
        let learned = writers.links.clone();
        let mirrors = Nudge::default();
        let strays = Strays { store: services.store.clone(), router: nudge.clone() };
        let router = Router::new(services.clone(), nudge.clone());
        let (keys, issuers) = (authenticator.clone(), authenticator.clone());
        let told = Told {
            services: services.clone(),
            authenticator,
            router: nudge,
            deliveries: deliveries.clone(),
            mirrors: mirrors.clone(),
        };
        let (store, waiting, feeds) = (services.store.clone(), services.clone(), services.feeds.clone());
        let (measured, audited, telling) = (services.clone(), services.store.clone(), services.store.clone());
        let shared = services.clone();
        let metrics = services.metrics.clone();
        let mut loops = vec![
            begin(&metrics, "notifications", async move |pulse| told.listen(&mut notifications, &pulse).await),
            begin(&metrics, "health", async move |pulse| health.watch(&pulse).await),
            begin(&metrics, "strays", async move |pulse| strays.look_after_all(&pulse).await),
            begin(&metrics, "waiters", async move |pulse| waiting.waiters.watch(&waiting.store, &pulse).await),
            begin(&metrics, "feeds", async move |pulse| feeds.watch(&pulse).await),
            begin(&metrics, "invite_links", async move |pulse| learned.lock().await.run(&store, &pulse).await),
            begin(&metrics, "recorded_calls", async move |pulse| ended.lock().await.run(&recorded, &pulse).await),
            begin(&metrics, "audited_calls", async move |pulse| seen.lock().await.run(&audited, &pulse).await),
            begin(&metrics, "not_before", async move |pulse| {
                not_before::tell(shared.upstream.budget(), &shared.store, &pulse).await;
            }),
            begin(&metrics, "replica", async move |pulse| replica::tell(&telling, &pulse).await),
            begin(&metrics, "router", async move |pulse| router.run(&pulse).await),
            begin(&metrics, "key_uses", async move |pulse| keys.keys.keep_uses(&pulse).await),
            begin(&metrics, "metrics", async move |pulse| measured.metrics.keep_backlog(&measured.store, &pulse).await),
        ];
        if let Some(traces) = writers.traces.clone() {
            loops.push(begin(&metrics, "traces", async move |pulse| traces.lock().await.run(&pulse).await));
        }
        loops.extend(chores::begin_all(&services, deliveries, retention));
        match Egress::new(&egress) {
            Ok(egress) => {
                let counted = metrics.clone();
                loops.push(begin(&metrics, "issuers", async move |pulse| {
                    issuers.issuers.keep_keys(&egress, &counted, &pulse).await;
                }));
            }
            Err(error) => tracing::error!(%error, "keys of external issuers are not fetched"),
        }
        match GraphClient::new(&graph) {
            Ok(graph) => {
                loops.extend(credential_keeper(&services, &graph, suspected));
                let settler = Settler::new(services.clone(), graph.clone());
                let keeper = Keeper::new(services, graph, mirrors);
                loops.extend([
                    begin(&metrics, "settler", async move |pulse| settler.run(&pulse).await),
                    begin(&metrics, "mirrors", async move |pulse| keeper.run(&pulse).await),
                ]);
            }
            Err(error) => tracing::error!(%error, "open changes are not looked up, and mirrors not compared"),
        }
        (loops, writers)
    }
}

impl RunningLoops {
    /// Ends all loops, within little more than [`bounds::LAST_WRITES`]. Their connections are given back inside the runtime,
    /// which they need for that.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.ended.await;
        self.arbiter.stop();
        drop(self.shared_limits);
    }
}

/// Looks at tokens, where there is an app that may ask Meta about them.
fn credential_keeper(services: &Arc<Services>, graph: &GraphClient, suspected: Suspected) -> Option<JoinHandle<()>> {
    let Some(app) = services.app.clone() else {
        tracing::info!("tokens are not looked at: that takes GROUPGATE_APP_ID and GROUPGATE_APP_SECRET");
        return None;
    };
    let mut keeper = CredentialKeeper::new(services.clone(), graph.clone(), app, suspected);
    Some(begin(&services.metrics, "credentials", async move |pulse| keeper.run(&pulse).await))
}

/// Begins a loop that goes on also where it has panicked, and tells by its pulse when it has last succeeded.
fn begin(metrics: &Metrics, task: &'static str, mut run: impl AsyncFnMut(Pulse) + 'static) -> JoinHandle<()> {
    let pulse = metrics.task(task);
    rt::spawn(supervise(task, async move || run(pulse.clone()).await))
}

async fn end_all(loops: Vec<JoinHandle<()>>) {
    loops.iter().for_each(JoinHandle::abort);
    for ended in loops {
        // That it was ended is all that there is to be told.
        let _ = ended.await;
    }
}
