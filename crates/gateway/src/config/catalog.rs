//! The table of settings: one line a setting, read by everything that speaks of settings.

use std::{net::SocketAddr, time::Duration};

use ipnet::IpNet;
use secrecy::SecretString;
use tenant_store::{Limit, MasterKeys, Rate};
use url::Url;

use super::{
    AnySetting, Docs, Setting,
    durations::{duration, pause, retention, seconds},
    parse,
};
use crate::{deliveries::Retries, limits::RedisUrl, telemetry::LogFormat, traces::Ratio};

/// Makes the settings and [`ALL`] from one list, so that none can be left out of it.
macro_rules! settings {
    ($($name:ident: $type:ty = $setting:expr;)*) => {
        $(
            #[doc = concat!("The setting `", stringify!($name), "`; its meaning is its own text.")]
            pub static $name: Setting<$type> = $setting;
        )*

        /// All settings, in the order in which documentation lists them.
        pub static ALL: &[&dyn AnySetting] = &[$(&$name,)*];
    };
}

settings! {
    DATABASE_URL: SecretString = Setting::secret("DATABASE_URL", parse::postgres_url,
        "PostgreSQL, as the gateway's own role: no owner of tables, no BYPASSRLS").required();
    MIGRATE_URL: SecretString = Setting::secret("GROUPGATE_MIGRATE_URL", parse::postgres_url,
        "PostgreSQL, as the owner of the tables; only `groupgate migrate` uses it").without("required by migrate");
    DB_CONNECTIONS: u32 = Setting::plain("GROUPGATE_DB_CONNECTIONS", "db-connections", parse::connections,
        "Size of the pool of database connections; LISTEN has one more").default("10");
    DB_ACQUIRE_TIMEOUT: Duration = Setting::plain(
        "GROUPGATE_DB_ACQUIRE_TIMEOUT", "db-acquire-timeout", duration,
        "How long a call waits for a database connection before it is answered 503").default("2s");
    BIND: Vec<SocketAddr> = Setting::plain("GROUPGATE_BIND", "bind", parse::addresses,
        "Where the API listens; several by comma").default("127.0.0.1:8080");
    GRAPH_FACE_BIND: SocketAddr = Setting::plain("GROUPGATE_GRAPH_FACE_BIND", "graph-face-bind", parse::address,
        "A second port whose root is /graph, for clients that can only replace a host");
    METRICS_BIND: SocketAddr = Setting::plain("GROUPGATE_METRICS_BIND", "metrics-bind", parse::address,
        "Where /metrics listens, on a port apart from the API");
    PUBLIC_URL: Url = Setting::plain("GROUPGATE_PUBLIC_URL", "public-url", parse::http_url,
        "The address that callers use: issuer of tokens, servers in OpenAPI").without("from the bind address");
    TRUSTED_PROXIES: Vec<IpNet> = Setting::plain("GROUPGATE_TRUSTED_PROXIES", "trusted-proxies", parse::networks,
        "Networks whose X-Forwarded-For and Forwarded count; several by comma");
    ALLOWED_NETWORKS: Vec<IpNet> = Setting::plain("GROUPGATE_ALLOWED_NETWORKS", "allowed-networks", parse::networks,
        "Private networks that deliveries and fetches may reach, by http too; several by comma");
    WORKERS: usize = Setting::plain("GROUPGATE_WORKERS", "workers", parse::workers,
        "Threads that serve calls").without("one a core");
    CONNECTIONS: usize = Setting::plain("GROUPGATE_CONNECTIONS", "connections", parse::client_connections,
        "Connections of clients that may be open at the same time; one more is closed at once").default("16384");
    CONNECTIONS_PER_ADDRESS: usize = Setting::plain(
        "GROUPGATE_CONNECTIONS_PER_ADDRESS", "connections-per-address", parse::client_connections,
        "Those of one client address (of IPv6: one network of /64); those of trusted proxies are not counted so")
        .default("12288");
    MASTER_KEY: MasterKeys = Setting::secret("GROUPGATE_MASTER_KEY", parse::master_keys,
        "The keys that seal the tenants' secrets: id:base64(32 bytes), several by comma, the first seals")
        .required();
    GRAPH_URL: Url = Setting::plain("GROUPGATE_GRAPH_URL", "graph-url", parse::http_url,
        "The Graph API").default("https://graph.facebook.com");
    GRAPH_VERSION: String = Setting::plain("GROUPGATE_GRAPH_VERSION", "graph-version", parse::graph_version,
        "The Graph API's version").default("v23.0");
    GRAPH_SUPERSET: bool = Setting::plain("GROUPGATE_GRAPH_SUPERSET", "graph-superset", parse::switch,
        "Whether the Graph-compatible face adds a request_id to answers of changes in which Meta gives none")
        .default("true");
    APP_ID: String = Setting::plain("GROUPGATE_APP_ID", "app-id", parse::app_id,
        "The ID of the ISV's Meta app; with its secret, tokens are checked and tenants onboarded")
        .without("none: tokens are stored unchecked");
    APP_SECRET: Vec<SecretString> = Setting::secret("GROUPGATE_APP_SECRET", parse::secrets,
        "The app's secret: makes appsecret_proof and checks webhooks; several by comma while rotating, the first signs")
        .without("none: webhooks are refused");
    WEBHOOK_VERIFY_TOKEN: SecretString = Setting::secret("GROUPGATE_WEBHOOK_VERIFY_TOKEN", parse::secret,
        "What Meta sends in its verification challenge").without("none: the challenge is refused");
    UPSTREAM_CONNECT_TIMEOUT: Duration = Setting::plain(
        "GROUPGATE_UPSTREAM_CONNECT_TIMEOUT", "upstream-connect-timeout", duration,
        "How long connecting to the Graph API may take").default("2s");
    UPSTREAM_TIMEOUT: Duration = Setting::plain("GROUPGATE_UPSTREAM_TIMEOUT", "upstream-timeout", duration,
        "How long a call to the Graph API may take, head and body together").default("20s");
    UPSTREAM_BREAKERS: bool = Setting::plain("GROUPGATE_UPSTREAM_BREAKERS", "upstream-breakers", parse::switch,
        "Whether calls to the Graph API are refused at once while the last ones of all, or of their number, have failed")
        .default("true");
    UPSTREAM_PAUSE: Duration = Setting::plain("GROUPGATE_UPSTREAM_PAUSE", "upstream-pause", pause,
        "How long nothing is sent after Meta refused twice for a quota's sake and named no time; doubled each further time, \
         up to a minute; or off")
        .default("1s");
    RATE_PER_KEY: Limit = Setting::plain("GROUPGATE_RATE_PER_KEY", "rate-per-key", parse::limit,
        "How many calls an access key may make: in a second, at once, in flight (100/s;burst=200;in-flight=50); or off")
        .default("100/s;burst=200");
    RATE_PER_KEY_READ: Limit = Setting::plain(
        "GROUPGATE_RATE_PER_KEY_READ", "rate-per-key-read", parse::limit,
        "The same for its calls that read, beside the limit of all of them").default("off");
    RATE_PER_KEY_WRITE: Limit = Setting::plain(
        "GROUPGATE_RATE_PER_KEY_WRITE", "rate-per-key-write", parse::limit,
        "The same for its calls that write, beside the limit of all of them").default("off");
    RATE_PER_KEY_MESSAGE: Limit = Setting::plain(
        "GROUPGATE_RATE_PER_KEY_MESSAGE", "rate-per-key-message", parse::limit,
        "The same for its calls about messages, beside the limit of all of them").default("off");
    RATE_PER_TENANT: Limit = Setting::plain("GROUPGATE_RATE_PER_TENANT", "rate-per-tenant", parse::limit,
        "How many calls may be made for a tenant without a limit of its own; or off")
        .default("100/s;burst=200");
    RATE_PER_TENANT_READ: Limit = Setting::plain(
        "GROUPGATE_RATE_PER_TENANT_READ", "rate-per-tenant-read", parse::limit,
        "The same for its calls that read, beside the limit of all of them").default("off");
    RATE_PER_TENANT_WRITE: Limit = Setting::plain(
        "GROUPGATE_RATE_PER_TENANT_WRITE", "rate-per-tenant-write", parse::limit,
        "The same for its calls that write, beside the limit of all of them").default("off");
    RATE_PER_TENANT_MESSAGE: Limit = Setting::plain(
        "GROUPGATE_RATE_PER_TENANT_MESSAGE", "rate-per-tenant-message", parse::limit,
        "The same for its calls about messages, beside the limit of all of them").default("off");
    RATE_PER_NUMBER: Limit = Setting::plain("GROUPGATE_RATE_PER_NUMBER", "rate-per-number", parse::limit,
        "How many calls to Meta may be made for a number; or off")
        .default("50/s;burst=100");
    RATE_PER_NUMBER_READ: Limit = Setting::plain(
        "GROUPGATE_RATE_PER_NUMBER_READ", "rate-per-number-read", parse::limit,
        "The same for its calls that read, beside the limit of all of them").default("off");
    RATE_PER_NUMBER_WRITE: Limit = Setting::plain(
        "GROUPGATE_RATE_PER_NUMBER_WRITE", "rate-per-number-write", parse::limit,
        "The same for its calls that write, beside the limit of all of them").default("off");
    RATE_PER_NUMBER_MESSAGE: Limit = Setting::plain(
        "GROUPGATE_RATE_PER_NUMBER_MESSAGE", "rate-per-number-message", parse::limit,
        "The same for its calls about messages, beside the limit of all of them").default("off");
    REDIS_URL: RedisUrl = Setting::secret("GROUPGATE_REDIS_URL", parse::redis_url,
        "Redis or Valkey, in which all replicas count these limits together")
        .without("none: each replica counts by itself");
    AUTH_FAILURES: Rate = Setting::plain("GROUPGATE_AUTH_FAILURES", "auth-failures", parse::rate,
        "How many wrong secrets a client address may send; or off").default("20/m");
    HMAC_SHA1: bool = Setting::plain("GROUPGATE_HMAC_SHA1", "hmac-sha1", parse::switch,
        "Whether callers of the RPC face may sign in the older way, with HMAC-SHA1: true or false").default("true");
    STALE_SECONDS: Duration = Setting::plain("GROUPGATE_STALE_SECONDS", "stale-seconds", seconds,
        "How long known tenants go on without PostgreSQL").default("900");
    DRAIN_SECONDS: Duration = Setting::plain("GROUPGATE_DRAIN_SECONDS", "drain-seconds", seconds,
        "How long calls in flight may go on after SIGTERM").default("25");
    EVENT_RETENTION: Duration = Setting::plain("GROUPGATE_EVENT_RETENTION", "event-retention", retention,
        "How long events and their deliveries are kept").default("30d");
    DELIVERY_RETRIES: Retries = Setting::plain("GROUPGATE_DELIVERY_RETRIES", "delivery-retries", parse::retries,
        "How long a delivery waits before each further try, a fifth more or less; when the last has failed it is given up")
        .default("5s,5m,30m,2h,5h,10h,10h");
    DOCS: Docs = Setting::plain("GROUPGATE_DOCS", "docs", parse::docs,
        "Swagger UI and the OpenAPI documents: public, admin (behind an administrator's key), off").default("public");
    LOG: String = Setting::plain("GROUPGATE_LOG", "log", parse::log_filter,
        "A tracing filter, such as info,gateway=debug").default("info");
    LOG_FORMAT: LogFormat = Setting::plain("GROUPGATE_LOG_FORMAT", "log-format", parse::log_format,
        "How log lines are written: text, json, or auto (text on a terminal, JSON elsewhere)").default("auto");
    OTLP_URL: Url = Setting::plain("GROUPGATE_OTLP_URL", "otlp-url", parse::http_url,
        "The collector of traces, by OTLP over HTTP, such as http://127.0.0.1:4318").without("none: nothing is traced");
    TRACE_RATIO: Ratio = Setting::plain("GROUPGATE_TRACE_RATIO", "trace-ratio", parse::ratio,
        "Which part of the calls and webhooks is traced whose sender says nothing of it: from 0 to 1").default("0.01");
    TRACE_UPSTREAM: bool = Setting::plain("GROUPGATE_TRACE_UPSTREAM", "trace-upstream", parse::switch,
        "Whether calls to the Graph API carry traceparent and tracestate").default("true");
}

