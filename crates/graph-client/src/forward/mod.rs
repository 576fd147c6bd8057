//! Calls of Meta's own paths, passed on as their callers made them: the address is put together anew, the tenant's token
//! stands in the place of the caller's, and the answer comes back as Meta wrote it.

mod answer;
mod media;

use std::{cell::Cell, fmt, future::Future, pin::pin, rc::Rc, time::Duration};

use awc::{
    ClientResponse,
    body::BoxBody,
    http::{
        Method, Uri,
        header::{self, HeaderValue},
    },
};
use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use crate::{
    client::{Call, GraphClient},
    error::{Effect, GraphError},
    token::Token,
    transport::{self, Progress},
};

pub use answer::{Forwarded, ForwardedChange};
pub use media::MediaContent;

/// A call as its caller made it. Nothing of its address is taken over as it was written: each part is encoded anew.
pub struct Forward {
    /// `GET`, `POST` or `DELETE`.
    pub method: Method,
    /// Such as `v23.0`; the settings' own where absent.
    pub version: Option<String>,
    /// The object, or what else the path begins with.
    pub id: String,
    /// The object's edge.
    pub edge: Option<&'static str>,
    /// The query's parameters, without credentials.
    pub query: Vec<(String, String)>,
    /// What the caller calls itself, sent behind our own name where a header can hold it.
    pub user_agent: Option<String>,
    /// What is sent.
    pub body: ForwardBody,
}

/// What a call sends along.
pub enum ForwardBody {
    /// Nothing.
    Empty,
    /// A body that is all here.
    Whole {
        /// Its `Content-Type`.
        content_type: HeaderValue,
        /// It.
        bytes: Bytes,
    },
    /// A body that is still coming. It is sent once.
    Stream {
        /// Its `Content-Type`.
        content_type: HeaderValue,
        /// It.
        body: BoxBody,
    },
}

impl Forward {
    fn effect(&self) -> Effect {
        if self.method == Method::GET { Effect::Read } else { Effect::Change }
    }
}

impl GraphClient {
    /// Passes a call on, and reads its answer, up to the settings' largest. A refusal of Meta's is an answer, too.
    ///
    /// The settings' timeout is for the whole call, or for a body that is still coming: for each time that it stands still.
    ///
    /// # Errors
    /// [`GraphError`] where there is no answer, or one that Meta cannot have written; never [`GraphError::Refused`].
    pub async fn forward(&self, call: Call<'_>, request: Forward) -> Result<Forwarded, GraphError> {
        let progress = Progress::new(request.effect());
        if call.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(progress.timeout());
        }
        let moved = Rc::new(Cell::new(Instant::now()));
        let exchange = self.pass(call.token, request, &progress, &moved);
        let late = async {
            match call.deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            passed = unless_it_stands_still(exchange, &moved, self.0.timeout) => {
                passed.unwrap_or_else(|| Err(progress.timeout()))
            }
            () = late => Err(progress.timeout()),
        }
    }

    async fn pass(
        &self,
        token: &Token,
        request: Forward,
        progress: &Progress,
        moved: &Rc<Cell<Instant>>,
    ) -> Result<Forwarded, GraphError> {
        let uri = self.address(&request, token)?;
        let agent = self.agent(request.user_agent.as_deref());
        let mut response = self.send_on(token, &uri, request, agent, (progress, moved)).await?;
        let body = transport::receive(&mut response, self.0.max_body, progress.effect).await?;
        Forwarded::read(&response, &body, progress.effect, token)
    }

    fn address(&self, request: &Forward, token: &Token) -> Result<Uri, GraphError> {
        let upstream = &self.0.upstream;
        let mut path = match &request.version {
            Some(version) => upstream.path_of_version(version, &request.id),
            None => upstream.path(&request.id),
        };
        if let Some(edge) = request.edge {
            path = path.edge(edge);
        }
        let path = request.query.iter().fold(path, |path, (name, value)| path.parameter(name, value));
        upstream.uri(path, token).map_err(|error| GraphError::Unsendable { why: error.to_string() })
    }

    /// Our name and the caller's.
    fn agent(&self, callers: Option<&str>) -> HeaderValue {
        let ours = &self.0.user_agent;
        let both = callers.map(|callers| [ours.as_bytes(), b" ", callers.as_bytes()].concat());
        both.and_then(|both| HeaderValue::from_bytes(&both).ok()).unwrap_or_else(|| ours.clone())
    }

    async fn send_on(
        &self,
        token: &Token,
        uri: &Uri,
        request: Forward,
        agent: HeaderValue,
        (progress, moved): (&Progress, &Rc<Cell<Instant>>),
    ) -> Result<ClientResponse, GraphError> {
        let prepared = || {
            let host = self.0.upstream.host.clone();
            self.prepare(request.method.clone(), uri, host, token).insert_header((header::USER_AGENT, agent.clone()))
        };
        let (content_type, bytes) = match request.body {
            ForwardBody::Stream { content_type, body } => {
                let prepared = prepared().insert_header((header::CONTENT_TYPE, content_type));
                return transport::send(prepared, Some(progress.stream(body, moved)), progress).await;
            }
            ForwardBody::Whole { content_type, bytes } => (Some(content_type), Some(bytes)),
            // A change without a body says so, by its length of 0.
            ForwardBody::Empty => (None, (progress.effect == Effect::Change).then(Bytes::new)),
        };
        let attempt = || {
            let mut prepared = prepared();
            if let Some(content_type) = &content_type {
                prepared = prepared.insert_header((header::CONTENT_TYPE, content_type.clone()));
            }
            transport::send(prepared, bytes.clone().map(|bytes| progress.body(bytes)), progress)
        };
        match attempt().await {
            Err(GraphError::Disconnected { .. }) if progress.may_repeat() => attempt().await,
            sent => sent,
        }
    }
}

/// What `work` comes to; `None` where nothing has moved for as long as `patience`.
async fn unless_it_stands_still<T>(
    work: impl Future<Output = T>,
    moved: &Cell<Instant>,
    patience: Duration,
) -> Option<T> {
    let mut work = pin!(work);
    loop {
        let latest = moved.get() + patience;
        match timeout_at(latest, work.as_mut()).await {
            Ok(done) => return Some(done),
            Err(_) if moved.get() + patience > latest => {}
            Err(_) => return None,
        }
    }
}

impl fmt::Debug for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forward").field("method", &self.method).field("edge", &self.edge).finish_non_exhaustive()
    }
}
