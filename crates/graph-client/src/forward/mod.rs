//! Calls of Meta's own paths, passed on as their callers made them: the address is put together anew, the tenant's token
//! stands in the place of the caller's, and the answer comes back as Meta wrote it.

mod answer;
mod media;

use std::{cell::Cell, fmt, future::Future, pin::pin, rc::Rc, time::Duration};

use awc::{
    body::BoxBody,
    http::{Method, header::HeaderValue},
};
use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use crate::{
    call::Call,
    client::GraphClient,
    error::{Effect, GraphError},
    over_awc::Streamed,
    progress::Progress,
    target::{Path, Target},
    transport::{Message, Received},
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
        let tries = self.tries(call, request.effect());
        let passing = self.passing(call, &request)?;
        match request.body {
            // A change without a body says so, by its length of 0.
            ForwardBody::Empty => {
                let bytes = (request.method != Method::GET).then(Bytes::new);
                tries.make(async |progress| passing.whole(None, bytes.as_ref(), progress).await).await
            }
            ForwardBody::Whole { content_type, bytes } => {
                let content_type = Some(&content_type);
                tries.make(async |progress| passing.whole(content_type, Some(&bytes), progress).await).await
            }
            ForwardBody::Stream { content_type, body } => {
                tries
                    .make_once(async |progress| passing.stream(content_type, body, call.deadline, &progress).await)
                    .await
            }
        }
    }

    /// What is the same in each try of a call that is passed on.
    fn passing<'a>(&'a self, call: Call<'a>, request: &Forward) -> Result<Passing<'a>, GraphError> {
        Ok(Passing {
            client: self,
            call,
            method: request.method.clone(),
            target: self.forwarded_path(request).finish(call.token)?,
            agent: self.agent(request.user_agent.as_deref()),
        })
    }

    fn forwarded_path(&self, request: &Forward) -> Path {
        let upstream = &self.0.upstream;
        let mut path = match &request.version {
            Some(version) => upstream.path_of_version(version, &request.id),
            None => upstream.path(&request.id),
        };
        if let Some(edge) = request.edge {
            path = path.edge(edge);
        }
        request.query.iter().fold(path, |path, (name, value)| path.parameter(name, value))
    }

    /// Our name and the caller's.
    fn agent(&self, callers: Option<&str>) -> HeaderValue {
        let ours = &self.0.user_agent;
        let both = callers.map(|callers| [ours.as_bytes(), b" ", callers.as_bytes()].concat());
        both.and_then(|both| HeaderValue::from_bytes(&both).ok()).unwrap_or_else(|| ours.clone())
    }
}

/// A call that is passed on, without its body.
struct Passing<'a> {
    client: &'a GraphClient,
    call: Call<'a>,
    method: Method,
    target: Target,
    agent: HeaderValue,
}

impl Passing<'_> {
    /// One try of a call whose body is all here.
    async fn whole(
        &self,
        content_type: Option<&HeaderValue>,
        body: Option<&Bytes>,
        progress: &Progress,
    ) -> Result<Forwarded, GraphError> {
        let trace = self.call.guard.trace();
        let message = Message { trace: trace.as_ref(), ..self.message(content_type, body) };
        self.client.exchange(message, progress, |received| self.read(received, progress)).await
    }

    /// The only try of a call whose body is still coming; `None` where it stood still for too long, or its deadline passed.
    async fn stream(
        &self,
        content_type: HeaderValue,
        body: BoxBody,
        deadline: Option<Instant>,
        progress: &Progress,
    ) -> Option<Result<Forwarded, GraphError>> {
        let moved = Rc::new(Cell::new(Instant::now()));
        let body = Streamed::new(body, progress, &moved);
        let inner = &self.client.0;
        let trace = self.call.guard.trace();
        let message = Message { trace: trace.as_ref(), ..self.message(Some(&content_type), None) };
        let read = |received: Received<'_>| self.read(received, progress);
        let exchange = inner.over_awc.exchange_with(&inner.upstream, message, Some(body), progress, read);
        let exchange = unless_it_stands_still(exchange, &moved, inner.timeout);
        match deadline {
            Some(deadline) => timeout_at(deadline, exchange).await.ok().flatten(),
            None => exchange.await,
        }
    }

    fn message<'a>(&'a self, content_type: Option<&'a HeaderValue>, body: Option<&'a Bytes>) -> Message<'a> {
        let Self { client: _, call, method, target, agent } = self;
        Message { method, target, token: call.token, agent, trace: None, content_type, body }
    }

    fn read(&self, received: Received<'_>, progress: &Progress) -> Result<Forwarded, GraphError> {
        Forwarded::read(received, progress.effect, self.call.token)
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
