//! A PostgreSQL of the measurement's own, with tenants.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use tenant_store::private_server::{DatabaseNames, PrivateServer, ServerSettings, Urls};
use tenant_store::{Actor, MasterKeys, NewNumber, NewTenant, Store, StoreSettings, schema};

const DATABASE: &str = "groupgate";
const APP_ROLE: &str = "groupgate_app";

/// The server and its database; ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) server: PrivateServer,
    pub(crate) urls: Urls,
    pub(crate) master_key: String,
    directory: TempDir,
}

/// A tenant with one number.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) cust_space_id: String,
    pub(crate) business_number: String,
    pub(crate) phone_number_id: String,
    pub(crate) waba_id: String,
}

impl Database {
    /// Starts it, with `fsync` and all that belongs to it, and makes the schema.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        Self::start_in(tempfile::tempdir()?, true).await
    }

    /// Starts one that waits for no disk, where what PostgreSQL spends is not looked at.
    pub(crate) async fn start_quick() -> anyhow::Result<Self> {
        Self::start_in(tempfile::tempdir()?, false).await
    }

    /// The same data under a new server, after what only a start changes was set. Its URLs are new ones.
    pub(crate) async fn restarted_quick(self) -> anyhow::Result<Self> {
        let Self { server, directory, .. } = self;
        server.stop().await?;
        Self::start_in(directory, false).await
    }

    async fn start_in(directory: TempDir, durable: bool) -> anyhow::Result<Self> {
        let settings = ServerSettings { data_dir: directory.path().join("postgres"), durable };
        let server = PrivateServer::start(&settings).await?;
        let names = DatabaseNames {
            database: DATABASE.to_owned(),
            owner_role: "groupgate_owner".to_owned(),
            owner_password: SecretString::from("owner-of-a-measurement"),
            app_role: APP_ROLE.to_owned(),
            app_password: SecretString::from("app-of-a-measurement"),
        };
        let urls = server.ensure_roles_and_database(&names).await?;
        schema::migrate(&urls.owner_url, APP_ROLE).await?;
        let master_key = format!("bench:{}", STANDARD.encode([7_u8; 32]));
        Ok(Self { server, urls, master_key, directory })
    }

    /// A store in the gateway's role.
    pub(crate) async fn store(&self) -> anyhow::Result<Store> {
        let settings =
            StoreSettings { url: self.urls.app_url.clone(), connections: 4, acquire_timeout: Duration::from_secs(10) };
        Ok(Store::connect(&settings, MasterKeys::parse(&self.master_key)?).await?)
    }

    /// A connection that no policy binds.
    pub(crate) async fn superuser(&self) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(self.server.superuser_url(DATABASE).expose_secret()).await?)
    }

    /// Makes so many tenants of one number each.
    pub(crate) async fn tenants(&self, count: u64) -> anyhow::Result<Vec<Tenant>> {
        let store = self.store().await?;
        let mut numbers = Vec::new();
        for index in 1..=count {
            numbers.push(add_tenant(&store, index).await?);
        }
        store.close().await;
        Ok(numbers)
    }

    /// Ends the server, and waits for that.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.server.stop().await?;
        PrivateServer::remove(&self.directory.path().join("postgres")).await?;
        Ok(())
    }
}

async fn add_tenant(store: &Store, index: u64) -> anyhow::Result<Tenant> {
    let actor = Actor { name: "benchmark".to_owned(), address: None, request_id: None };
    let number = Tenant {
        cust_space_id: format!("cams-bench{index}"),
        business_number: (15_550_000_000 + index).to_string(),
        phone_number_id: (100_000_000_000_000 + index).to_string(),
        waba_id: (200_000_000_000_000 + index).to_string(),
    };
    let tenant =
        NewTenant { cust_space_id: number.cust_space_id.clone(), name: "Benchmark".to_owned(), ..NewTenant::default() };
    store.add_tenant(&tenant, &actor).await?;
    let new = NewNumber {
        business_number: number.business_number.clone(),
        phone_number_id: number.phone_number_id.clone(),
        waba_id: number.waba_id.clone(),
    };
    store.space(&number.cust_space_id).add_number(&new, &actor).await?;
    Ok(number)
}
