//! A PostgreSQL that stops and comes back, behind a proxy whose port stays the same.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;

use actix_web::web;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenant_store::private_server::{DatabaseNames, PrivateServer, ServerSettings};

use crate::program::run;
use crate::support::ChaosProxy;

const DATABASE: &str = "groupgate";
const OWNER_PASSWORD: &str = "the-owners-password-in-tests";
const APP_PASSWORD: &str = "the-gateways-password-in-tests";

/// The server, its data and the way to it.
pub(crate) struct Postgres {
    settings: ServerSettings,
    server: Option<PrivateServer>,
    pub(crate) proxy: ChaosProxy,
    app_url: SecretString,
}

impl Postgres {
    /// One that has never run; replicas know its address all the same.
    pub(crate) async fn absent(data_dir: &Path) -> Self {
        // Behind it is a port where nobody listens.
        let proxy = ChaosProxy::start(9).await;
        let app_url = format!("postgres://groupgate_app:{APP_PASSWORD}@127.0.0.1:{}/{DATABASE}", proxy.port);
        // As in production: what was committed outlives a crash.
        let settings = ServerSettings { data_dir: data_dir.to_owned(), durable: true };
        Self { settings, server: None, proxy, app_url: app_url.into() }
    }

    /// One that runs, with the schema.
    pub(crate) async fn migrated(data_dir: &Path) -> Self {
        let mut postgres = Self::absent(data_dir).await;
        postgres.start().await;
        postgres.migrate().await;
        postgres
    }

    /// `DATABASE_URL`, by way of the proxy.
    pub(crate) fn app_url(&self) -> &SecretString {
        &self.app_url
    }

    /// It runs, again or for the first time.
    pub(crate) async fn start(&mut self) {
        let server = PrivateServer::start(&self.settings).await.unwrap();
        self.proxy.lead_to(server.port());
        self.server = Some(server);
    }

    /// It ends, as it does when its machine is shut down.
    pub(crate) async fn stop(&mut self) {
        self.server.take().unwrap().stop().await.unwrap();
    }

    /// Makes roles, database and schema, as an operator does once, and at each new version.
    pub(crate) async fn migrate(&self) {
        let urls = self.server.as_ref().unwrap().ensure_roles_and_database(&names()).await.unwrap();
        let migrate = move || {
            let (owner, app) = (urls.owner_url.expose_secret(), urls.app_url.expose_secret());
            run(&["migrate"], &[("GROUPGATE_MIGRATE_URL", owner), ("DATABASE_URL", app)], "")
        };
        let ended = web::block(migrate).await.unwrap();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }

    /// Moves the tables, and what is made later, into this directory, which is new. Nobody may be connected.
    pub(crate) async fn move_to(&self, directory: &Path) {
        fs::create_dir(directory).unwrap();
        // PostgreSQL's user, where that is another than ours, owns its data.
        let owner = fs::metadata(self.settings.data_dir.join("cluster")).unwrap();
        chown(directory, Some(owner.uid()), Some(owner.gid())).unwrap();
        let mut server = self.connect("postgres").await;
        let made = format!("create tablespace elsewhere location '{}'", directory.display());
        for statement in [made, format!("alter database {DATABASE} set tablespace elsewhere")] {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut server).await.unwrap();
        }
    }

    /// A connection that no policy binds, past the proxy.
    pub(crate) async fn superuser(&self) -> PgConnection {
        self.connect(DATABASE).await
    }

    async fn connect(&self, database: &str) -> PgConnection {
        let url = self.server.as_ref().unwrap().superuser_url(database);
        PgConnection::connect(url.expose_secret()).await.unwrap()
    }

    /// Carries out a statement, past the proxy.
    pub(crate) async fn run(&self, statement: &'static str) {
        sqlx::query(statement).execute(&mut self.superuser().await).await.unwrap();
    }

    /// A number that a query answers with.
    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&mut self.superuser().await).await.unwrap()
    }
}

fn names() -> DatabaseNames {
    DatabaseNames {
        database: DATABASE.to_owned(),
        owner_role: "groupgate_owner".to_owned(),
        owner_password: OWNER_PASSWORD.into(),
        app_role: "groupgate_app".to_owned(),
        app_password: APP_PASSWORD.into(),
    }
}
