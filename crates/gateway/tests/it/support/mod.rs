//! A whole groupgate in the test's own process: a fresh database, the sandbox, and the gateway, on free ports.

mod admin;
mod browser;
mod client;
mod collector;
mod dns;
mod form;
mod groups;
mod proxy;
mod receiver;
mod redis;
mod rpc;
mod sandbox;
mod stopped;
mod web;
mod webhooks;

use std::sync::Arc;
use std::time::{Duration, Instant};

use gateway::app::{self, GatewayParts, Running};
use gateway::config::{Environment, SettingFlags, Settings, Sources};
use gateway::egress::NameServers;
use graph_sandbox::{RunningSandbox, SandboxSettings, Seed};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, PgConnection};
use tenant_store::private_server::{TestDatabase, test_database};
use tenant_store::{Actor, Grant, MasterKeys, NewAccessKey, NewNumber, NewTenant, Store, StoreSettings};

pub(crate) use crate::program::Measured;
pub(crate) use admin::Admin;
pub(crate) use browser::Browser;
pub(crate) use client::{Answered, Client, Credentials, http_client, with_tenant};
pub(crate) use collector::{Collector, Told};
pub(crate) use dns::NameServer;
pub(crate) use form::Form;
pub(crate) use proxy::ChaosProxy;
pub(crate) use receiver::{Delivery, Receiver};
pub(crate) use redis::Redis;
pub(crate) use rpc::{RpcRequest, SignedRequest};
pub(crate) use sandbox::SandboxControl;
pub(crate) use stopped::{Stopped, log_of};
pub(crate) use web::{ClosedPort, Reply, WebServer, serve};
pub(crate) use webhooks::{signature, suspended};

pub(crate) const APP_SECRET: &str = "the-secret-of-the-app-in-tests";
pub(crate) const VERIFY_TOKEN: &str = "the verify token in tests";
pub(crate) const MASTER_KEY: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Longer than anything here takes, also on a machine that compiles beside it and stalls; and shorter than the minute
/// after which what nobody was told of is looked at anyway, and what a gateway claimed is anybody's.
pub(crate) const PATIENCE: Duration = Duration::from_secs(45);

/// Less than the usual 20 s, where a test waits for the end of it; and no less, since all that goes well has to come
/// within it, also where the machine stalls.
pub(crate) const META_MAY_TAKE: (&str, &str) = ("GROUPGATE_UPSTREAM_TIMEOUT", "6s");

/// A tenant with one number, a token, a key, and two groups.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) cust_space_id: &'static str,
    pub(crate) business_number: &'static str,
    pub(crate) phone_number_id: &'static str,
    pub(crate) waba_id: &'static str,
    pub(crate) group_id: &'static str,
    pub(crate) spare_group_id: &'static str,
    pub(crate) graph_token: &'static str,
    pub(crate) key: Credentials,
}

/// The whole of it.
pub(crate) struct TestApp {
    pub(crate) client: Client,
    pub(crate) sandbox: SandboxControl,
    pub(crate) store: Store,
    pub(crate) database: TestDatabase,
    /// Sees its own WABA with its token.
    pub(crate) first: Tenant,
    /// Its token sees the first tenant's WABA too, as a Solution Partner's does.
    pub(crate) second: Tenant,
    meta: RunningSandbox,
    running: Running,
}

