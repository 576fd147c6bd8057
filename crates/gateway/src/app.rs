//! The whole HTTP surface on one page, and how it is started and stopped.

use std::iter;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, FromRequest, Handler, Resource, Responder};
use futures_util::future::{join, join_all, select_all};
use tenant_store::Store;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::api::graph::{self, Face};
use crate::api::{
    READING, admin, cams_rpc, docs, events, health, method_not_allowed, metrics, normalized, not_found, oauth, track,
    webhooks, whoami,
};
use crate::background::{Background, RunningBackground};
use crate::bounds;
use crate::config::{Docs, Settings};
use crate::console;
use crate::egress::NameServers;
use crate::health::Health;
use crate::openapi::Documents;
use crate::operations::Services;
use crate::ports::{self, Ports};
use crate::serving::{Connections, Listeners, Patience, Server};
use crate::start::{self, Shared};
pub use crate::start::{Listener, StartError};
use crate::telemetry::metrics::Metrics;

/// What a gateway is made of.
pub struct GatewayParts {
    /// Its settings.
    pub settings: Arc<Settings>,
    /// Its store, whose schema was checked.
    pub store: Store,
    /// Who is asked for the addresses of endpoints and other hosts that callers chose.
    pub name_servers: NameServers,
}

/// A gateway that serves.
pub struct Running {
    /// What takes calls.
    api: Server,
    /// The one of the Graph-compatible face by itself.
    graph_face: Option<Server>,
    /// The one of the metrics, by which the end can be watched.
    watched: Option<Server>,
    services: Arc<Services>,
    health: Arc<Health>,
    background: RunningBackground,
}

/// Every path, in the order in which it is tried: the hot ones first.
fn routes(config: &mut ServiceConfig, docs: Docs, documents: &Documents, face: Face) {
    config
        .configure(normalized::routes)
        .service(
            web::scope("/v1")
                .configure(oauth::routes)
                .configure(whoami::routes)
                .configure(events::routes)
                .default_service(web::to(not_found)),
        )
        .service(
            web::resource(webhooks::PATH)
                .route(web::post().to(webhooks::receive))
                .route(web::get().to(webhooks::verify))
                .default_service(web::to(method_not_allowed("GET, POST"))),
        )
        .configure(looks)
        .service(read_only("/.well-known/jwks.json", oauth::key_set))
        .configure(admin::routes)
        .configure(console::routes)
        .configure(|config| cams_rpc::routes(config, &face.public_url))
        .configure(|config| graph::routes(config, face))
        .configure(|config| docs::routes(config, docs, documents))
        .default_service(web::to(not_found));
}

/// For whoever asks whether it lives and is ready.
fn looks(config: &mut ServiceConfig) {
    config.service(read_only("/health/live", health::live)).service(read_only("/health/ready", health::ready));
}

/// A path that is only looked at.
fn read_only<H: Handler<Args, Output: Responder + 'static> + Copy, Args: FromRequest + 'static>(
    path: &str,
    handler: H,
) -> Resource {
    let resource = web::resource(path).route(web::get().to(handler)).route(web::head().to(handler));
    resource.default_service(web::to(method_not_allowed(READING)))
}

/// A gateway that has all it works with, and listens nowhere yet.
pub(crate) struct Prepared {
    settings: Arc<Settings>,
    shared: Shared,
    background: Background,
}

/// Starts a gateway: it is ready when this returns.
///
/// # Errors
/// [`StartError`]
pub async fn start(parts: GatewayParts) -> Result<Running, StartError> {
    // Large futures, which those who wait for them do not carry about with them.
    Box::pin(Box::pin(prepare(parts)).await?.open()).await
}

/// Does what may fail or take its time, before anything is listened on.
///
/// # Errors
/// [`StartError`]
pub(crate) async fn prepare(parts: GatewayParts) -> Result<Prepared, StartError> {
    let GatewayParts { settings, store, name_servers } = parts;
    let (shared, background) = start::prepare(&settings, store, name_servers).await?;
    Ok(Prepared { settings, shared, background })
}

impl Prepared {
    /// Listens and serves.
    ///
    /// # Errors
    /// [`StartError::Bind`], [`StartError::Threads`]; nothing is left of it then.
    pub(crate) async fn open(self) -> Result<Running, StartError> {
        let Self { settings, shared, background } = self;
        let documents = Documents::of(settings.public_url.as_str().trim_end_matches('/'));
        let (docs, face) = (settings.docs, start::face(&settings));
        let (services, health) = (shared.services.clone(), shared.health.clone());
        let root = face.clone();
        let everything = move |config: &mut ServiceConfig| routes(config, docs, &documents, face.clone());
        let graph_face = move |config: &mut ServiceConfig| graph::at_root(config, root.clone());
        let connections = ports::connections(&settings, services.metrics.clone());
        // All addresses are taken before the first call is.
        let Ports { api, graph_face: alone, metrics: watched } = Ports::take(&settings)?;
        let api = serve(api, settings.workers, &connections, shared.clone(), everything).await?;
        let alone = match alone {
            Some(alone) => Some(serve(alone, settings.workers, &connections, shared, graph_face).await?),
            None => None,
        };
        let watched = match watched {
            Some(watched) => Some(serve_metrics(watched, &services.metrics, &health).await?),
            None => None,
        };
        Ok(Running { api, graph_face: alone, watched, services, health, background: background.start() })
    }
}

