//! One exchange with an address that was checked, over awc.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use awc::body;
use awc::error::{ConnectError, PayloadError, SendRequestError};
use awc::http::header::{self, HeaderMap};
use awc::http::{Method, Version};
use awc::{Client, ClientRequest, ClientResponse, Connector};
use bytes::Bytes;
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::{EgressError, EgressUnavailable, ExternalUrl, Fetched};
use crate::version::USER_AGENT;

/// For connecting to one address, and once more for the TLS handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How many addresses of a name are tried, in turn, until one takes the connection.
const ADDRESSES_TRIED: usize = 4;
/// How long a connection may rest between two calls: less than the five seconds after which many servers end it.
pub(super) const LONGEST_REST: Duration = Duration::from_secs(4);
/// How long a connection is used at all, so that a name's new addresses get their share.
const LONGEST_LIFE: Duration = Duration::from_mins(1);

/// What is sent.
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    /// Whether the connection is to end with the answer.
    pub(super) is_last: bool,
}

/// Makes connections.
pub(super) struct Transport {
    tls: Arc<rustls::ClientConfig>,
}

/// One connection at the most, to one address, by an awc client that has no other: so whoever holds it knows whether it
/// was used before, and where it leads. It redirects nothing.
pub(super) struct Line {
    http: Client,
    pub(super) address: SocketAddr,
}

impl Transport {
    pub(super) fn new() -> Result<Self, EgressUnavailable> {
        Ok(Self { tls: tls_config()? })
    }

    /// Sends over a new connection to the first of `addresses` that takes one, until the answer's head is there. Host,
    /// server name and certificate are those of the URL.
    pub(super) async fn send(
        &self,
        url: &ExternalUrl,
        addresses: &[SocketAddr],
        outgoing: &Outgoing,
    ) -> Result<(ClientResponse, Line), EgressError> {
        for address in addresses.iter().take(ADDRESSES_TRIED) {
            let line = self.line(*address);
            match line.send(url, outgoing).await {
                Ok(response) => return Ok((response, line)),
                // Nothing was sent where no connection was made.
                Err(EgressError::Connect) => {}
                Err(error) => return Err(error),
            }
        }
        Err(EgressError::Connect)
    }

    fn line(&self, address: SocketAddr) -> Line {
        let connector = Connector::new()
            .timeout(CONNECT_TIMEOUT)
            .handshake_timeout(CONNECT_TIMEOUT)
            // A connection that is not kept ends at once, and nobody waits for its server's word on that.
            .disconnect_timeout(Duration::ZERO)
            .conn_keep_alive(LONGEST_REST)
            .conn_lifetime(LONGEST_LIFE)
            .rustls_0_23(self.tls.clone());
        let client = Client::builder().connector(connector).disable_timeout().disable_redirects();
        Line { http: client.no_default_headers().finish(), address }
    }
}

impl Line {
    /// Sends, over the connection that there is or a new one, until the answer's head is there.
    pub(super) async fn send(&self, url: &ExternalUrl, outgoing: &Outgoing) -> Result<ClientResponse, EgressError> {
        let request = self.request(url, outgoing);
        let sent = match &outgoing.body {
            Some(body) => request.send_body(body.clone()).await,
            None => request.send_body(body::None::new()).await,
        };
        sent.map_err(|error| failure(&error))
    }

    fn request(&self, url: &ExternalUrl, outgoing: &Outgoing) -> ClientRequest {
        let request = self.http.request(outgoing.method.clone(), url.uri()).address(self.address);
        let mut request = request.version(Version::HTTP_11).no_decompress();
        if outgoing.is_last {
            request = request.force_close();
        }
        request = request.insert_header((header::USER_AGENT, USER_AGENT));
        for (name, value) in &outgoing.headers {
            request = request.insert_header((name.clone(), value.clone()));
        }
        request
    }
}

/// Certificates by the platform's own rules. HTTP/1.1 alone: a line is one connection, with one call at a time.
pub(crate) fn tls_config() -> Result<Arc<rustls::ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn failure(error: &SendRequestError) -> EgressError {
    match error {
        SendRequestError::Connect(ConnectError::Io(error)) if is_tls(error) => EgressError::Tls,
        // awc's word for a connection that ends in the place of an answer's head.
        SendRequestError::Connect(ConnectError::Disconnected) => EgressError::Broken,
        SendRequestError::Connect(_) => EgressError::Connect,
        _ => EgressError::Broken,
    }
}

fn is_tls(error: &std::io::Error) -> bool {
    error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
}

/// The whole answer.
pub(super) async fn receive(mut response: ClientResponse, limit: usize) -> Result<Fetched, EgressError> {
    let status = response.status().as_u16();
    let content_type = text(&response, header::CONTENT_TYPE).map(str::to_owned);
    let announced: Option<usize> = text(&response, header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    let body = response.body().limit(limit).await.map_err(|error| match error {
        PayloadError::Overflow => EgressError::TooLarge { limit },
        _ => EgressError::Broken,
    })?;
    // awc ends the body without an error where the connection ends before `Content-Length`.
    if announced.is_some_and(|length| body.len() < length) {
        return Err(EgressError::Broken);
    }
    Ok(Fetched { status, content_type, body })
}

/// A header of an answer.
pub(super) fn text(response: &ClientResponse, name: header::HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}
