//! The measure: nginx as a plain reverse proxy.

use std::net::SocketAddr;

use super::{Nginx, Server};
use crate::calls::Calls;
use crate::tenants::{TOKEN_LENGTH, Tenant};

/// Starts nginx in front of `upstream`.
pub(crate) async fn start(upstream: SocketAddr) -> anyhow::Result<Nginx> {
    Nginx::start(upstream, |_| Server {
        modules: String::new(),
        settings: "access_log off;".to_owned(),
        locations: "location / { proxy_pass http://graph; }".to_owned(),
    })
    .await
}

/// The Graph call that the gateway makes for one of its own, with all that the gateway sends, sent to `to`.
pub(crate) fn calls(to: SocketAddr) -> Calls {
    let request = format!(
        "GET /v23.0/{}/invite_link?appsecret_proof={} HTTP/1.1\r\nHost: {to}\r\nUser-Agent: groupgate/{}\r\n\
         Authorization: Bearer {}\r\n\r\n",
        Tenant::at(0).group_id,
        "0".repeat(64),
        env!("CARGO_PKG_VERSION"),
        "E".repeat(TOKEN_LENGTH)
    );
    Calls::same(request.into_bytes())
}