/// Serves calls, with the gateway's manners.
async fn serve(
    listeners: Listeners,
    workers: usize,
    connections: &Arc<Connections>,
    shared: Shared,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> Result<Server, StartError> {
    let server = listeners.serve(workers, Patience::default(), connections, move || {
        App::new()
            .app_data(Data::new(shared.worker()))
            .app_data(Data::from(shared.health.clone()))
            .wrap(from_fn(track))
            .configure(routes.clone())
    });
    server.await.map_err(StartError::Threads)
}

/// Serves those who read the metrics, and probes, which callers with too many connections do not keep out here: one
/// thread, few connections, and no line in the log for each look.
async fn serve_metrics(listeners: Listeners, metrics: &Metrics, health: &Arc<Health>) -> Result<Server, StartError> {
    let connections = Arc::new(Connections::uncounted(bounds::METRICS_CONNECTIONS));
    let (metrics, health) = (Data::new(metrics.clone()), Data::from(health.clone()));
    let server = listeners.serve(1, Patience::default(), &connections, move || {
        App::new().app_data(metrics.clone()).app_data(health.clone()).configure(metrics::routes).configure(looks)
    });
    server.await.map_err(StartError::Threads)
}

impl Running {
    /// Where it listens.
    pub fn addrs(&self) -> &[SocketAddr] {
        self.api.addrs()
    }

    /// Where the Graph-compatible face listens by itself; empty where it does not.
    pub fn graph_face_addrs(&self) -> &[SocketAddr] {
        self.graph_face.as_ref().map_or(&[], Server::addrs)
    }

    /// Where `/metrics` listens; empty where it does not.
    pub fn metrics_addrs(&self) -> &[SocketAddr] {
        self.watched.as_ref().map_or(&[], Server::addrs)
    }

    /// Waits until a port is not served as it should be. That is never, but for a mistake of ours.
    pub(crate) async fn lost(&self) {
        let servers = iter::once(&self.api).chain(&self.graph_face).chain(&self.watched);
        select_all(servers.map(|server| Box::pin(server.lost()))).await;
    }

    /// Stops: calls and deliveries that run may end within `drain`, waiting calls answer with what is known. Nothing that
    /// was taken is dropped before; how that goes with load balancers is told at [`crate::serving`]. All of
    /// it has ended 9 seconds after `drain` at the latest.
    pub async fn stop(self, drain: Duration) {
        let Self { api, graph_face, watched, services, health, background } = self;
        let mut servers: Vec<Server> = iter::once(api).chain(graph_face).collect();
        let RunningBackground { deliveries, loops } = background;
        let until = Instant::now() + drain;
        let calls = async {
            if timeout_at(until, let_calls_end(&mut servers, &services, &health, drain)).await.is_err() {
                if !drain.is_zero() {
                    tracing::warn!(?drain, "calls that did not end in time are cut off");
                }
                servers.iter().for_each(Server::cut_off);
                let _ = timeout(bounds::CUTTING_OFF, emptied(&servers)).await;
            }
            servers
        };
        // A connection to PostgreSQL lives on the thread that has opened it, whoever uses it: the threads of what has
        // ended, or was cut off, are kept until nothing runs any more.
        let threads = join(calls, deliveries.stop(until)).await;
        loops.stop().await;
        drop((threads, watched));
    }
}

/// Takes leave of the clients, one step after the other, until no call runs.
async fn let_calls_end(servers: &mut [Server], services: &Services, health: &Health, drain: Duration) {
    let step = |most: Duration| most.min(drain / 10);
    health.drain();
    servers.iter().for_each(Server::give_last_answers);
    sleep(step(bounds::LAST_CONNECTIONS)).await;
    join_all(servers.iter_mut().map(Server::go_deaf)).await;
    services.waiters.stop();
    services.feeds.stop();
    let _ = timeout(step(bounds::LAST_REQUESTS), emptied(servers)).await;
    servers.iter().for_each(Server::close_resting);
    emptied(servers).await;
    services.writes.close();
    services.writes.wait().await;
}

async fn emptied(servers: &[Server]) {
    join_all(servers.iter().map(Server::emptied)).await;
}
