//! A PostgreSQL that is restarted, a gateway that is killed, and the endpoints of its tenants.

use std::cell::{Cell, RefCell};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use tenant_store::private_server::{DatabaseNames, PrivateServer, ServerSettings};
use tenant_store::{NewNumber, NewTenant, Store, schema};

use super::webhooks::Number;
use crate::program::{Running, free_port, groupgate};
use crate::support::{ChaosProxy, connect, eventually, gateway_environment};

const DATABASE: &str = "groupgate";

/// How PostgreSQL goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Departure {
    /// It writes everything down.
    Orderly,
    /// At once; the next start recovers what was committed.
    Crash,
}

/// The whole of it.
pub(super) struct Scene {
    settings: ServerSettings,
    server: RefCell<Option<PrivateServer>>,
    /// In front of PostgreSQL, whose port is another after each restart.
    proxy: ChaosProxy,
    /// By way of the proxy.
    app_url: SecretString,
    pub(super) store: Store,
    http: awc::Client,
    port: u16,
    pub(super) kills: Cell<u64>,
    pub(super) restarts: Cell<u64>,
    _directory: TempDir,
}

impl Scene {
    pub(super) async fn new() -> Self {
        let reachable = Permissions::from_mode(0o755);
        let directory = tempfile::Builder::new().permissions(reachable).tempdir().unwrap();
        // As in production: what was committed outlives a crash.
        let settings = ServerSettings { data_dir: directory.path().join("postgres"), durable: true };
        let server = PrivateServer::start(&settings).await.unwrap();
        let urls = server.ensure_roles_and_database(&names()).await.unwrap();
        schema::migrate(&urls.owner_url, &names().app_role).await.unwrap();
        let proxy = ChaosProxy::start(server.port()).await;
        let [direct, proxied] = [server.port(), proxy.port].map(|port| format!(":{port}/"));
        let app_url = SecretString::from(urls.app_url.expose_secret().replace(&direct, &proxied));
        Self {
            settings,
            server: RefCell::new(Some(server)),
            proxy,
            store: connect(&app_url).await,
            app_url,
            http: awc::Client::default(),
            port: free_port(),
            kills: Cell::new(0),
            restarts: Cell::new(0),
            _directory: directory,
        }
    }

    /// A tenant with a number. Its mirror rests: there is no Meta to ask.
    pub(super) async fn add(&self, number: &Number) {
        let actor = crate::support::actor();
        let tenant = NewTenant {
            cust_space_id: number.cust_space_id.clone(),
            name: "A tenant".to_owned(),
            ..NewTenant::default()
        };
        self.store.add_tenant(&tenant, &actor).await.unwrap();
        let new = NewNumber {
            business_number: number.digits.clone(),
            phone_number_id: number.phone_number_id.clone(),
            waba_id: number.waba_id.clone(),
        };
        self.store.space(&number.cust_space_id).add_number(&new, &actor).await.unwrap();
        let rest = "update mirrors set claimed_until = 'infinity'";
        sqlx::query(rest).execute(&mut self.superuser().await).await.unwrap();
    }

    /// How many deliveries have not ended.
    pub(super) async fn open_deliveries(&self) -> i64 {
        let count = sqlx::query_scalar("select count(*) from open_deliveries");
        count.fetch_one(&mut self.superuser().await).await.unwrap()
    }

    async fn superuser(&self) -> PgConnection {
        let url = self.server.borrow().as_ref().unwrap().superuser_url(DATABASE);
        PgConnection::connect(url.expose_secret()).await.unwrap()
    }

    /// The gateway's address.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// A gateway, ready.
    pub(super) async fn give_life(&self) -> Running {
        let bind = format!("127.0.0.1:{}", self.port);
        let mut environment = gateway_environment(&self.app_url, "http://127.0.0.1:9").to_vec();
        // Nobody fails so often at a third that an event would be given up.
        let retries = ["200ms"; 30].join(",");
        environment.extend([
            ("GROUPGATE_BIND", bind.as_str()),
            ("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8"),
            ("GROUPGATE_DELIVERY_RETRIES", &retries),
            ("GROUPGATE_RATE_PER_KEY", "off"),
            ("GROUPGATE_RATE_PER_TENANT", "off"),
            ("GROUPGATE_LOG", "off"),
        ]);
        let process = Running::spawn(groupgate(&["serve"], &environment));
        let ready = self.url("/health/ready");
        eventually("the gateway is ready", async || self.http.get(&ready).send().await.ok().map(|_| ())).await;
        process
    }

    /// One life of the gateway, ended by a kill after `a_while`; in the middle of it PostgreSQL may be restarted.
    pub(super) async fn live_and_be_killed(&self, mut a_while: impl FnMut() -> Duration, departure: Option<Departure>) {
        let process = self.give_life().await;
        tokio::time::sleep(a_while()).await;
        if let Some(departure) = departure {
            self.restart_postgresql(departure).await;
            tokio::time::sleep(a_while()).await;
        }
        process.signal(Signal::SIGKILL);
        drop(process);
        self.kills.set(self.kills.get() + 1);
    }

    async fn restart_postgresql(&self, departure: Departure) {
        let server = self.server.take().unwrap();
        if departure == Departure::Crash {
            kill(Pid::from_raw(server.pid().try_into().unwrap()), Signal::SIGQUIT).unwrap();
        }
        server.stop().await.unwrap();
        let server = PrivateServer::start(&self.settings).await.unwrap();
        self.proxy.lead_to(server.port());
        self.server.replace(Some(server));
        self.restarts.set(self.restarts.get() + 1);
    }
}

fn names() -> DatabaseNames {
    DatabaseNames {
        database: DATABASE.to_owned(),
        owner_role: "groupgate_owner".to_owned(),
        owner_password: "the owner's password in tests".into(),
        app_role: "groupgate_app".to_owned(),
        app_password: "the gateway's password in tests".into(),
    }
}
