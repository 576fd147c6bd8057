//! One exchange with an address that was checked, over awc.

use std::net::{IpAddr, SocketAddr};
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

/// For connecting to one address, and once more for the TLS handshake.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How many addresses of a name are tried, in turn, until one takes the connection.
const ADDRESSES_TRIED: usize = 4;
const USER_AGENT: &str = concat!("groupgate/", env!("CARGO_PKG_VERSION"));

/// What is sent.
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
}

/// A client that keeps no connections and follows no redirects.
pub(super) struct Transport {
    http: Client,
}

impl Transport {
    pub(super) fn new() -> Result<Self, EgressUnavailable> {
        let connector = Connector::new()
            .timeout(CONNECT_TIMEOUT)
            .handshake_timeout(CONNECT_TIMEOUT)
            // Who may call is decided before (`seats.rs`): here a call would wait, and its server get the blame.
            .limit(0)
            .rustls_0_23(tls_config()?);
        let client = Client::builder().connector(connector).disable_timeout().disable_redirects();
        Ok(Self { http: client.no_default_headers().finish() })
    }

    /// Sends to the first of `addresses` that takes a connection, and reads the whole answer. Host, server name and
    /// certificate are those of the URL.
    pub(super) async fn exchange(
        &self,
        url: &ExternalUrl,
        addresses: &[IpAddr],
        outgoing: &Outgoing,
        limit: usize,
    ) -> Result<Fetched, EgressError> {
        for address in addresses.iter().take(ADDRESSES_TRIED) {
            match self.send(url, SocketAddr::new(*address, url.port()), outgoing).await {
                Ok(response) => return receive(response, limit).await,
                // Nothing was sent where no connection was made.
                Err(EgressError::Connect) => {}
                Err(error) => return Err(error),
            }
        }
        Err(EgressError::Connect)
    }

    async fn send(
        &self,
        url: &ExternalUrl,
        address: SocketAddr,
        outgoing: &Outgoing,
    ) -> Result<ClientResponse, EgressError> {
        let request = self.request(url, address, outgoing);
        let sent = match &outgoing.body {
            Some(body) => request.send_body(body.clone()).await,
            None => request.send_body(body::None::new()).await,
        };
        sent.map_err(|error| failure(&error))
    }

    fn request(&self, url: &ExternalUrl, address: SocketAddr, outgoing: &Outgoing) -> ClientRequest {
        let request = self.http.request(outgoing.method.clone(), url.uri()).address(address);
        let mut request = request.version(Version::HTTP_11).force_close().no_decompress();
        request = request.insert_header((header::USER_AGENT, USER_AGENT));
        for (name, value) in &outgoing.headers {
            request = request.insert_header((name.clone(), value.clone()));
        }
        request
    }
}

/// Certificates by the platform's own rules. HTTP/1.1 alone: awc keeps every connection of HTTP/2.
fn tls_config() -> Result<Arc<rustls::ClientConfig>, rustls::Error> {
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

async fn receive(mut response: ClientResponse, limit: usize) -> Result<Fetched, EgressError> {
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

fn text(response: &ClientResponse, name: header::HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}
