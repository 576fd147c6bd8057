//! Meta's answer to a call that was passed on: as it was written, and what it says.

use awc::http::{
    StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::{
    answer::{self, Answer},
    calls::{
        changes::ChangeAccepted,
        groups::{self, GroupPage, ListedGroup},
        join_requests::{self, JoinRequestsDecided},
        participants, settings,
    },
    error::{Effect, GraphError},
    headers::{Header, Headers},
    refusal::Refusal,
    token::Token,
    transport::Received,
    tries::Verdict,
    usage::Usage,
};

/// The headers that are worth passing back: what the body is, what Meta says of quotas, and what its support asks for.
/// The rest is about the connection between Meta and us.
const KEPT: [Header; 9] = [
    Header::ContentType,
    Header::ContentDisposition,
    Header::RetryAfter,
    Header::AppUsage,
    Header::BusinessUsage,
    Header::ApiVersion,
    Header::RequestId,
    Header::TraceId,
    Header::Revision,
];

/// An answer, with the token taken out of it.
pub struct Forwarded {
    /// The HTTP status.
    pub status: StatusCode,
    /// Those headers that are worth passing back.
    pub headers: HeaderMap,
    /// The body as Meta wrote it: an object, or nothing.
    pub body: Bytes,
    effect: Effect,
    token: Token,
    verdict: Result<Usage, GraphError>,
}

/// A change that Meta finishes later, by what its answer looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardedChange {
    /// `POST /{phone_number_id}/groups`, or `DELETE /{group_id}`.
    Whole,
    /// `POST /{group_id}`
    Settings,
    /// `DELETE /{group_id}/participants`
    Removal,
    /// `POST /{group_id}/participants`
    Addition,
}

impl Forwarded {
    /// Reads an answer. What is neither an object of Meta's nor empty is none.
    pub(super) fn read(received: Received<'_>, effect: Effect, token: &Token) -> Result<Self, GraphError> {
        let (status, headers) = (received.status, kept(received.headers));
        let body = redacted(received.body, token);
        let whole = Received { body: &body, ..received };
        let read = answer::read::<serde_json::Map<String, serde_json::Value>>(whole, effect, token);
        let verdict = match read {
            Ok(answer) => Ok(answer.usage),
            Err(refused @ GraphError::Refused(_)) => Err(refused),
            Err(unreadable) => return Err(unreadable),
        };
        Ok(Self { status, headers, body, effect, token: token.clone(), verdict })
    }

    /// What the answer says.
    ///
    /// # Errors
    /// [`GraphError::Refused`] where Meta refused, [`GraphError::Unreadable`] where the answer is of another shape.
    pub fn read_as<T: DeserializeOwned>(&self) -> Result<Answer<T>, GraphError> {
        let received = Received { status: self.status, headers: &self.headers, body: &self.body };
        answer::read(received, self.effect, &self.token)
    }

    /// Why Meta refused the call; `None` where it did not.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.verdict {
            Err(GraphError::Refused(refusal)) => Some(refusal),
            _ => None,
        }
    }

    /// What the answer to a change says that Meta finishes later.
    ///
    /// # Errors
    /// As [`Forwarded::read_as`]; "partial success" is none.
    pub fn change(&self, change: ForwardedChange) -> Result<ChangeAccepted, GraphError> {
        let accepted = match change {
            ForwardedChange::Whole => groups::plain(self.read_as()),
            ForwardedChange::Settings => settings::updated(self.read_as()),
            ForwardedChange::Removal => participants::removed(self.read_as()),
            ForwardedChange::Addition => participants::added(self.read_as()),
        };
        accepted.map(|answer| answer.body)
    }

    /// What the answer to a decision on join requests says.
    ///
    /// # Errors
    /// As [`Forwarded::change`].
    pub fn decision(&self) -> Result<JoinRequestsDecided, GraphError> {
        join_requests::decided(self.read_as()).map(|answer| answer.body)
    }

    /// The groups of a page of a number's list; none where the answer is no such page.
    pub fn listed_groups(&self) -> Vec<ListedGroup> {
        self.read_as::<GroupPage>().ok().and_then(|page| page.body.groups).unwrap_or_default()
    }
}

impl Verdict for Forwarded {
    fn verdict(&self) -> Result<&Usage, &GraphError> {
        self.verdict.as_ref()
    }
}

pub(super) fn kept(headers: &dyn Headers) -> HeaderMap {
    let pairs = KEPT.into_iter().filter_map(|header| {
        let value = HeaderValue::from_bytes(headers.value(header)?).ok()?;
        Some((HeaderName::from_static(header.name()), value))
    });
    pairs.collect()
}

/// Graph repeats what it was given, and its pages' addresses carry tokens.
fn redacted(body: &[u8], token: &Token) -> Bytes {
    let Ok(text) = str::from_utf8(body) else { return Bytes::copy_from_slice(body) };
    let mut words = text.to_owned();
    token.redact(&mut words);
    words.into()
}
