//! What stands between the client and Meta: asked before each try of a call, and told how it ended.
//!
//! The client knows how a call is made and which failures are safe to repeat; whoever uses it knows whose calls they are,
//! what Meta has said about quotas, and how the host has been lately. A [`Guard`] joins the two.

use std::{iter, time::Duration};

use awc::http::header::{HeaderName, HeaderValue};
use tokio::time::Instant;

use crate::{Effect, GraphError, Usage};

/// Who waits for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Urgency {
    /// A caller.
    Caller,
    /// Nobody any more, but what became of a caller's change is not known without it: it comes after callers' calls.
    Overdue,
    /// Nobody: it is the gateway's own, and comes last.
    Background,
}

/// One try of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Try {
    /// What the call is to do.
    pub effect: Effect,
    /// Who waits for it.
    pub urgency: Urgency,
    /// Which try of its call it is, counted from 1.
    pub nth: u8,
    /// When it was asked for.
    pub at: Instant,
}

/// How a try ended.
#[derive(Debug, Clone, Copy)]
pub enum Ended<'a> {
    /// Meta answered with a success.
    Answered(&'a Usage),
    /// It failed; a refusal of Meta's is a failure, too.
    Failed(&'a GraphError),
    /// Nobody waited for its end, or not long enough to learn anything of Meta.
    GivenUp,
}

/// Why a try is not made. Nothing has been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Held {
    /// Meta's quota is used up, or the rest of it is kept for others.
    #[error("Meta's quota is used up")]
    Quota {
        /// When a call may go through again.
        until: Instant,
    },
    /// As many calls of the same tenant are under way as may be; the rest of the connections is kept for others.
    #[error("as many calls of the tenant to Meta are under way as may be")]
    Crowded {
        /// When to look whether one has ended.
        until: Instant,
    },
    /// The last calls have failed, so that the next would fail too.
    #[error("Meta could not be reached lately")]
    Broken {
        /// When it is tried again.
        until: Instant,
    },
}

impl Held {
    /// How long it lasts from now.
    pub fn wait(self) -> Duration {
        let (Self::Quota { until } | Self::Crowded { until } | Self::Broken { until }) = self;
        until.saturating_duration_since(Instant::now())
    }
}

/// What a request carries of the trace that it belongs to, in the form of
/// [W3C Trace Context](https://www.w3.org/TR/trace-context/).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceHeaders {
    /// `traceparent`.
    pub parent: HeaderValue,
    /// `tracestate`.
    pub state: Option<HeaderValue>,
}

impl TraceHeaders {
    /// Each with its name.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let parent = (HeaderName::from_static("traceparent"), self.parent.clone());
        let state = self.state.clone().map(|state| (HeaderName::from_static("tracestate"), state));
        iter::once(parent).chain(state)
    }
}

/// What stands between the client and Meta. It is asked on the thread of the call, and answers at once.
pub trait Guard {
    /// Whether a try may be made. Each that may is told of to [`Guard::ended`], once.
    ///
    /// # Errors
    /// [`Held`]
    fn admit(&self, this: Try) -> Result<(), Held>;

    /// How a try that was admitted ended.
    fn ended(&self, this: Try, how: Ended<'_>);

    /// Whether one try more than the first may be spent on a call: the budget of repetitions. One that [`Guard::admit`]
    /// refuses then is not spent.
    fn may_repeat(&self) -> bool;

    /// What the try that was admitted last carries of a trace. A guard of many calls has none to give.
    fn trace(&self) -> Option<TraceHeaders> {
        None
    }
}

/// Lets everything through: for programs that make a few calls and end.
#[derive(Debug, Clone, Copy)]
pub struct Unguarded;

impl Guard for Unguarded {
    fn admit(&self, _: Try) -> Result<(), Held> {
        Ok(())
    }

    fn ended(&self, _: Try, _: Ended<'_>) {}

    fn may_repeat(&self) -> bool {
        true
    }
}

/// A try that was admitted: whoever drops it without an end has given it up.
pub(crate) struct Admitted<'a> {
    guard: &'a dyn Guard,
    this: Try,
    is_told: bool,
}

impl<'a> Admitted<'a> {
    /// Asks the guard.
    ///
    /// # Errors
    /// [`GraphError::Held`]
    pub(crate) fn ask(guard: &'a dyn Guard, this: Try) -> Result<Self, GraphError> {
        guard.admit(this)?;
        Ok(Self { guard, this, is_told: false })
    }

    /// When it began.
    pub(crate) fn began(&self) -> Instant {
        self.this.at
    }

    /// Tells the guard how it ended.
    pub(crate) fn ended(mut self, how: Ended<'_>) {
        self.is_told = true;
        self.guard.ended(self.this, how);
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if !self.is_told {
            self.guard.ended(self.this, Ended::GivenUp);
        }
    }
}
