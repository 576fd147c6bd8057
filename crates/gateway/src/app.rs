//! The whole HTTP surface on one page, and how it is started and stopped.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, FromRequest, Handler, Resource, Responder};
use futures_util::future::{join, join_all, select_all};
use tenant_store::Store;
use tokio::time::{sleep, timeout};

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
use crate::serving::{Connections, Listeners, Patience, Server, answering};
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
    addrs: Vec<SocketAddr>,
    graph_face_addrs: Vec<SocketAddr>,
    metrics_addrs: Vec<SocketAddr>,
    /// Those that take calls.
    servers: Vec<Server>,
    /// The one of the metrics, by which the end can be watched.
    watched: Option<Server>,
    services: Arc<Services>,
    health: Arc<Health>,
    background: RunningBackground,
}

/// Every path, in the order in which it is tried: the hot ones first.
fn routes(config: &mut ServiceConfig, docs: Docs, documents: Documents, face: Face) {
    config
        .service(
            web::scope("/v1")
                .configure(normalized::routes)
                .configure(oauth::routes)
                .configure(whoami::routes)
                .configure(events::routes)
                .default_service(web::to(not_found)),
        )
        .service(
            web::resource("/webhooks/graph")
                .route(web::post().to(webhooks::receive))
                .route(web::get().to(webhooks::verify))
                .default_service(web::to(method_not_allowed("GET, POST"))),
        )
        .service(read_only("/health/live", health::live))
        .service(read_only("/health/ready", health::ready))
        .service(read_only("/.well-known/jwks.json", oauth::key_set))
        .configure(admin::routes)
        .configure(console::routes)
        .configure(|config| cams_rpc::routes(config, &face.public_url))
        .configure(|config| graph::routes(config, face))
        .configure(|config| docs::routes(config, docs, documents))
        .default_service(web::to(not_found));
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
    // A large future, which those who wait for it do not carry about with them.
    Box::pin(async { prepare(parts).await?.open().await }).await
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
        let everything = move |config: &mut ServiceConfig| routes(config, docs, documents.clone(), face.clone());
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
            Some(watched) => Some(serve_metrics(watched, &services.metrics).await?),
            None => None,
        };
        let addrs_of = |server: Option<&Server>| server.map(|server| server.addrs().to_vec()).unwrap_or_default();
        Ok(Running {
            addrs: addrs_of(Some(&api)),
            graph_face_addrs: addrs_of(alone.as_ref()),
            metrics_addrs: addrs_of(watched.as_ref()),
            servers: [Some(api), alone].into_iter().flatten().collect(),
            watched,
            services,
            health,
            background: background.start(),
        })
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
            .wrap(from_fn(track))
            .wrap(from_fn(answering))
            .configure(routes.clone())
    });
    server.await.map_err(StartError::Threads)
}

/// Serves those who read the metrics: one thread, few connections, and no line in the log for each look.
async fn serve_metrics(listeners: Listeners, metrics: &Metrics) -> Result<Server, StartError> {
    let connections = Arc::new(Connections::uncounted(bounds::METRICS_CONNECTIONS));
    let metrics = Data::new(metrics.clone());
    let server = listeners.serve(1, Patience::default(), &connections, move || {
        App::new().app_data(metrics.clone()).wrap(from_fn(answering)).configure(metrics::routes)
    });
    server.await.map_err(StartError::Threads)
}

impl Running {
    /// Where it listens.
    pub fn addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// Where the Graph-compatible face listens by itself; empty where it does not.
    pub fn graph_face_addrs(&self) -> &[SocketAddr] {
        &self.graph_face_addrs
    }

    /// Where `/metrics` listens; empty where it does not.
    pub fn metrics_addrs(&self) -> &[SocketAddr] {
        &self.metrics_addrs
    }

    /// Waits until a port is served by nobody any more. That is never, but for a mistake of ours.
    pub(crate) async fn lost(&self) {
        select_all(self.servers.iter().map(|server| Box::pin(server.lost()))).await;
    }

    /// Stops: calls and deliveries that run may end within `drain`, waiting calls answer with what is known. Nothing that
    /// was taken is dropped before; how that goes with load balancers is told at [`crate::serving`].
    pub async fn stop(self, drain: Duration) {
        let Self { mut servers, watched, services, health, background, .. } = self;
        let RunningBackground { deliveries, loops } = background;
        let calls = async {
            let ended = timeout(drain, let_calls_end(&mut servers, &services, &health, drain)).await;
            if ended.is_err() && !drain.is_zero() {
                tracing::warn!(?drain, "calls that did not end in time are cut off");
            }
            ended.is_ok().then_some(servers)
        };
        // A connection to PostgreSQL lives on the thread that has opened it, whoever uses it: the threads of what has
        // ended are kept until nothing runs any more.
        let (_servers, _deliveries) = join(calls, deliveries.stop(drain)).await;
        loops.stop().await;
        drop(watched);
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
