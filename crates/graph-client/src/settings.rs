//! Where the Graph API is, and how long it may take.

use std::time::Duration;

use url::Url;

/// How to reach the Graph API, or what stands in for it.
#[derive(Debug, Clone)]
pub struct GraphSettings {
    /// Such as `https://graph.facebook.com`; a path in it stands before the version.
    pub base_url: Url,
    /// The API's version, such as `v23.0`.
    pub version: String,
    /// For finding the address and connecting, and once more for the TLS handshake.
    pub connect_timeout: Duration,
    /// For a whole call: waiting for a connection, connecting, sending, head and body.
    pub timeout: Duration,
    /// Sent with every request.
    pub user_agent: String,
    /// The largest answer that is read, in bytes.
    pub max_body: usize,
}

impl GraphSettings {
    /// The defaults: v23.0, 2 s to connect, 20 s for a call, answers of up to 4 MiB.
    pub fn new(base_url: Url) -> Self {
        Self {
            base_url,
            version: "v23.0".to_owned(),
            connect_timeout: Duration::from_secs(2),
            timeout: Duration::from_secs(20),
            user_agent: concat!("groupgate/", env!("CARGO_PKG_VERSION")).to_owned(),
            max_body: 4 * 1024 * 1024,
        }
    }
}

/// Settings that no call could be made with.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSettings {
    /// The base URL is of another kind.
    #[error("the Graph URL must be http:// or https:// with a host, without user, query and fragment")]
    BaseUrl,
    /// The version is not Meta's form of one.
    #[error("the Graph version must look like v23.0, not {0:?}")]
    Version(String),
    /// The user agent does not fit into a header.
    #[error("the user agent must be visible ASCII and spaces, not {0:?}")]
    UserAgent(String),
    /// The platform offers no way to verify certificates.
    #[error("TLS cannot be set up, are the system's root certificates (ca-certificates) installed? {0}")]
    Tls(#[from] rustls::Error),
}