impl TestApp {
    /// One with the usual settings.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// One with these settings more.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self::asking(NameServers::System, settings).await
    }

    /// The same, whose gateway asks these servers for the addresses of endpoints.
    pub(crate) async fn asking(name_servers: NameServers, settings: &[(&str, &str)]) -> Self {
        let database = test_database().await;
        let app_url = database.app_url.clone();
        Self::on(database, &app_url, name_servers, settings, Mirrors::Rest).await
    }

    /// One that compares its mirrors with Meta's lists. In others they rest, so that what is asked of Meta is what
    /// the test asks.
    pub(crate) async fn with_mirrors() -> Self {
        Self::with_mirrors_and(&[]).await
    }

    /// The same with these settings.
    pub(crate) async fn with_mirrors_and(settings: &[(&str, &str)]) -> Self {
        let database = test_database().await;
        let app_url = database.app_url.clone();
        Self::on(database, &app_url, NameServers::System, settings, Mirrors::AreCompared).await
    }

    /// One whose gateway reaches PostgreSQL through a proxy that can cut it off.
    pub(crate) async fn behind_proxy(settings: &[(&str, &str)]) -> (Self, ChaosProxy) {
        let database = test_database().await;
        let proxy = ChaosProxy::start(database.port).await;
        let (direct, proxied) = (format!(":{}/", database.port), format!(":{}/", proxy.port));
        let app_url = SecretString::from(database.app_url.expose_secret().replace(&direct, &proxied));
        (Self::on(database, &app_url, NameServers::System, settings, Mirrors::Rest).await, proxy)
    }

    /// One whose gateway reaches Meta through a proxy that can cut it off, and waits [`META_MAY_TAKE`] for Meta at the
    /// most.
    pub(crate) async fn with_meta_behind_proxy() -> (Self, ChaosProxy) {
        let proxy = ChaosProxy::start(0).await;
        let graph_url = format!("http://127.0.0.1:{}", proxy.port);
        let settings = [("GROUPGATE_GRAPH_URL", graph_url.as_str()), META_MAY_TAKE];
        let app = Self::with(&settings).await;
        proxy.lead_to(app.meta.addr().port());
        (app, proxy)
    }

    async fn on(
        database: TestDatabase,
        app_url: &SecretString,
        name_servers: NameServers,
        settings: &[(&str, &str)],
        mirrors: Mirrors,
    ) -> Self {
        let (first, second) = (first_tenant(), second_tenant());
        let sandbox = graph_sandbox::start(SandboxSettings {
            app_id: "300000000000001".to_owned(),
            app_secret: APP_SECRET.to_owned(),
            webhook_verify_token: Some(VERIFY_TOKEN.to_owned()),
            latency: Duration::from_millis(5)..=Duration::from_millis(20),
            seed: Seed::demo(first.graph_token, second.graph_token),
            ..SandboxSettings::default()
        });
        let sandbox = sandbox.await.unwrap();
        let store = connect(&database.app_url).await;
        for tenant in [&first, &second] {
            provision(&store, tenant).await;
        }
        if mirrors == Mirrors::Rest {
            let rest = "update mirrors set claimed_until = 'infinity'";
            sqlx::query(rest).execute(&mut superuser(&database).await).await.unwrap();
        }
        let running = start_gateway_asking(name_servers, app_url, &sandbox.url(), settings).await;
        let url = format!("http://{}", running.addrs()[0]);
        sandbox.set_webhook_url(&format!("{url}/webhooks/graph"));
        let control = SandboxControl::new(sandbox.url());
        Self { client: Client::new(url), sandbox: control, store, database, first, second, meta: sandbox, running }
    }

    /// Where the Graph-compatible face listens by itself, where it was told to.
    pub(crate) fn graph_face_url(&self) -> String {
        format!("http://{}", self.running.graph_face_addrs()[0])
    }

    /// Where the metrics are, where it was told to serve them.
    pub(crate) fn metrics(&self) -> Client {
        Client::new(format!("http://{}", self.running.metrics_addrs()[0]))
    }

    /// Another gateway on the same database and sandbox, as a second replica is.
    pub(crate) async fn replica(&self) -> (Client, Running) {
        self.replica_with(&[]).await
    }

    /// The same with these settings more.
    pub(crate) async fn replica_with(&self, settings: &[(&str, &str)]) -> (Client, Running) {
        self.gateway_on(&self.database.app_url, settings).await
    }

    /// A gateway on another database, with the same sandbox.
    pub(crate) async fn gateway_on(&self, app_url: &SecretString, settings: &[(&str, &str)]) -> (Client, Running) {
        let running = start_gateway(app_url, &self.sandbox.url, settings).await;
        (Client::new(format!("http://{}", running.addrs()[0])), running)
    }

    /// Ends the gateway as a kill does: nothing is finished, nothing is told.
    pub(crate) async fn stop_gateway(self) -> Stopped {
        self.stop_gateway_within(Duration::ZERO).await
    }

    /// Ends the gateway; what it has begun may end within `drain`.
    pub(crate) async fn stop_gateway_within(self, drain: Duration) -> Stopped {
        self.running.stop(drain).await;
        Stopped { database: self.database, sandbox: self.sandbox, meta: self.meta, first: self.first }
    }

    /// A new access key with these grants.
    pub(crate) async fn key(&self, id: &str, grants: &[(&str, &[&str])]) -> Credentials {
        create_key(&self.store, id, grants).await
    }
}

