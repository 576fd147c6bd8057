//! What is told of a part of a trace.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use super::context::TraceContext;

/// What a span does for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It answers.
    Server,
    /// It asks, and waits for the answer.
    Client,
}

/// A part of a trace that is over. It holds no phone number, no link, no text of a message, and no secret.
pub(super) struct Span {
    pub(super) name: Cow<'static, str>,
    pub(super) kind: Kind,
    pub(super) context: TraceContext,
    /// The span that it is a part of, of the same trace.
    pub(super) parent: Option<u64>,
    /// What came as `tracestate`.
    pub(super) state: Option<String>,
    /// What it is for beside that, of another trace.
    pub(super) link: Option<TraceContext>,
    pub(super) begun: SystemTime,
    pub(super) duration: Duration,
    pub(super) attributes: Vec<Attribute>,
    /// Of a call: whether we failed it (5xx). Of a try: whether it was not answered with a success; one that nobody waited for
    /// has not failed.
    pub(super) is_failed: bool,
}

/// A name, and what is told under it.
pub(super) type Attribute = (&'static str, Value);

/// What is told under a name.
pub(super) enum Value {
    /// A word or an ID.
    Text(Cow<'static, str>),
    /// A count, a status or a code.
    Number(i64),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

/// The attribute of this name.
pub(super) fn attribute(name: &'static str, value: impl Into<Value>) -> Attribute {
    (name, value.into())
}
