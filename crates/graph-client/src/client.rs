//! The client: connections, and a call over them.

use std::{rc::Rc, time::Duration};

use awc::{
    ClientRequest, ClientResponse,
    http::{
        Method, Uri,
        header::{self, HeaderValue},
    },
};
use serde::de::DeserializeOwned;

use crate::{
    answer::{self, Answer},
    call::Call,
    error::{Effect, GraphError},
    request::Request,
    settings::{GraphSettings, InvalidSettings},
    target::{Path, Upstream},
    token::Token,
    transport::{self, Progress},
    tries::Tries,
};

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
        let uri = self.uri(path, call.token)?;
        self.tries(call, request.effect)
            .make(async |progress| self.exchange(call.token, &uri, &request, progress).await)
            .await
    }

    /// The tries of a call that begins now.
    pub(crate) fn tries<'a>(&self, call: Call<'a>, effect: Effect) -> Tries<'a> {
        Tries::new(call, effect, self.0.timeout)
    }

    pub(crate) fn uri(&self, path: Path, token: &Token) -> Result<Uri, GraphError> {
        self.0.upstream.uri(path, token).map_err(|error| GraphError::Unsendable { why: error.to_string() })
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        token: &Token,
        uri: &Uri,
        request: &Request,
        progress: &Progress,
    ) -> Result<Answer<T>, GraphError> {
        let mut response = self.send(token, uri, request, progress).await?;
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
        if let Some(content_type) = request.content_type() {
            prepared = prepared.insert_header((header::CONTENT_TYPE, content_type));
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