/// Whether the gateway compares its mirrors with Meta's lists.
#[derive(PartialEq, Eq)]
enum Mirrors {
    AreCompared,
    Rest,
}

/// A file of `tests/fixtures`.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(fixtures.join(name)).unwrap()
}

/// A connection that no policy binds.
pub(crate) async fn superuser(database: &TestDatabase) -> PgConnection {
    PgConnection::connect(database.superuser_url.expose_secret()).await.unwrap()
}

/// Waits until a statement waits for a lock.
pub(crate) async fn somebody_waits_for_a_lock(database: &TestDatabase) {
    let waits = "select exists (select from pg_stat_activity
                                where datname = current_database() and wait_event_type = 'Lock')";
    let mut looking = superuser(database).await;
    eventually("a statement waits for a lock", async || {
        let waits: bool = sqlx::query_scalar(waits).fetch_one(&mut looking).await.unwrap();
        waits.then_some(())
    })
    .await;
}

pub(crate) fn actor() -> Actor {
    Actor { name: "test".to_owned(), address: None, request_id: None }
}

/// Waits until `look` finds something, with a bound.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What a caller is answered whose time is over while Meta is at his call. He is given ever more of it, until the gateway
/// has asked Meta within it: how long it takes to get there is the machine's affair.
pub(crate) async fn overtaken(asked: impl AsyncFn() -> usize, call: impl AsyncFn(&str) -> Answered) -> Answered {
    for milliseconds in ["300", "1500", "6000", "25000"] {
        let before = asked().await;
        let answer = call(milliseconds).await;
        if asked().await > before {
            return answer;
        }
    }
    panic!("Meta was not asked in any time");
}

/// Measures the same thing up to five times, for a promise that a stall of the machine would break once and a fault each
/// time. One time has to be within the promise, and each far below what it takes where nobody was told at all.
pub(crate) async fn one_is_within(promise: Duration, mut measure: impl AsyncFnMut() -> Measured) {
    let mut times = Vec::new();
    while times.len() < 5 {
        let measured = measure().await;
        assert!(measured.time < PATIENCE, "{measured:?}");
        if measured.keeps(promise) {
            return;
        }
        times.push(measured);
    }
    panic!("not once within {promise:?}: {times:?}");
}

pub(crate) async fn connect(app_url: &SecretString) -> Store {
    connect_with(app_url, MASTER_KEY.parse().unwrap()).await
}

/// With other master keys.
pub(crate) async fn connect_with(app_url: &SecretString, master_keys: MasterKeys) -> Store {
    let settings = StoreSettings { url: app_url.clone(), connections: 4, acquire_timeout: PATIENCE };
    Store::connect(&settings, master_keys).await.unwrap()
}

/// What a gateway of a test is told by its environment.
pub(crate) fn gateway_environment<'a>(app_url: &'a SecretString, graph_url: &'a str) -> [(&'a str, &'a str); 8] {
    [
        ("DATABASE_URL", app_url.expose_secret()),
        ("GROUPGATE_MASTER_KEY", MASTER_KEY),
        ("GROUPGATE_BIND", "127.0.0.1:0"),
        ("GROUPGATE_PUBLIC_URL", "https://gateway.example"),
        ("GROUPGATE_GRAPH_URL", graph_url),
        ("GROUPGATE_APP_SECRET", APP_SECRET),
        ("GROUPGATE_WEBHOOK_VERIFY_TOKEN", VERIFY_TOKEN),
        ("GROUPGATE_WORKERS", "1"),
    ]
}

