//! From settings and a store to everything that a gateway works with.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use graph_client::webhooks::AppSecrets;
use graph_client::{App, GraphClient, GraphSettings, InvalidSettings, InvalidToken};
use secrecy::SecretString;
use tenant_store::{Store, StoreError};
use time::OffsetDateTime;
use tokio_util::task::TaskTracker;

use crate::admin::AuditJournal;
use crate::api::Worker;
use crate::api::graph::Face;
use crate::auth::{AccessKeys, Authenticator, Issuers, Nonces, SigningKeys, SigningKeysError, Tokens};
use crate::background::Background;
use crate::calls::CallJournal;
use crate::config::Settings;
use crate::credentials::Suspicions;
use crate::egress::{Egress, EgressSettings, EgressUnavailable, NameServers};
use crate::events::{Feeds, Inbox, LinkJournal, Nudge, Waiters};
use crate::health::Health;
use crate::limits::{AuthFailures, Limits, OpenStreams, SharedLimits, TrustedProxies};
use crate::operations::Services;
use crate::telemetry::metrics::Metrics;
use crate::tenants::{KnownGroups, KnownTemplates, Owners, Resolver};
use crate::traces::Tracer;
use crate::upstream::{Upstream, UpstreamSettings};
use crate::version::USER_AGENT;

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store is away.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Tokens cannot be signed.
    #[error(transparent)]
    SigningKeys(#[from] SigningKeysError),
    /// The upstream's settings are wrong.
    #[error("the Graph API cannot be called with these settings: {0}")]
    Graph(#[from] InvalidSettings),
    /// The Meta app's ID and secret make no token.
    #[error("GROUPGATE_APP_ID and GROUPGATE_APP_SECRET cannot be sent to Meta: {0}")]
    App(#[from] InvalidToken),
    /// Addresses that callers choose cannot be called.
    #[error(transparent)]
    Egress(#[from] EgressUnavailable),
    /// There are no threads to serve with.
    #[error("calls cannot be served: {0}")]
    Threads(io::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Bind {
        /// Which part was to listen there.
        listener: Listener,
        /// Where.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
}

/// A part of the gateway with ports of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    /// The API, and all that is beside it on its ports.
    Api,
    /// The Graph-compatible face by itself.
    GraphFace,
    /// `/metrics`.
    Metrics,
}

/// What all workers share.
#[derive(Clone)]
pub(crate) struct Shared {
    /// What operations work with.
    pub services: Arc<Services>,
    authenticator: Arc<Authenticator>,
    inbox: Arc<Inbox>,
    streams: Arc<OpenStreams>,
    /// How the gateway is.
    pub health: Arc<Health>,
    verify_token: Option<SecretString>,
    is_over_tls: bool,
    public_url: String,
    graph: GraphSettings,
    egress: EgressSettings,
}

impl Shared {
    /// One worker's share. It is made on the worker's own thread.
    pub(crate) fn worker(&self) -> Worker {
        #[expect(
            clippy::expect_used,
            reason = "`prepare` has made a client of the same settings before any worker starts"
        )]
        let (graph, egress) = self.clients().expect("settings that were tried at the start");
        Worker {
            services: self.services.clone(),
            authenticator: self.authenticator.clone(),
            inbox: self.inbox.clone(),
            streams: self.streams.clone(),
            verify_token: self.verify_token.clone(),
            health: self.health.clone(),
            is_over_tls: self.is_over_tls,
            public_url: self.public_url.clone(),
            graph,
            egress,
        }
    }

    fn clients(&self) -> Result<(GraphClient, Egress), StartError> {
        Ok((GraphClient::new(&self.graph)?, Egress::new(&self.egress)?))
    }
}

/// Makes everything, without listening yet.
///
/// # Errors
/// [`StartError`]
pub(crate) async fn prepare(
    settings: &Settings,
    store: Store,
    name_servers: NameServers,
) -> Result<(Shared, Background), StartError> {
    let graph = graph_settings(settings);
    let egress = EgressSettings { allowed_networks: settings.allowed_networks.clone(), name_servers };
    let metrics = Metrics::default();
    let upstream = Arc::new(Upstream::new(upstream_settings(settings), &metrics));
    let shared_limits = Arc::new(SharedLimits::new(settings.redis_url.clone(), metrics.clone()));
    let limits = Arc::new(Limits::new(settings.limits, shared_limits.clone()));
    let (links, link_writer) = LinkJournal::new();
    let (suspicions, suspected) = Suspicions::new();
    let (calls, call_writer) = CallJournal::new(metrics.clone());
    let (audit, audit_writer) = AuditJournal::new(metrics.clone());
    let (tracer, exporter) = settings.traces.clone().map(|traces| Tracer::new(traces, &metrics)).unzip();
    let services = Arc::new(Services {
        resolver: Resolver::new(
            store.clone(),
            settings.app_secrets.first().cloned(),
            limits.clone(),
            suspicions,
            upstream.clone(),
            settings.stale,
        ),
        app: meta_app(settings)?,
        known_groups: KnownGroups::default(),
        owners: Owners::new(store.clone(), settings.stale),
        known_templates: KnownTemplates::default(),
        waiters: Waiters::default(),
        feeds: Arc::new(Feeds::new(store.clone())),
        links,
        calls,
        audit,
        writes: TaskTracker::new(),
        upstream_timeout: settings.upstream_timeout,
        upstream,
        shared_limits,
        limits,
        metrics,
        tracer,
        store: store.clone(),
    });
    let authenticator = Arc::new(Authenticator {
        keys: AccessKeys::new(store.clone(), settings.limits.per_key, settings.stale),
        tokens: Tokens::new(SigningKeys::open(&store).await?, issuer(settings)),
        issuers: Issuers::new(store.clone(), settings.limits.per_key, settings.stale),
        nonces: Nonces::new(store.clone()),
        takes_hmac_sha1: settings.hmac_sha1,
        failures: AuthFailures::new(settings.auth_failures),
        proxies: TrustedProxies::new(settings.trusted_proxies.clone()),
    });
    // Before it takes a call, which may seal something: a rotation of the master key asks who might. And not before it is
    // known that it has the right one: who cannot start is nobody to wait for.
    store.tell_of_this_replica(env!("CARGO_PKG_VERSION"), OffsetDateTime::now_utc()).await?;
    let nudge = Nudge::default();
    let health = Arc::new(Health::new(services.clone(), settings.stale));
    services.metrics.show(&services, &authenticator, &health);
    let background = Background {
        services: services.clone(),
        authenticator: authenticator.clone(),
        health: health.clone(),
        notifications: store.listen().await?,
        links: link_writer,
        suspected,
        calls: call_writer,
        audit: audit_writer,
        exporter,
        nudge: nudge.clone(),
        graph: graph.clone(),
        egress: egress.clone(),
        retries: settings.delivery_retries.clone(),
        retention: settings.event_retention,
    };
    let secrets = AppSecrets::from(settings.app_secrets.clone());
    let inbox = Arc::new(Inbox::new(store, secrets, nudge, services.metrics.clone()));
    let verify_token = settings.webhook_verify_token.clone();
    let streams = Arc::new(OpenStreams::new(settings.workers));
    let (is_over_tls, public_url) = (settings.public_url.scheme() == "https", issuer(settings));
    let shared = Shared {
        services,
        authenticator,
        inbox,
        streams,
        health,
        verify_token,
        is_over_tls,
        public_url,
        graph,
        egress,
    };
    shared.clients()?;
    Ok((shared, background))
}

/// The ISV's Meta app; without ID or secret nobody may ask Meta about tokens.
fn meta_app(settings: &Settings) -> Result<Option<App>, StartError> {
    let Some((id, secret)) = settings.app_id.as_ref().zip(settings.app_secrets.first()) else { return Ok(None) };
    Ok(Some(App::new(id, secret)?))
}

/// Where the Graph-compatible face leads its callers.
pub(crate) fn face(settings: &Settings) -> Face {
    Face { public_url: issuer(settings), version: settings.graph_version.clone(), superset: settings.graph_superset }
}

/// The gateway's public address, as its tokens name it.
fn issuer(settings: &Settings) -> String {
    settings.public_url.as_str().trim_end_matches('/').to_owned()
}

fn upstream_settings(settings: &Settings) -> UpstreamSettings {
    UpstreamSettings { pause: settings.upstream_pause, has_breakers: settings.upstream_breakers }
}

fn graph_settings(settings: &Settings) -> GraphSettings {
    GraphSettings {
        version: settings.graph_version.clone(),
        connect_timeout: settings.upstream_connect_timeout,
        timeout: settings.upstream_timeout,
        user_agent: USER_AGENT.to_owned(),
        ..GraphSettings::new(settings.graph_url.clone())
    }
}