/// Names that the demo writes into `demo.env` for callers' scripts: known, and no settings.
pub(super) const FOR_SCRIPTS: &[&str] = &[
    "GROUPGATE_URL",
    "GROUPGATE_GRAPH_FACE_URL",
    "GROUPGATE_METRICS_URL",
    "GROUPGATE_SANDBOX_URL",
    "GROUPGATE_ADMIN_KEY_ID",
    "GROUPGATE_ADMIN_KEY_SECRET",
    "GROUPGATE_CUST_SPACE_ID",
    "GROUPGATE_BUSINESS_NUMBER",
    "GROUPGATE_PHONE_NUMBER_ID",
    "GROUPGATE_WABA_ID",
    "GROUPGATE_GROUP_ID",
    "GROUPGATE_ACCESS_KEY_ID",
    "GROUPGATE_ACCESS_KEY_SECRET",
    "GROUPGATE_CUST_SPACE_ID_2",
    "GROUPGATE_BUSINESS_NUMBER_2",
    "GROUPGATE_PHONE_NUMBER_ID_2",
    "GROUPGATE_WABA_ID_2",
    "GROUPGATE_GROUP_ID_2",
    "GROUPGATE_ACCESS_KEY_ID_2",
    "GROUPGATE_ACCESS_KEY_SECRET_2",
];
