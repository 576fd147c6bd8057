//! The client, and the one way that every call takes.

use std::{rc::Rc, time::Duration};

use awc::{
    ClientRequest, ClientResponse,
    http::{
        Method, Uri,
        header::{self, HeaderValue},
    },
};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::{
    answer::{self, Answer},
    error::{Effect, GraphError},
    form::Form,
    settings::{GraphSettings, InvalidSettings},
    target::{Path, Upstream},
    token::Token,
    transport::{self, Outgoing, Progress},
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A client of the Graph API with connections of its own. It stays on the thread that made it, one
/// for each worker; clones share its connections.
#[derive(Clone)]
pub struct GraphClient(pub(crate) Rc<Inner>);

/// What calls are made with.
pub(crate) struct Inner {
    http: awc::Client,
    pub(crate) upstream: Upstream,
    pub(crate) user_agent: HeaderValue,
    pub(crate) timeout: Duration,
    pub(crate) max_body: usize,
}

/// With whose token a call is made, and until when.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The tenant's token.
    pub token: &'a Token,
    /// When the caller's time is over. The settings' timeout holds in any case.
    pub deadline: Option<Instant>,
}

/// What a call sends to its path.
pub(crate) struct Request {
    method: Method,
    body: Option<Body>,
}

/// A body, and what it is.
struct Body {
    content_type: HeaderValue,
    bytes: Bytes,
}

impl Request {
    pub(crate) const GET: Self = Self::bare(Method::GET);
    pub(crate) const POST: Self = Self::bare(Method::POST);
    pub(crate) const DELETE: Self = Self::bare(Method::DELETE);

    pub(crate) fn post(json: &Value) -> Self {
        Self { method: Method::POST, body: Some(Body::json(json)) }
    }

    /// A POST of a form with a file in it.
    pub(crate) fn post_form(form: Form) -> Self {
        let (content_type, bytes) = form.finish();
        Self { method: Method::POST, body: Some(Body { content_type, bytes }) }
    }

    /// Some of Meta's edges want a JSON body with their DELETE.
    pub(crate) fn delete(json: &Value) -> Self {
        Self { method: Method::DELETE, body: Some(Body::json(json)) }
    }

    const fn bare(method: Method) -> Self {
        Self { method, body: None }
    }

    fn effect(&self) -> Effect {
        if self.method == Method::GET { Effect::Read } else { Effect::Change }
    }

    fn body(&self, progress: &Progress) -> Option<Outgoing> {
        match (&self.body, progress.effect) {
            (None, Effect::Read) => None,
            (body, _) => Some(progress.body(body.as_ref().map(|body| body.bytes.clone()).unwrap_or_default())),
        }
    }
}

impl Body {
    fn json(json: &Value) -> Self {
        Self { content_type: JSON, bytes: json.to_string().into() }
    }
}

impl GraphClient {
    /// Prepares a client. No connection is made yet. Over `https` the system's certificates are read,
    /// which takes some milliseconds.
    pub fn new(settings: &GraphSettings) -> Result<Self, InvalidSettings> {
        let upstream = Upstream::new(settings)?;
        let user_agent = HeaderValue::from_str(&settings.user_agent)
            .map_err(|_| InvalidSettings::UserAgent(settings.user_agent.clone()))?;
        Ok(Self(Rc::new(Inner {
            http: transport::client(settings, upstream.is_tls())?,
            upstream,
            user_agent,
            timeout: settings.timeout,
            max_body: settings.max_body,
        })))
    }

    /// A path that begins with the version and `id`.
    pub(crate) fn path(&self, id: &str) -> Path {
        self.0.upstream.path(id)
    }

    /// Makes a call, within its deadline from the wait for a connection to the body's last byte.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        path: Path,
        request: Request,
    ) -> Result<Answer<T>, GraphError> {
        let progress = Progress::new(request.effect());
        let until = self.latest(call);
        if until <= Instant::now() {
            return Err(GraphError::Timeout { sent: false, effect: progress.effect });
        }
        timeout_at(until, self.exchange(call.token, path, request, &progress))
            .await
            .unwrap_or_else(|_| Err(progress.timeout()))
    }

    /// When a call that begins now is over at the latest.
    pub(crate) fn latest(&self, call: Call<'_>) -> Instant {
        let latest = Instant::now() + self.0.timeout;
        call.deadline.map_or(latest, |deadline| deadline.min(latest))
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        token: &Token,
        path: Path,
        request: Request,
        progress: &Progress,
    ) -> Result<Answer<T>, GraphError> {
        let uri = self.0.upstream.uri(path, token);
        let uri = uri.map_err(|error| GraphError::Unsendable { why: error.to_string() })?;
        let mut response = match self.send(token, &uri, &request, progress).await {
            Err(GraphError::Disconnected { .. }) if progress.may_repeat() => {
                self.send(token, &uri, &request, progress).await?
            }
            sent => sent?,
        };
        let body = transport::receive(&mut response, self.0.max_body, progress.effect).await?;
        answer::read((response.status(), response.headers()), &body, progress.effect, token)
    }

    async fn send(
        &self,
        token: &Token,
        uri: &Uri,
        request: &Request,
        progress: &Progress,
    ) -> Result<ClientResponse, GraphError> {
        let host = self.0.upstream.host.clone();
        let mut prepared = self.prepare(request.method.clone(), uri, host, token);
        if let Some(body) = &request.body {
            prepared = prepared.insert_header((header::CONTENT_TYPE, body.content_type.clone()));
        }
        transport::send(prepared, request.body(progress), progress).await
    }

    /// A request with the token, and with no other header than every request has.
    pub(crate) fn prepare(&self, method: Method, uri: &Uri, host: HeaderValue, token: &Token) -> ClientRequest {
        let Inner { http, user_agent, .. } = &*self.0;
        http.request(method, uri)
            .no_decompress()
            .insert_header((header::HOST, host))
            .insert_header((header::AUTHORIZATION, token.authorization()))
            .insert_header((header::USER_AGENT, user_agent.clone()))
    }
}
