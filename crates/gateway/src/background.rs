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
use crate::supervise::supervise;

/// How often events that belong to nobody are looked at.
const STRAYS: Duration = Duration::from_secs(15);

/// How many idempotency keys are dropped at once.
const KEYS: i64 = 1000;

/// How many records of files are dropped at once.
const MEDIA: i64 = 1000;

/// How many nonces are dropped at once.
const NONCES: i64 = 1000;

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
        let Self { services, authenticator, health, mut notifications, mut links, nudge, graph } = self;
        let mirrors = Nudge::default();
        let (store, waiting) = (services.store.clone(), services.clone());
        let (strays, fingerprints) = (Strays { store: store.clone(), router: nudge.clone() }, store.clone());
        let (keys, media, nonces) = (store.clone(), store.clone(), store.clone());
        let router = Router::new(services.clone(), nudge.clone());
        let told = Told { services: services.clone(), authenticator, nudge, mirrors: mirrors.clone() };
        let mut loops = vec![
            begin("notifications", async move || told.listen(&mut notifications).await),
            begin("health", async move || health.watch().await),
            begin("strays", async move || strays.adopt_all().await),
            begin("waiters", async move || waiting.waiters.watch(&waiting.store).await),
            begin("links", async move || links.run(&store).await),
            begin("fingerprints", async move || forget_fingerprints(&fingerprints).await),
            begin("idempotency keys", async move || forget_keys(&keys).await),
            begin("nonces", async move || forget_nonces(&nonces).await),
            begin("media", async move || forget_media(&media).await),
            begin("router", async move || router.run().await),
        ];
        match GraphClient::new(&graph) {
            Ok(graph) => {
                let settler = Settler::new(services.clone(), graph.clone());
                let keeper = Keeper::new(services, graph, mirrors);
                loops.extend([
                    begin("settler", async move || settler.run().await),
                    begin("keeper", async move || keeper.run().await),
                ]);
            }
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

/// Events that came while their number was being added.
struct Strays {
    store: Store,
    router: Nudge,
}

impl Strays {
    /// Gives them to the number's tenant, every few seconds.
    async fn adopt_all(&self) {
        loop {
            rt::time::sleep(STRAYS).await;
            match self.store.adopt_strays().await {
                Ok(0) => {}
                Ok(adopted) => {
                    tracing::info!(adopted, "events have found their tenant");
                    self.router.look();
                }
                Err(error) => tracing::warn!(%error, "events without a tenant could not be looked at"),
            }
        }
    }
}

/// Drops fingerprints of events that Meta no longer repeats, every hour.
async fn forget_fingerprints(store: &Store) {
    loop {
        if let Err(error) = store.forget_old_fingerprints().await {
            tracing::warn!(%error, "old fingerprints could not be dropped");
        }
        rt::time::sleep(Duration::from_hours(1)).await;
    }
}

/// Drops idempotency keys that are kept no longer, every hour; a batch at a time, so that nobody waits for it.
async fn forget_keys(store: &Store) {
    loop {
        match store.forget_old_keys(KEYS).await {
            Ok(forgotten) if forgotten >= KEYS.unsigned_abs() => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "old idempotency keys could not be dropped"),
        }
        rt::time::sleep(Duration::from_hours(1)).await;
    }
}

/// Drops nonces that are remembered no longer, every five minutes; a batch at a time.
async fn forget_nonces(store: &Store) {
    loop {
        match store.forget_old_nonces(NONCES).await {
            Ok(forgotten) if forgotten >= NONCES.unsigned_abs() => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "old nonces could not be dropped"),
        }
        rt::time::sleep(Duration::from_mins(5)).await;
    }
}

/// Drops the records of files that Meta has no more, every hour; a batch at a time.
async fn forget_media(store: &Store) {
    loop {
        match store.forget_old_media(MEDIA).await {
            Ok(forgotten) if forgotten >= MEDIA.unsigned_abs() => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "records of old files could not be dropped"),
        }
        rt::time::sleep(Duration::from_hours(1)).await;
    }
}

/// Who is told what has changed in the store.
struct Told {
    services: Arc<Services>,
    authenticator: Arc<Authenticator>,
    nudge: Nudge,
    mirrors: Nudge,
}

impl Told {
    /// Does what each notification asks for: to look again.
    async fn listen(&self, notifications: &mut Notifications) {
        // What was told before this began may be lost.
        self.look_at_all();
        loop {
            self.tell(notifications.next().await);
        }
    }

    fn tell(&self, notification: Notification) {
        match notification {
            Notification::Tenants(cust_space_id) => {
                self.services.resolver.invalidate(&cust_space_id);
                self.mirrors.look();
            }
            Notification::AccessKeys(access_key_id) => self.authenticator.keys.invalidate(&access_key_id),
            Notification::Changes => self.services.waiters.wake(),
            Notification::Events => self.nudge.look(),
            Notification::Mirrors => self.mirrors.look(),
            Notification::Reconnected => self.look_at_all(),
        }
    }

    fn look_at_all(&self) {
        self.services.resolver.invalidate_all();
        self.authenticator.keys.invalidate_all();
        self.services.waiters.wake();
        self.nudge.look();
        self.mirrors.look();
    }
}
