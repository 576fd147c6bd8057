//! What is measured: the release `groupgate serve`, with a limit for each tenant.

use std::net::SocketAddr;
use std::process::{Child, Stdio};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use tenant_store::{Actor, Grant, ListedGroup, NewAccessKey, Store};
use time::OffsetDateTime;

use super::database::{Database, Tenant};
use super::{process, program, rest};

const ACCESS_KEY_ID: &str = "LTAIBenchmark00000000001";

/// A running gateway; ended when this is dropped.
#[derive(Debug)]
pub(super) struct Gateway {
    process: Child,
    secret: SecretString,
    pub(super) address: SocketAddr,
}

impl Gateway {
    /// Gives each tenant a token and a group, and starts the gateway with `upstream` as the Graph API and a limit of
    /// `per_tenant` calls a second.
    pub(super) async fn start(
        database: &Database,
        tenants: &[Tenant],
        upstream: SocketAddr,
        per_tenant: u32,
    ) -> anyhow::Result<Self> {
        let store = database.store().await?;
        for tenant in tenants {
            prepare(&store, tenant).await?;
        }
        let secret = key(&store).await?;
        store.close().await;
        let address = process::free_address()?;
        let mut process = program::groupgate()
            .arg("serve")
            .env("DATABASE_URL", database.urls.app_url.expose_secret())
            .env("GROUPGATE_MASTER_KEY", &database.master_key)
            .env("GROUPGATE_GRAPH_URL", format!("http://{upstream}"))
            .env("GROUPGATE_BIND", address.to_string())
            .env("GROUPGATE_LOG_FORMAT", "json")
            .env("GROUPGATE_RATE_PER_KEY", "off")
            .env("GROUPGATE_RATE_PER_NUMBER", "off")
            .env("GROUPGATE_RATE_PER_TENANT", format!("{per_tenant}/s"))
            .stderr(Stdio::piped())
            .spawn()
            .context("groupgate does not start")?;
        process::collect(process.stderr.take());
        let gateway = Self { process, secret, address };
        process::reachable(address, "groupgate").await?;
        Ok(gateway)
    }

    /// The token of the ISV's backend, which calls for all tenants.
    pub(super) async fn token(&self) -> anyhow::Result<String> {
        rest::token(self.address, ACCESS_KEY_ID, &self.secret).await
    }

    /// The call that is measured.
    pub(super) fn request(&self, token: &str, tenant: &Tenant) -> Vec<u8> {
        rest::invite_link(self.address, token, &tenant.cust_space_id, &tenant.business_number, &group_of(tenant))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn group_of(tenant: &Tenant) -> String {
    format!("bench{}", tenant.business_number)
}

async fn prepare(store: &Store, tenant: &Tenant) -> anyhow::Result<()> {
    let space = store.space(&tenant.cust_space_id);
    space.set_credential(&"E".repeat(200).into(), &actor()).await?;
    let group = ListedGroup { group_id: group_of(tenant), subject: None, created_at: None };
    space.record_listed_groups(&tenant.phone_number_id, OffsetDateTime::now_utc(), &[group]).await?;
    Ok(())
}

async fn key(store: &Store) -> anyhow::Result<SecretString> {
    let grant = Grant { cust_space_ids: vec!["*".to_owned()], scopes: vec!["groups.read".to_owned()] };
    let key = NewAccessKey {
        name: "benchmark".to_owned(),
        grants: vec![grant],
        access_key_id: Some(ACCESS_KEY_ID.to_owned()),
        ..NewAccessKey::default()
    };
    Ok(store.create_access_key(&key, &actor()).await?.secret)
}

fn actor() -> Actor {
    Actor { name: "benchmark".to_owned(), address: None, request_id: None }
}
