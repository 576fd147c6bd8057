//! Meta: the sandbox, behind a proxy.

use std::time::Duration;

use graph_sandbox::{RunningSandbox, SandboxSettings};

use crate::support::{APP_SECRET, ChaosProxy, SandboxControl, VERIFY_TOKEN};

/// How long Meta takes over an asynchronous change.
const LATENCY_MS: (u64, u64) = (5, 50);

/// The sandbox, its control, and the way to it.
pub(crate) struct Meta {
    pub(crate) control: SandboxControl,
    pub(crate) proxy: ChaosProxy,
    sandbox: RunningSandbox,
}

impl Meta {
    /// One without accounts; its webhooks wait until it is told where to.
    pub(crate) async fn start() -> Self {
        let sandbox = graph_sandbox::start(SandboxSettings {
            app_id: "300000000000001".to_owned(),
            app_secret: APP_SECRET.to_owned(),
            webhook_verify_token: Some(VERIFY_TOKEN.to_owned()),
            latency: Duration::from_millis(LATENCY_MS.0)..=Duration::from_millis(LATENCY_MS.1),
            ..SandboxSettings::default()
        });
        let sandbox = sandbox.await.unwrap();
        let proxy = ChaosProxy::start(sandbox.addr().port()).await;
        Self { control: SandboxControl::new(sandbox.url()), proxy, sandbox }
    }

    /// Where replicas reach it.
    pub(crate) fn proxied_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.proxy.port)
    }

    /// Webhooks go to the gateway at this address.
    pub(crate) fn send_webhooks_to(&self, url: &str) {
        self.sandbox.set_webhook_url(&format!("{url}/webhooks/graph"));
    }
}
