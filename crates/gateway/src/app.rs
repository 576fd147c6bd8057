//! The whole HTTP surface on one page, and how it is started and stopped.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::rt;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, FromRequest, Handler, HttpServer, Resource, Responder};
use futures_util::future::{join, join_all};
use tenant_store::Store;

use crate::api::graph::{self, Face};
use crate::api::{
    READING, admin, cams_rpc, docs, events, health, method_not_allowed, metrics, normalized, not_found, oauth, track,
    webhooks, whoami,
};
use crate::background::RunningBackground;
use crate::config::{Docs, Settings};
use crate::console;
use crate::egress::NameServers;
use crate::openapi::Documents;
use crate::operations::Services;
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
    servers: Vec<ServerHandle>,
    services: Arc<Services>,
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

/// Starts a gateway: it is ready when this returns.
///
/// # Errors
/// [`StartError`]
pub async fn start(parts: GatewayParts) -> Result<Running, StartError> {
    let GatewayParts { settings, store, name_servers } = parts;
    let (shared, background) = start::prepare(&settings, store, name_servers).await?;
    let documents = Documents::of(settings.public_url.as_str().trim_end_matches('/'));
    let (docs, face, services) = (settings.docs, start::face(&settings), shared.services.clone());
    let root = face.clone();
    let everything = move |config: &mut ServiceConfig| routes(config, docs, documents.clone(), face.clone());
    let graph_face = move |config: &mut ServiceConfig| graph::at_root(config, root.clone());
    let (addrs, api) = listen(&settings, Listener::Api, &settings.bind, shared.clone(), everything)?;
    let alone = settings.graph_face_bind.map(|at| listen(&settings, Listener::GraphFace, &[at], shared, graph_face));
    let (graph_face_addrs, alone) = alone.transpose()?.unzip();
    let watched = settings.metrics_bind.map(|at| listen_for_metrics(at, &services.metrics)).transpose()?;
    let (metrics_addrs, watched) = watched.unzip();
    let servers = [Some(api), alone, watched].into_iter().flatten().map(run).collect();
    let (graph_face_addrs, metrics_addrs) = (graph_face_addrs.unwrap_or_default(), metrics_addrs.unwrap_or_default());
    Ok(Running { addrs, graph_face_addrs, metrics_addrs, servers, services, background: background.start() })
}

fn run(server: Server) -> ServerHandle {
    let handle = server.handle();
    rt::spawn(server);
    handle
}

/// Listens, for a server with the gateway's manners that is still to be run.
fn listen(
    settings: &Settings,
    listener: Listener,
    addresses: &[SocketAddr],
    shared: Shared,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> Result<(Vec<SocketAddr>, Server), StartError> {
    let mut server = HttpServer::new(move || {
        App::new().app_data(Data::new(shared.worker())).wrap(from_fn(track)).configure(routes.clone())
    })
    .workers(settings.workers)
    .shutdown_timeout(settings.drain.as_secs())
    .h1_allow_half_closed(false)
    .disable_signals();
    for address in addresses {
        server = server.bind(address).map_err(|error| StartError::Bind { listener, address: *address, error })?;
    }
    Ok((server.addrs(), server.run()))
}

/// Listens for those who read the metrics: one thread, and no line in the log for each look.
fn listen_for_metrics(address: SocketAddr, metrics: &Metrics) -> Result<(Vec<SocketAddr>, Server), StartError> {
    let metrics = Data::new(metrics.clone());
    let server = HttpServer::new(move || App::new().app_data(metrics.clone()).configure(metrics::routes))
        .workers(1)
        .shutdown_timeout(1)
        .disable_signals()
        .bind(address)
        .map_err(|error| StartError::Bind { listener: Listener::Metrics, address, error })?;
    Ok((server.addrs(), server.run()))
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

    /// Stops: calls and deliveries that run may end within `drain`, waiting calls answer with what is known.
    pub async fn stop(self, drain: Duration) {
        self.services.waiters.stop();
        self.services.feeds.stop();
        for server in &self.servers {
            server.pause().await;
        }
        let finished = async {
            self.services.writes.close();
            self.services.writes.wait().await;
            join_all(self.servers.iter().map(|server| server.stop(true))).await;
        };
        let calls = async {
            if rt::time::timeout(drain, finished).await.is_err() {
                join_all(self.servers.iter().map(|server| server.stop(false))).await;
            }
        };
        let RunningBackground { deliveries, loops } = self.background;
        join(calls, deliveries.stop(drain)).await;
        loops.stop().await;
    }
}
