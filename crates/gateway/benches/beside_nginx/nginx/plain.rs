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

/// The Graph call that the gateway makes for one of its own, sent to `to`.
pub(crate) fn calls(to: SocketAddr) -> Calls {
    let request = format!(
        "GET /v23.0/{}/invite_link HTTP/1.1\r\nHost: {to}\r\nAuthorization: Bearer {}\r\n\r\n",
        Tenant::at(0).group_id,
        "E".repeat(TOKEN_LENGTH)
    );
    Calls::same(request.into_bytes())
}
