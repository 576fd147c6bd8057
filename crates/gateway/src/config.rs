//! Every setting, typed: read once, at start, from flags, the environment and files of secrets.
//!
//! A setting stands in one place, [`catalog`]: its variable, flag, default, meaning and rule. The
//! flags of `groupgate serve`, its `--help`, `groupgate config check` and the reading itself are
//! made from there. Nothing else of groupgate reads the environment.

pub mod caller;
pub mod catalog;
mod durations;
mod error;
mod flags;
mod parse;
mod reference;
mod report;
pub(crate) mod secret_file;
mod setting;
mod sources;
mod unknown;

use std::{net::SocketAddr, time::Duration};

use ipnet::IpNet;
use secrecy::SecretString;
use tenant_store::{MasterKeys, PerClass, Rate};
use url::Url;

pub use durations::parse_duration;
pub use error::ConfigError;
pub use flags::SettingFlags;
pub(crate) use flags::secrets_help;
pub use parse::local_url;
pub use reference::settings_markdown;
pub use report::{Report, Row};
pub use setting::{AnySetting, Setting};
pub use sources::{Environment, Origin, Sources};
pub use unknown::Warning;

use crate::{
    deliveries::Retries,
    limits::{DefaultLimits, RedisUrl},
    telemetry::LogFormat,
    traces::TraceSettings,
};

/// Who may see Swagger UI and the OpenAPI documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Docs {
    /// Anyone.
    Public,
    /// Holders of an administrator's key.
    Admin,
    /// Nobody: the paths answer 404.
    Off,
}

/// What the gateway runs with.
///
/// `Debug` shows no secret: they stand in types that hide themselves.
#[derive(Debug)]
pub struct Settings {
    /// Where the API listens; at least one address.
    pub bind: Vec<SocketAddr>,
    /// The address that callers use: issuer of tokens, `servers` of the OpenAPI document.
    pub public_url: Url,
    /// actix workers; at least one.
    pub workers: usize,
    /// Connections that may be open at the same time.
    pub connections: usize,
    /// Those of one client address; behind trusted proxies they are not counted so.
    pub connections_per_address: usize,
    /// The gateway's own role.
    pub database_url: SecretString,
    /// Size of the pool; LISTEN has one more.
    pub db_connections: u32,
    /// How long a call waits for a database connection.
    pub db_acquire_timeout: Duration,
    /// The keys that wrap the tenants' data keys; the first seals.
    pub master_keys: MasterKeys,
    /// The upstream's root, `https://graph.facebook.com`.
    pub graph_url: Url,
    /// The Graph API's version, `v23.0`.
    pub graph_version: String,
    /// Whether changes in the Graph-compatible face get a `request_id` of ours where Meta gives none.
    pub graph_superset: bool,
    /// The ISV's Meta app.
    pub app_id: Option<String>,
    /// The app's secrets: the first makes `appsecret_proof`, each is good for webhooks.
    pub app_secrets: Vec<SecretString>,
    /// What Meta must send in its verification challenge; without it the challenge is refused.
    pub webhook_verify_token: Option<SecretString>,
    /// How long connecting to the upstream may take.
    pub upstream_connect_timeout: Duration,
    /// How long an upstream call may take, head and body together.
    pub upstream_timeout: Duration,
    /// Whether calls are refused at once while the last ones have failed.
    pub upstream_breakers: bool,
    /// How long nothing is sent after Meta refused twice for a quota's sake and named no time.
    pub upstream_pause: Duration,
    /// The limits of keys, tenants and numbers.
    pub limits: DefaultLimits,
    /// Where all replicas count these limits together; `None` where each counts alone.
    pub redis_url: Option<RedisUrl>,
    /// How many wrong secrets a client address may send.
    pub auth_failures: Rate,
    /// Whether the RPC face takes the older signature, HMAC-SHA1.
    pub hmac_sha1: bool,
    /// How long known tenants go on without PostgreSQL.
    pub stale: Duration,
    /// How long calls in flight may go on after SIGTERM.
    pub drain: Duration,
    /// How long events and their deliveries are kept; at least a day.
    pub event_retention: Duration,
    /// The pauses between the tries of a delivery.
    pub delivery_retries: Retries,
    /// Who may see the documentation.
    pub docs: Docs,
    /// A tracing filter, such as `info,gateway=debug`.
    pub log: String,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// What is traced, and where it is told; `None` where nothing is.
    pub traces: Option<TraceSettings>,
    /// Networks whose `X-Forwarded-For` and `Forwarded` count.
    pub trusted_proxies: Vec<IpNet>,
    /// Private networks that deliveries and fetches may reach, by `http` too.
    pub allowed_networks: Vec<IpNet>,
    /// Where the Graph-compatible face listens by itself.
    pub graph_face_bind: Option<SocketAddr>,
    /// Where `/metrics` listens.
    pub metrics_bind: Option<SocketAddr>,
}

