//! The client: connections, and a call over them.

use std::{future::poll_fn, mem, rc::Rc, task::Poll, time::Duration};

use awc::http::header::HeaderValue;
use serde::de::DeserializeOwned;

use crate::{
    answer::{self, Answer},
    call::Call,
    error::{Effect, GraphError},
    http1::Http1,
    over_awc::OverAwc,
    progress::Progress,
    request::Request,
    settings::{GraphSettings, InvalidSettings},
    target::{Path, Upstream},
    transport::{Message, Received},
    tries::Tries,
};

/// A client of the Graph API with connections of its own. It stays on the thread that made it, one
/// for each worker; clones share its connections.
#[derive(Clone)]
pub struct GraphClient(pub(crate) Rc<Inner>);

/// What calls are made with.
pub(crate) struct Inner {
    pub(crate) over_awc: OverAwc,
    /// Where there is no TLS. Whatever comes or goes piece by piece goes over awc all the same.
    http1: Option<Http1>,
    pub(crate) upstream: Upstream,
    pub(crate) user_agent: HeaderValue,
    pub(crate) timeout: Duration,
}

impl GraphClient {
    /// Prepares a client. No connection is made yet. Over `https` the system's certificates are read,
    /// which takes some milliseconds.
    pub fn new(settings: &GraphSettings) -> Result<Self, InvalidSettings> {
        let upstream = Upstream::new(settings)?;
        let user_agent = HeaderValue::from_str(&settings.user_agent)
            .map_err(|_| InvalidSettings::UserAgent(settings.user_agent.clone()))?;
        Ok(Self(Rc::new(Inner {
            over_awc: OverAwc::new(settings, upstream.is_tls())?,
            http1: (!upstream.is_tls()).then(|| Http1::new(settings, upstream.host.clone())).transpose()?,
            upstream,
            user_agent,
            timeout: settings.timeout,
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
        let target = path.finish(call.token)?;
        self.tries(call, request.effect)
            .make(async |progress| {
                let trace = call.guard.trace();
                let message =
                    Message { trace: trace.as_ref(), ..request.message(&target, call.token, &self.0.user_agent) };
                self.exchange(message, progress, |received| answer::read(received, progress.effect, call.token)).await
            })
            .await
    }

    /// The tries of a call that begins now.
    pub(crate) fn tries<'a>(&self, call: Call<'a>, effect: Effect) -> Tries<'a> {
        Tries::new(call, effect, self.0.timeout)
    }

    /// Sends a message, and lets `read` look at the whole answer.
    pub(crate) async fn exchange<T>(
        &self,
        message: Message<'_>,
        progress: &Progress,
        read: impl FnOnce(Received<'_>) -> Result<T, GraphError>,
    ) -> Result<T, GraphError> {
        let Inner { http1, over_awc, upstream, .. } = &*self.0;
        match http1 {
            Some(http1) => {
                after_the_others().await;
                http1.exchange(message, progress, read).await
            }
            // Boxed, so that calls without TLS are none the larger for it.
            None => Box::pin(over_awc.exchange(upstream, message, progress, read)).await,
        }
    }
}

/// Lets everything else go first that this thread has to do now. What it sends is then sent in one go, and finds whoever
/// receives it awake.
async fn after_the_others() {
    let mut have_gone = false;
    poll_fn(|context| {
        if mem::replace(&mut have_gone, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
