//! What a sandbox is started with.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use crate::seed::Seed;

/// How long an asynchronous change takes unless told otherwise.
pub const DEFAULT_LATENCY: RangeInclusive<Duration> = Duration::from_millis(50)..=Duration::from_millis(300);

/// The ISV's Meta app.
#[derive(Clone)]
pub(crate) struct MetaApp {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// Everything that [`start`](crate::start) needs to know.
#[derive(Clone)]
pub struct SandboxSettings {
    /// Where it listens; port 0 takes any free one.
    pub bind: SocketAddr,
    /// Where its state is kept, in one file, and uploads beside it; `None` keeps all in memory only.
    pub data_dir: Option<PathBuf>,
    /// The ID of the ISV's Meta app.
    pub app_id: String,
    /// That app's secret: it signs webhooks and proves `appsecret_proof`.
    pub app_secret: String,
    /// Where webhooks go, by `http`; `None` keeps them until an address is known.
    pub webhook_url: Option<String>,
    /// The token of Meta's verification challenge; without it no challenge is sent.
    pub webhook_verify_token: Option<String>,
    /// How long asynchronous changes take.
    pub latency: RangeInclusive<Duration>,
    /// What a new state is born with; ignored when a state was found in `data_dir`.
    pub seed: Seed,
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data_dir: None,
            app_id: String::new(),
            app_secret: String::new(),
            webhook_url: None,
            webhook_verify_token: None,
            latency: DEFAULT_LATENCY,
            seed: Seed::default(),
        }
    }
}

impl fmt::Debug for SandboxSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxSettings")
            .field("bind", &self.bind)
            .field("data_dir", &self.data_dir)
            .field("app_id", &self.app_id)
            .field("webhook_url", &self.webhook_url)
            .field("latency", &self.latency)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_printed_show_no_secret() {
        let settings = SandboxSettings {
            app_secret: "the-secret".to_owned(),
            webhook_verify_token: Some("the-verify-token".to_owned()),
            seed: Seed::demo("token-one", "token-two"),
            ..SandboxSettings::default()
        };
        let printed = format!("{settings:?} {:?}", settings.seed);
        for secret in ["the-secret", "the-verify-token", "token-one", "token-two"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
}