impl Settings {
    /// Reads every setting of [`catalog`] that the gateway uses.
    ///
    /// # Errors
    /// The first setting that is missing or wrong, by name, with what is expected.
    pub fn read(sources: &Sources) -> Result<Self, ConfigError> {
        let bind = sources.required(&catalog::BIND)?;
        let public_url = sources.optional(&catalog::PUBLIC_URL)?.or_else(|| bind.first().copied().map(local_url));
        Ok(Self {
            bind,
            public_url: public_url.ok_or_else(|| ConfigError::missing(catalog::PUBLIC_URL.about()))?,
            workers: sources.optional(&catalog::WORKERS)?.unwrap_or_else(one_a_core),
            connections: sources.required(&catalog::CONNECTIONS)?,
            connections_per_address: sources.required(&catalog::CONNECTIONS_PER_ADDRESS)?,
            database_url: sources.required(&catalog::DATABASE_URL)?,
            db_connections: sources.required(&catalog::DB_CONNECTIONS)?,
            db_acquire_timeout: sources.required(&catalog::DB_ACQUIRE_TIMEOUT)?,
            master_keys: sources.required(&catalog::MASTER_KEY)?,
            graph_url: sources.required(&catalog::GRAPH_URL)?,
            graph_version: sources.required(&catalog::GRAPH_VERSION)?,
            graph_superset: sources.required(&catalog::GRAPH_SUPERSET)?,
            app_id: sources.optional(&catalog::APP_ID)?,
            app_secrets: sources.optional(&catalog::APP_SECRET)?.unwrap_or_default(),
            webhook_verify_token: sources.optional(&catalog::WEBHOOK_VERIFY_TOKEN)?,
            upstream_connect_timeout: sources.required(&catalog::UPSTREAM_CONNECT_TIMEOUT)?,
            upstream_timeout: sources.required(&catalog::UPSTREAM_TIMEOUT)?,
            upstream_breakers: sources.required(&catalog::UPSTREAM_BREAKERS)?,
            upstream_pause: sources.required(&catalog::UPSTREAM_PAUSE)?,
            limits: limits(sources)?,
            redis_url: sources.optional(&catalog::REDIS_URL)?,
            auth_failures: sources.required(&catalog::AUTH_FAILURES)?,
            hmac_sha1: sources.required(&catalog::HMAC_SHA1)?,
            stale: sources.required(&catalog::STALE_SECONDS)?,
            drain: sources.required(&catalog::DRAIN_SECONDS)?,
            event_retention: sources.required(&catalog::EVENT_RETENTION)?,
            delivery_retries: sources.required(&catalog::DELIVERY_RETRIES)?,
            docs: sources.required(&catalog::DOCS)?,
            log: sources.required(&catalog::LOG)?,
            log_format: sources.required(&catalog::LOG_FORMAT)?,
            traces: traces(sources)?,
            trusted_proxies: sources.optional(&catalog::TRUSTED_PROXIES)?.unwrap_or_default(),
            allowed_networks: sources.optional(&catalog::ALLOWED_NETWORKS)?.unwrap_or_default(),
            graph_face_bind: sources.optional(&catalog::GRAPH_FACE_BIND)?,
            metrics_bind: sources.optional(&catalog::METRICS_BIND)?,
        })
    }
}

fn limits(sources: &Sources) -> Result<DefaultLimits, ConfigError> {
    Ok(DefaultLimits {
        per_key: PerClass {
            all: sources.required(&catalog::RATE_PER_KEY)?,
            read: sources.required(&catalog::RATE_PER_KEY_READ)?,
            write: sources.required(&catalog::RATE_PER_KEY_WRITE)?,
            message: sources.required(&catalog::RATE_PER_KEY_MESSAGE)?,
        },
        per_tenant: PerClass {
            all: sources.required(&catalog::RATE_PER_TENANT)?,
            read: sources.required(&catalog::RATE_PER_TENANT_READ)?,
            write: sources.required(&catalog::RATE_PER_TENANT_WRITE)?,
            message: sources.required(&catalog::RATE_PER_TENANT_MESSAGE)?,
        },
        per_number: PerClass {
            all: sources.required(&catalog::RATE_PER_NUMBER)?,
            read: sources.required(&catalog::RATE_PER_NUMBER_READ)?,
            write: sources.required(&catalog::RATE_PER_NUMBER_WRITE)?,
            message: sources.required(&catalog::RATE_PER_NUMBER_MESSAGE)?,
        },
    })
}

fn traces(sources: &Sources) -> Result<Option<TraceSettings>, ConfigError> {
    let (ratio, upstream) = (sources.required(&catalog::TRACE_RATIO)?, sources.required(&catalog::TRACE_UPSTREAM)?);
    let collector = sources.optional(&catalog::OTLP_URL)?;
    Ok(collector.map(|collector| TraceSettings { collector, ratio, upstream }))
}

fn one_a_core() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
