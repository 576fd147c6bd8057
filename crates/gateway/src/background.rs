//! Work that goes on beside the calls, on a thread of its own.

use std::sync::Arc;
use std::time::Duration;

use actix_rt::Arbiter;
use actix_web::rt::{self, task::JoinHandle};
use graph_client::{GraphClient, GraphSettings};
use tenant_store::{Notification, Notifications, Store};
use tokio::sync::oneshot;

use crate::auth::Authenticator;
use crate::events::{LinkWriter, Nudge, Router, Settler};
use crate::health::Health;
use crate::mirror::Keeper;
use crate::operations::Services;

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
    /// Tells the router to look.
    pub nudge: Nudge,
    /// For the client of the settler and of the keeper of mirrors.
    pub graph: GraphSettings,
}

/// The loops that run.
pub(crate) struct RunningBackground {
    arbiter: Arbiter,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl Background {
    /// Starts all loops.
    pub(crate) fn start(self) -> RunningBackground {
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let arbiter = Arbiter::new();
        arbiter.spawn_fn(move || {
            let loops = self.spawn();
            rt::spawn(async move {
                // Told to stop, or nobody is left who could tell.
                let _ = stopped.await;
                end_all(loops).await;
                let _ = end.send(());
            });
        });
        RunningBackground { arbiter, stop, ended }
    }

    fn spawn(self) -> Vec<JoinHandle<()>> {
        let Self { services, authenticator, health, notifications, links, nudge, graph } = self;
        let mirrors = Nudge::default();
        let mut loops = vec![
            rt::spawn(listen(notifications, services.clone(), authenticator, nudge.clone(), mirrors.clone())),
            rt::spawn(health.watch()),
            rt::spawn(adopt_strays(services.store.clone(), nudge.clone())),
            rt::spawn(wait_for_changes(services.clone())),
            rt::spawn(links.run(services.store.clone())),
            rt::spawn(forget_fingerprints(services.store.clone())),
            rt::spawn(Router::new(services.clone(), nudge).run()),
        ];
        match GraphClient::new(&graph) {
            Ok(graph) => loops.extend([
                rt::spawn(Settler::new(services.clone(), graph.clone()).run()),
                rt::spawn(Keeper::new(services, graph, mirrors).run()),
            ]),
            Err(error) => tracing::error!(%error, "open changes are not looked up, and mirrors not compared"),
        }
        loops
    }
}

impl RunningBackground {
    /// Ends all loops. Their connections are given back inside the runtime, which they need for that.
    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.ended.await;
        self.arbiter.stop();
    }
}

async fn end_all(loops: Vec<JoinHandle<()>>) {
    loops.iter().for_each(JoinHandle::abort);
    for ended in loops {
        if let Err(error) = ended.await
            && error.is_panic()
        {
            tracing::error!("a background loop had panicked");
        }
    }
}

async fn wait_for_changes(services: Arc<Services>) {
    services.waiters.watch(services.store.clone()).await;
}

/// Gives events to a tenant whose number was added while they came, every few seconds.
async fn adopt_strays(store: Store, router: Nudge) {
    loop {
        rt::time::sleep(Duration::from_secs(15)).await;
        match store.adopt_strays().await {
            Ok(0) => {}
            Ok(adopted) => {
                tracing::info!(adopted, "events have found their tenant");
                router.look();
            }
            Err(error) => tracing::warn!(%error, "events without a tenant could not be looked at"),
        }
    }
}

/// Drops fingerprints of events that Meta no longer repeats, every hour.
async fn forget_fingerprints(store: Store) {
    loop {
        if let Err(error) = store.forget_old_fingerprints().await {
            tracing::warn!(%error, "old fingerprints could not be dropped");
        }
        rt::time::sleep(Duration::from_hours(1)).await;
    }
}

/// Does what each notification asks for: to look again.
async fn listen(
    mut notifications: Notifications,
    services: Arc<Services>,
    authenticator: Arc<Authenticator>,
    nudge: Nudge,
    mirrors: Nudge,
) {
    loop {
        match notifications.next().await {
            Notification::Tenants(cust_space_id) => {
                services.resolver.invalidate(&cust_space_id);
                mirrors.look();
            }
            Notification::AccessKeys(access_key_id) => authenticator.keys.invalidate(&access_key_id),
            Notification::Changes => services.waiters.wake(),
            Notification::Events => nudge.look(),
            Notification::Mirrors => mirrors.look(),
            Notification::Reconnected => {
                services.resolver.invalidate_all();
                authenticator.keys.invalidate_all();
                services.waiters.wake();
                nudge.look();
                mirrors.look();
            }
        }
    }
}
