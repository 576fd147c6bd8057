//! One exchange with the Graph API over awc: connections, TLS, limits, and what failures mean.

use std::{
    cell::Cell,
    convert::Infallible,
    mem,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use awc::{
    Client, ClientRequest, ClientResponse, Connector,
    body::{self, BodySize, BoxBody, MessageBody},
    error::{ConnectError, PayloadError, SendRequestError},
    http::header,
};
use bytes::Bytes;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::time::Instant;

use crate::{
    error::{Effect, GraphError, Unreadable},
    settings::{GraphSettings, InvalidSettings},
    usage::Usage,
};

/// Idle connections are kept this long. Servers close theirs later; where one does not, the pool
/// notices before the connection is used again.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// A connection is replaced after this long, so that a change of the address is followed.
const LIFETIME: Duration = Duration::from_mins(10);

/// How many calls one client has under way at the most, each of which has a connection over HTTP/1.1. Others wait for
/// their end, within their own time.
pub const MOST_CALLS: usize = 1024;

/// An awc client that keeps connections, follows no redirects, adds no headers and has no timeout
/// of its own: the caller's deadline covers everything.
pub(crate) fn client(settings: &GraphSettings, tls: bool) -> Result<Client, InvalidSettings> {
    let connector = Connector::new()
        .timeout(settings.connect_timeout)
        .handshake_timeout(settings.connect_timeout)
        .limit(MOST_CALLS)
        .conn_keep_alive(KEEP_ALIVE)
        .conn_lifetime(LIFETIME);
    let connector = if tls { connector.rustls_0_23(tls_config()?) } else { connector };
    Ok(Client::builder().connector(connector).disable_timeout().disable_redirects().no_default_headers().finish())
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

/// Reads the whole body, up to `limit` bytes.
pub(crate) async fn receive(response: &mut ClientResponse, limit: usize, effect: Effect) -> Result<Bytes, GraphError> {
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

/// How far a try of a call has come.
#[derive(Clone)]
pub(crate) struct Progress {
    pub(crate) effect: Effect,
    begun: Rc<Cell<bool>>,
}

impl Progress {
    /// Of a try at its beginning. Nothing can be told of a read's, since it has no body; nothing
    /// depends on it either.
    pub(crate) fn new(effect: Effect) -> Self {
        Self { effect, begun: Rc::new(Cell::new(effect == Effect::Read)) }
    }

    /// A body for the request, which tells when it begins to leave.
    pub(crate) fn body(&self, bytes: Bytes) -> Outgoing {
        Outgoing { bytes, begun: Rc::clone(&self.begun) }
    }

    /// A body that comes while it is sent, which tells when it begins to leave and when it last moved.
    pub(crate) fn stream(&self, body: BoxBody, moved: &Rc<Cell<Instant>>) -> Streamed {
        Streamed { body, begun: Rc::clone(&self.begun), moved: Rc::clone(moved) }
    }

    pub(crate) fn timeout(&self) -> GraphError {
        GraphError::Timeout { sent: self.begun.get(), effect: self.effect }
    }

    fn disconnected(&self, why: String) -> GraphError {
        GraphError::Disconnected { sent: self.begun.get(), effect: self.effect, why }
    }
}

/// A body that tells when awc begins to write it: a connection stands by then. Until that moment
/// nothing that Meta could act on has been sent.
pub(crate) struct Outgoing {
    bytes: Bytes,
    begun: Rc<Cell<bool>>,
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
        self.begun.set(true);
        let bytes = mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
    }
}

/// A body that comes while it is sent.
pub(crate) struct Streamed {
    body: BoxBody,
    begun: Rc<Cell<bool>>,
    moved: Rc<Cell<Instant>>,
}

impl MessageBody for Streamed {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.begun.set(true);
        let polled = Pin::new(&mut self.body).poll_next(context);
        if polled.is_ready() {
            self.moved.set(Instant::now());
        }
        polled
    }
}
