//! What is measured: the release `groupgate serve` with one tenant, on a PostgreSQL of its own.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use tenant_store::private_server::{TestDatabase, test_database};
use tenant_store::{Actor, Grant, ListedGroup, MasterKeys, NewAccessKey, NewNumber, NewTenant, Store, StoreSettings};
use time::OffsetDateTime;

use super::{load, process, rest};

const CUST_SPACE_ID: &str = "cams-bench1";
const BUSINESS_NUMBER: &str = "15550000001";
const PHONE_NUMBER_ID: &str = "100000000000001";
const ACCESS_KEY_ID: &str = "LTAIBenchmark00000000001";
/// As long as Meta's group IDs are.
pub(super) const GROUP_ID: &str = "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMTowMDAwMDAwMDAx";

/// A running gateway; ended when this is dropped.
#[derive(Debug)]
pub(super) struct Groupgate {
    process: Child,
    secret: SecretString,
    pub(super) pid: u32,
    pub(super) address: SocketAddr,
}

impl Groupgate {
    /// Makes a tenant and starts the gateway with `upstream` as the Graph API.
    pub(super) async fn start(upstream: SocketAddr) -> anyhow::Result<Self> {
        let database = test_database().await;
        let master_key = format!("bench:{}", STANDARD.encode([7_u8; 32]));
        let secret = seed(&database, &master_key).await.context("cannot make the tenant")?;
        let address = process::free_address()?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_groupgate"));
        command
            .arg("serve")
            .env("DATABASE_URL", database.app_url.expose_secret())
            .env("GROUPGATE_MASTER_KEY", &master_key)
            .env("GROUPGATE_GRAPH_URL", format!("http://{upstream}"))
            .env("GROUPGATE_BIND", address.to_string())
            .env("GROUPGATE_WORKERS", "1")
            .env("GROUPGATE_APP_ID", "1234567890")
            .env("GROUPGATE_APP_SECRET", "0123456789abcdef0123456789abcdef")
            .env("GROUPGATE_LOG", "info")
            .env("GROUPGATE_LOG_FORMAT", "json")
            .envs(["KEY", "TENANT", "NUMBER"].map(|name| (format!("GROUPGATE_RATE_PER_{name}"), "9999999/s")))
            .stderr(Stdio::piped());
        let mut child = load::spawn(&mut command, "groupgate does not start")?;
        process::collect(child.stderr.take());
        let gateway = Self { pid: child.id(), process: child, secret, address };
        process::reachable(address, "groupgate").await?;
        Ok(gateway)
    }

    /// The call that is measured, with a token that outlives the measurement.
    pub(super) async fn request(&self) -> anyhow::Result<Vec<u8>> {
        let token = rest::token(self.address, ACCESS_KEY_ID, &self.secret).await.context("no access token")?;
        Ok(rest::invite_link(self.address, &token, CUST_SPACE_ID, BUSINESS_NUMBER, GROUP_ID))
    }
}

impl Drop for Groupgate {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One tenant with a number, a token, a known group and an access key, whose secret is returned.
async fn seed(database: &TestDatabase, master_key: &str) -> anyhow::Result<SecretString> {
    let settings =
        StoreSettings { url: database.app_url.clone(), connections: 2, acquire_timeout: Duration::from_secs(10) };
    let store = Store::connect(&settings, MasterKeys::parse(master_key)?).await?;
    let actor = Actor { name: "benchmark".to_owned(), address: None, request_id: None };
    let tenant =
        NewTenant { cust_space_id: CUST_SPACE_ID.to_owned(), name: "Benchmark".to_owned(), ..NewTenant::default() };
    store.add_tenant(&tenant, &actor).await?;
    let space = store.space(CUST_SPACE_ID);
    let number = NewNumber {
        business_number: BUSINESS_NUMBER.to_owned(),
        phone_number_id: PHONE_NUMBER_ID.to_owned(),
        waba_id: "200000000000001".to_owned(),
    };
    space.add_number(&number, &actor).await?;
    space.set_credential(&"E".repeat(200).into(), &actor).await?;
    let group = ListedGroup { group_id: GROUP_ID.to_owned(), subject: Some("Benchmark".to_owned()), created_at: None };
    space.record_listed_groups(PHONE_NUMBER_ID, OffsetDateTime::now_utc(), &[group]).await?;
    let grant = Grant { cust_space_ids: vec![CUST_SPACE_ID.to_owned()], scopes: vec!["groups.read".to_owned()] };
    let key = NewAccessKey {
        name: "benchmark".to_owned(),
        grants: vec![grant],
        access_key_id: Some(ACCESS_KEY_ID.to_owned()),
        secret: None,
        expires_at: None,
        ..NewAccessKey::default()
    };
    let created = store.create_access_key(&key, &actor).await?;
    store.close().await;
    Ok(created.secret)
}
