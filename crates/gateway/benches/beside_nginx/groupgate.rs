//! What is measured: `groupgate serve` on one core, as it is in production.

use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use secrecy::{ExposeSecret as _, SecretString};

use super::calls::Calls;
use super::tenants::{ACCESS_KEY_ID, Tenant, Tenants};
use super::{cpu, process, program, rest};

pub(super) const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// How long a gateway may take to end by itself.
const TO_END: Duration = Duration::from_mins(1);

/// A running gateway; ended when this is dropped.
#[derive(Debug)]
pub(super) struct Groupgate {
    process: Child,
    secret: SecretString,
    pub(super) pid: u32,
    pub(super) address: SocketAddr,
}

impl Groupgate {
    /// Starts it for these tenants, with `upstream` as the Graph API and `more` settings, and waits until it listens.
    pub(super) async fn start(tenants: &Tenants, upstream: SocketAddr, more: &[(&str, &str)]) -> anyhow::Result<Self> {
        let gateway = Self::spawn(tenants, upstream, more)?;
        process::reachable(gateway.address, "groupgate").await?;
        Ok(gateway)
    }

    /// Starts it, and waits for nothing.
    pub(super) fn spawn(tenants: &Tenants, upstream: SocketAddr, more: &[(&str, &str)]) -> anyhow::Result<Self> {
        let address = process::free_address()?;
        let mut command = program::groupgate();
        command
            .arg("serve")
            .env("DATABASE_URL", tenants.database.urls.app_url.expose_secret())
            .env("GROUPGATE_MASTER_KEY", &tenants.database.master_key)
            .env("GROUPGATE_GRAPH_URL", format!("http://{upstream}"))
            .env("GROUPGATE_BIND", address.to_string())
            .env("GROUPGATE_WORKERS", "1")
            .env("GROUPGATE_APP_ID", "1234567890")
            .env("GROUPGATE_APP_SECRET", APP_SECRET)
            .env("GROUPGATE_LOG_FORMAT", "json")
            .envs(["KEY", "TENANT", "NUMBER"].map(|name| (format!("GROUPGATE_RATE_PER_{name}"), "9999999/s")))
            .envs(more.iter().copied())
            .stderr(Stdio::piped());
        let mut process = cpu::spawn_beside(&mut command).context("groupgate does not start")?;
        process::collect(process.stderr.take());
        Ok(Self { pid: process.id(), process, secret: tenants.secret.clone(), address })
    }

    /// A token of whoever calls for all tenants.
    pub(super) async fn token(&self) -> anyhow::Result<String> {
        rest::token(self.address, ACCESS_KEY_ID, &self.secret).await.context("no access token")
    }

    pub(super) fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// The call that is measured, for each of the first `tenants`.
    pub(super) async fn calls(&self, tenants: u32) -> anyhow::Result<Calls> {
        let token = self.token().await?;
        Calls::taking_turns((0..tenants).map(|index| self.call(&token, &Tenant::at(index))))
    }

    /// The call that is measured, for one tenant.
    pub(super) fn call(&self, token: &str, tenant: &Tenant) -> Vec<u8> {
        rest::invite_link(self.address, token, &tenant.cust_space_id, &tenant.business_number, &tenant.group_id)
    }

    /// Ends it as an administrator does, so that it does all that it does at its end.
    pub(super) async fn end(mut self) -> anyhow::Result<()> {
        kill(Pid::from_raw(i32::try_from(self.pid)?), Signal::SIGTERM)?;
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.process.try_wait()? {
                break status;
            }
            ensure!(begun.elapsed() < TO_END, "groupgate has not ended after {TO_END:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        ensure!(status.success(), "groupgate ended with {status}");
        Ok(())
    }
}

impl Drop for Groupgate {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
