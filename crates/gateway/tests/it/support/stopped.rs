//! What is left when a gateway was stopped, and gateways in its place.

use gateway::app;
use graph_sandbox::RunningSandbox;
use nix::sys::signal::Signal;
use tenant_store::private_server::TestDatabase;
use tokio::net::TcpStream;

use super::{Client, SandboxControl, Tenant, eventually, gateway_environment, start_gateway};
use crate::program::{self, free_port, groupgate};

/// What is left of a [`TestApp`](super::TestApp) whose gateway was stopped.
pub(crate) struct Stopped {
    pub(crate) database: TestDatabase,
    pub(crate) sandbox: SandboxControl,
    pub(super) meta: RunningSandbox,
    pub(crate) first: Tenant,
}

impl Stopped {
    /// A gateway again, on the same database and sandbox.
    pub(crate) async fn start_gateway(&self) -> (Client, app::Running) {
        self.start_gateway_with(&[]).await
    }

    /// The same with these settings more.
    pub(crate) async fn start_gateway_with(&self, settings: &[(&str, &str)]) -> (Client, app::Running) {
        let running = start_gateway(&self.database.app_url, &self.sandbox.url, settings).await;
        let url = format!("http://{}", running.addrs()[0]);
        self.meta.set_webhook_url(&format!("{url}/webhooks/graph"));
        (Client::new(url), running)
    }

    /// The program as people run it, with these settings more: as soon as it listens, and where.
    pub(crate) async fn serve(&self, settings: &[(&str, &str)]) -> (program::Running, String) {
        let address = format!("127.0.0.1:{}", free_port());
        let usual = gateway_environment(&self.database.app_url, &self.sandbox.url);
        let environment = [&usual, settings].concat();
        let gateway = program::Running::spawn(groupgate(&["serve", "--bind", &address], &environment));
        eventually("it listens", async || TcpStream::connect(&address).await.ok()).await;
        (gateway, address)
    }
}

/// Ends the program as an administrator does; all that it has logged.
pub(crate) async fn log_of(gateway: program::Running) -> String {
    gateway.signal(Signal::SIGTERM);
    let (status, log) = actix_web::web::block(|| gateway.ended()).await.unwrap();
    assert!(status.success(), "{status}: {log}");
    log
}
