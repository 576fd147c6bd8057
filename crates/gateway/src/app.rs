//! The whole HTTP surface on one page, and how it is started and stopped.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::rt;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, FromRequest, Handler, HttpServer, Resource, Responder};
use tenant_store::Store;

use crate::api::{READING, docs, health, method_not_allowed, normalized, not_found, oauth, track, webhooks, whoami};
use crate::background::RunningBackground;
use crate::config::{Docs, Settings};
use crate::openapi::Documents;
use crate::operations::Services;
use crate::start;
pub use crate::start::StartError;

/// What a gateway is made of.
pub struct GatewayParts {
    /// Its settings.
    pub settings: Arc<Settings>,
    /// Its store, whose schema was checked.
    pub store: Store,
}

/// A gateway that serves.
pub struct Running {
    addrs: Vec<SocketAddr>,
    server: ServerHandle,
    services: Arc<Services>,
    background: RunningBackground,
}

/// Every path, in the order in which it is tried: the hot ones first.
fn routes(config: &mut ServiceConfig, docs: Docs, documents: Documents) {
    config
        .service(
            web::scope("/v1")
                .configure(normalized::routes)
                .configure(oauth::routes)
                .configure(whoami::routes)
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
    let GatewayParts { settings, store } = parts;
    let (shared, background) = start::prepare(&settings, store).await?;
    let documents = Documents::of(settings.public_url.as_str().trim_end_matches('/'));
    let (docs, services) = (settings.docs, shared.services.clone());
    let mut server = HttpServer::new(move || {
        let routes = |config: &mut ServiceConfig| routes(config, docs, documents.clone());
        App::new().app_data(Data::new(shared.worker())).wrap(from_fn(track)).configure(routes)
    })
    .workers(settings.workers)
    .shutdown_timeout(settings.drain.as_secs())
    .h1_allow_half_closed(false)
    .disable_signals();
    for address in &settings.bind {
        server = server.bind(address).map_err(|error| StartError::Bind { address: *address, error })?;
    }
    let addrs = server.addrs();
    let server = server.run();
    let handle = server.handle();
    rt::spawn(server);
    Ok(Running { addrs, server: handle, services, background: background.start() })
}

impl Running {
    /// Where it listens.
    pub fn addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// Stops: calls that run may end within `drain`, waiting ones answer with what is known.
    pub async fn stop(self, drain: Duration) {
        self.services.waiters.stop();
        self.server.pause().await;
        let finished = async {
            self.services.writes.close();
            self.services.writes.wait().await;
            self.server.stop(true).await;
        };
        if rt::time::timeout(drain, finished).await.is_err() {
            self.server.stop(false).await;
        }
        self.background.stop().await;
    }
}
