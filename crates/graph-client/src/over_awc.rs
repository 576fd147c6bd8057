//! Exchanges with the Graph API over awc: TLS and HTTP/2, and whatever comes or goes piece by piece.

use std::{
    cell::Cell,
    convert::Infallible,
    mem,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use awc::{
    Client, ClientRequest, ClientResponse, Connector,
    body::{self, BodySize, BoxBody, MessageBody},
    error::{ConnectError, PayloadError, SendRequestError},
    http::{
        Uri,
        header::{self, HeaderValue},
    },
};
use bytes::Bytes;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::time::Instant;

use crate::{
    error::{Effect, GraphError, Unreadable},
    guard::TraceHeaders,
    progress::Progress,
    settings::{GraphSettings, InvalidSettings},
    target::Upstream,
    token::Token,
    transport::{LIFETIME, MOST_CALLS, Message, Received, keep_alive},
    usage::Usage,
};

/// An awc client that keeps connections, follows no redirects, adds no headers and has no timeout
/// of its own: the caller's deadline covers everything.
pub(crate) struct OverAwc {
    client: Client,
    max_body: usize,
}

impl OverAwc {
    pub(crate) fn new(settings: &GraphSettings, tls: bool) -> Result<Self, InvalidSettings> {
        let connector = Connector::new()
            .timeout(settings.connect_timeout)
            .handshake_timeout(settings.connect_timeout)
            .limit(MOST_CALLS)
            .conn_keep_alive(keep_alive(tls))
            .conn_lifetime(LIFETIME);
        let connector = if tls { connector.rustls_0_23(tls_config()?) } else { connector };
        let client = Client::builder().connector(connector).disable_timeout().disable_redirects().no_default_headers();
        Ok(Self { client: client.finish(), max_body: settings.max_body })
    }

    /// Sends a message, and lets `read` look at the whole answer.
    pub(crate) async fn exchange<T>(
        &self,
        upstream: &Upstream,
        message: Message<'_>,
        progress: &Progress,
        read: impl FnOnce(Received<'_>) -> Result<T, GraphError>,
    ) -> Result<T, GraphError> {
        let body = message.body.map(|bytes| Outgoing { bytes: bytes.clone(), progress: progress.clone() });
        self.exchange_with(upstream, message, body, progress, read).await
    }

    /// The same with another body than the message's own.
    pub(crate) async fn exchange_with<T>(
        &self,
        upstream: &Upstream,
        message: Message<'_>,
        body: Option<impl MessageBody + 'static>,
        progress: &Progress,
        read: impl FnOnce(Received<'_>) -> Result<T, GraphError>,
    ) -> Result<T, GraphError> {
        let uri = upstream.uri(message.target).map_err(|error| GraphError::Unsendable { why: error.to_string() })?;
        let mut request = self.request(message.method.clone(), &uri, upstream.host.clone(), message.token);
        request = request.insert_header((header::USER_AGENT, message.agent.clone()));
        for header in message.trace.into_iter().flat_map(TraceHeaders::pairs) {
            request = request.insert_header(header);
        }
        if let Some(content_type) = message.content_type {
            request = request.insert_header((header::CONTENT_TYPE, content_type.clone()));
        }
        let mut response = send(request, body, progress).await?;
        let body = self.receive(&mut response, progress.effect).await?;
        read(Received { status: response.status(), headers: response.headers(), body: &body })
    }

    /// A request with the token, and with no other header than its host.
    pub(crate) fn request(
        &self,
        method: awc::http::Method,
        uri: &Uri,
        host: HeaderValue,
        token: &Token,
    ) -> ClientRequest {
        self.client
            .request(method, uri)
            .no_decompress()
            .insert_header((header::HOST, host))
            .insert_header((header::AUTHORIZATION, token.authorization().clone()))
    }

    /// Reads the whole body, up to the settings' largest.
    pub(crate) async fn receive(&self, response: &mut ClientResponse, effect: Effect) -> Result<Bytes, GraphError> {
        let limit = self.max_body;
        let status = response.status().as_u16();
        let body = response.body().limit(limit).await;
        let unreadable = |why| {
            let usage = Box::new(Usage::of(response.headers()));
            GraphError::Unreadable { status, why, effect, usage }
        };
        let body = body.map_err(|error| match error {
            PayloadError::Overflow => unreadable(Unreadable::TooLarge { limit }),
            _ => unreadable(Unreadable::CutOff),
        })?;
        // awc ends the body without an error where the connection ends before `Content-Length`.
        if content_length(response).is_some_and(|length| body.len() < length) {
            Err(unreadable(Unreadable::CutOff))
        } else {
            Ok(body)
        }
    }
}

/// TLS by aws-lc-rs, certificates by the platform's own rules, HTTP/2 where the server has it.
fn tls_config() -> Result<Arc<rustls::ClientConfig>, InvalidSettings> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Sends a request and waits for the head of the answer.
pub(crate) async fn send(
    request: ClientRequest,
    body: Option<impl MessageBody + 'static>,
    progress: &Progress,
) -> Result<ClientResponse, GraphError> {
    let sending = match body {
        Some(body) => request.send_body(body),
        None => request.send_body(body::None::new()),
    };
    sending.await.map_err(|error| failure(error, progress))
}

fn content_length(response: &ClientResponse) -> Option<usize> {
    response.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn failure(error: SendRequestError, progress: &Progress) -> GraphError {
    match error {
        // awc's word for a connection that ends in the place of an answer's head.
        SendRequestError::Connect(ConnectError::Disconnected) => {
            progress.disconnected("closed without an answer".to_owned())
        }
        // Among them that connecting took too long. The wait for a place in the pool is no part of it.
        SendRequestError::Connect(error) => GraphError::Connect { why: error.to_string() },
        SendRequestError::Url(error) => GraphError::Unsendable { why: error.to_string() },
        SendRequestError::Http(error) => GraphError::Unsendable { why: error.to_string() },
        other => progress.disconnected(other.to_string()),
    }
}

/// A body that tells when awc begins to write it: a connection stands by then. Until that moment
/// nothing that Meta could act on has been sent.
struct Outgoing {
    bytes: Bytes,
    progress: Progress,
}

impl MessageBody for Outgoing {
    type Error = Infallible;

    /// An empty body is announced as a stream, since awc never asks for a body of length 0; it finds
    /// the stream empty before the head is written, and sends `content-length: 0`.
    fn size(&self) -> BodySize {
        match self.bytes.len() {
            0 => BodySize::Stream,
            length => BodySize::Sized(length as u64),
        }
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.progress.begin();
        let bytes = mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
    }
}

/// A body that comes while it is sent, which tells when it begins to leave and when it last moved.
pub(crate) struct Streamed {
    body: BoxBody,
    progress: Progress,
    moved: Rc<Cell<Instant>>,
}

impl Streamed {
    pub(crate) fn new(body: BoxBody, progress: &Progress, moved: &Rc<Cell<Instant>>) -> Self {
        Self { body, progress: progress.clone(), moved: Rc::clone(moved) }
    }
}

impl MessageBody for Streamed {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.progress.begin();
        let polled = Pin::new(&mut self.body).poll_next(context);
        if polled.is_ready() {
            self.moved.set(Instant::now());
        }
        polled
    }
}
