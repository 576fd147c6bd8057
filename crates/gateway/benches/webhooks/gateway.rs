//! What is measured: the release `groupgate serve`, as a process of its own.

use std::net::SocketAddr;
use std::process::{Child, Stdio};

use anyhow::Context as _;
use secrecy::ExposeSecret as _;

use super::database::Database;
use super::load::APP_SECRET;
use super::{process, program};

/// A running gateway; ended when this is dropped.
#[derive(Debug)]
pub(super) struct Gateway {
    process: Child,
    pub(super) address: SocketAddr,
}

impl Gateway {
    /// Starts it with the settings that it has by itself, on `database`. Its Graph API is nowhere.
    pub(super) async fn start(database: &Database) -> anyhow::Result<Self> {
        let address = process::free_address()?;
        let mut process = program::groupgate()
            .arg("serve")
            .env("DATABASE_URL", database.urls.app_url.expose_secret())
            .env("GROUPGATE_MASTER_KEY", &database.master_key)
            .env("GROUPGATE_GRAPH_URL", "http://127.0.0.1:9")
            .env("GROUPGATE_BIND", address.to_string())
            .env("GROUPGATE_APP_SECRET", APP_SECRET)
            .env("GROUPGATE_LOG_FORMAT", "json")
            .stderr(Stdio::piped())
            .spawn()
            .context("groupgate does not start")?;
        process::collect(process.stderr.take());
        let gateway = Self { process, address };
        process::reachable(address, "groupgate").await?;
        Ok(gateway)
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