async fn start_gateway(app_url: &SecretString, graph_url: &str, more: &[(&str, &str)]) -> Running {
    start_gateway_asking(NameServers::System, app_url, graph_url, more).await
}

async fn start_gateway_asking(
    name_servers: NameServers,
    app_url: &SecretString,
    graph_url: &str,
    more: &[(&str, &str)],
) -> Running {
    let usual = gateway_environment(app_url, graph_url);
    let environment: Environment = usual.iter().chain(more).map(|(name, value)| (*name, *value)).collect();
    let settings = Settings::read(&Sources::new(SettingFlags::default(), environment)).unwrap();
    let store = connect_with(app_url, settings.master_keys.clone()).await;
    app::start(GatewayParts { settings: Arc::new(settings), store, name_servers }).await.unwrap()
}

fn first_tenant() -> Tenant {
    Tenant {
        cust_space_id: "cams-demo1",
        business_number: "15550000001",
        phone_number_id: graph_sandbox::DEMO_PHONE_NUMBER_ID_1,
        waba_id: graph_sandbox::DEMO_WABA_ID_1,
        group_id: graph_sandbox::DEMO_GROUP_ID_1,
        spare_group_id: graph_sandbox::DEMO_SPARE_GROUP_ID_1,
        graph_token: "EAAfirst",
        key: Credentials::new("key-of-the-first", "secret of the first"),
    }
}

fn second_tenant() -> Tenant {
    Tenant {
        cust_space_id: "cams-demo2",
        business_number: "15550000002",
        phone_number_id: graph_sandbox::DEMO_PHONE_NUMBER_ID_2,
        waba_id: graph_sandbox::DEMO_WABA_ID_2,
        group_id: graph_sandbox::DEMO_GROUP_ID_2,
        spare_group_id: graph_sandbox::DEMO_SPARE_GROUP_ID_2,
        graph_token: "EAAsecond",
        key: Credentials::new("key-of-the-second", "secret of the second"),
    }
}

async fn provision(store: &Store, tenant: &Tenant) {
    let id = tenant.cust_space_id.to_owned();
    store
        .add_tenant(&NewTenant { cust_space_id: id, name: "A tenant".to_owned(), ..NewTenant::default() }, &actor())
        .await
        .unwrap();
    let space = store.space(tenant.cust_space_id);
    let number = NewNumber {
        business_number: tenant.business_number.to_owned(),
        phone_number_id: tenant.phone_number_id.to_owned(),
        waba_id: tenant.waba_id.to_owned(),
    };
    space.add_number(&number, &actor()).await.unwrap();
    space.set_credential(&SecretString::from(tenant.graph_token), &actor()).await.unwrap();
    let new = new_key(&tenant.key, &[(tenant.cust_space_id, &["groups.read", "groups.write", "messages.send"])]);
    store.create_access_key(&new, &actor()).await.unwrap();
}

pub(crate) async fn create_key(store: &Store, id: &str, grants: &[(&str, &[&str])]) -> Credentials {
    let credentials = Credentials::new(id, "a secret of thirty characters or so");
    store.create_access_key(&new_key(&credentials, grants), &actor()).await.unwrap();
    credentials
}

fn new_key(credentials: &Credentials, grants: &[(&str, &[&str])]) -> NewAccessKey {
    let grant = |(tenant, scopes): &(&str, &[&str])| Grant {
        cust_space_ids: vec![(*tenant).to_owned()],
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
    };
    NewAccessKey {
        name: "A key".to_owned(),
        grants: grants.iter().map(grant).collect(),
        access_key_id: Some(credentials.id.clone()),
        secret: Some(SecretString::from(credentials.secret.clone())),
        ..NewAccessKey::default()
    }
}
