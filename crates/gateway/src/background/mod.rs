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
use futures_util::future::join3;
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
                writers.flush(&store).await;
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
        let mut loops = vec![
            begin("notifications", async move || told.listen(&mut notifications).await),
            begin("health", async move || health.watch().await),
            begin("strays", async move || strays.look_after_all().await),
            begin("waiters", async move || waiting.waiters.watch(&waiting.store).await),
            begin("feeds", async move || feeds.watch().await),
            begin("links", async move || learned.lock().await.run(&store).await),
            begin("calls", async move || ended.lock().await.run(&recorded).await),
            begin("audit", async move || seen.lock().await.run(&audited).await),
            begin("not before", async move || not_before::tell(shared.upstream.budget(), &shared.store).await),
            begin("replica", async move || replica::tell(&telling).await),
            begin("router", async move || router.run().await),
            begin("key uses", async move || keys.keys.keep_uses().await),
            begin("metrics", async move || measured.metrics.keep_backlog(&measured.store).await),
        ];
        loops.extend(chores::begin_all(&services.store, deliveries, retention));
        match Egress::new(&egress) {
            Ok(egress) => {
                let metrics = services.metrics.clone();
                loops.push(begin("issuers", async move || issuers.issuers.keep_keys(&egress, &metrics).await));
            }
            Err(error) => tracing::error!(%error, "keys of external issuers are not fetched"),
        }
        match GraphClient::new(&graph) {
            Ok(graph) => {
                loops.extend(credential_keeper(&services, &graph, suspected));
                let settler = Settler::new(services.clone(), graph.clone());
                let keeper = Keeper::new(services, graph, mirrors);
                loops.extend([
                    begin("settler", async move || settler.run().await),
                    begin("keeper", async move || keeper.run().await),
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
    Some(begin("credentials", async move || keeper.run().await))
}

/// Begins a loop that goes on also where it has panicked.
fn begin(name: &'static str, run: impl AsyncFnMut() + 'static) -> JoinHandle<()> {
    rt::spawn(supervise(name, run))
}

async fn end_all(loops: Vec<JoinHandle<()>>) {
    loops.iter().for_each(JoinHandle::abort);
    for ended in loops {
        // That it was ended is all that there is to be told.
        let _ = ended.await;
    }
}
