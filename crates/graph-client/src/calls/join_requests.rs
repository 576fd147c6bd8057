//! Join requests: listed, approved, rejected.

use std::fmt;

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Value, json};

use super::{
    MESSAGING_PRODUCT, changes,
    paging::{Ends, Paging},
    participants::Participant,
};
use crate::{
    answer::Answer, call::Call, client::GraphClient, error::GraphError, ids::GroupId, lenient, request::Request,
    webhooks::UpdateError,
};

/// The status of an answer to a call of which only some was done.
const PARTIAL_CONTENT: u16 = 206;

/// Which page of the list of join requests. Meta documents cursors in the answer, and not how to ask with them; clients
/// send them as Graph takes them elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JoinRequestPosition<'a> {
    /// [`JoinRequestPage::after`] of another page: the page behind that one.
    pub after: Option<&'a str>,
    /// [`JoinRequestPage::before`] of another page: the page before that one.
    pub before: Option<&'a str>,
}

/// A page of a group's open join requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WrittenPage")]
pub struct JoinRequestPage {
    /// Who asks.
    pub requests: Vec<OpenJoinRequest>,
    /// The cursor at the page's end, as Meta gave it: also where nothing lies behind.
    pub after: Option<String>,
    /// The cursor at the page's beginning, likewise.
    pub before: Option<String>,
}

/// A user's open request to enter.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct OpenJoinRequest {
    /// Its ID. Opaque; made of the user's phone number.
    #[serde(deserialize_with = "lenient::required_text")]
    pub join_request_id: String,
    /// Who asks.
    #[serde(flatten)]
    pub participant: Participant,
    /// Unix seconds.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub creation_timestamp: Option<i64>,
}

/// What became of join requests that the business decided on.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct JoinRequestsDecided {
    /// The IDs of those that were approved, or rejected; `None` where Meta's answer has no such list.
    pub done: Option<Vec<String>>,
    /// Those that were not.
    pub failed: Vec<FailedJoinRequest>,
    /// Meta's errors about the call as a whole.
    pub errors: Vec<UpdateError>,
    /// Whether Meta's answer says by its status that only some were: HTTP 206.
    pub in_part: bool,
}

/// A join request that could not be approved or rejected.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct FailedJoinRequest {
    /// Its ID.
    #[serde(deserialize_with = "lenient::required_text")]
    pub join_request_id: String,
    /// Why.
    #[serde(default, deserialize_with = "lenient::list")]
    pub errors: Vec<UpdateError>,
}

impl GraphClient {
    /// `GET /{group_id}/join_requests`: one page of the open ones.
    pub async fn join_requests(
        &self,
        call: Call<'_>,
        group_id: &GroupId,
        position: JoinRequestPosition<'_>,
    ) -> Result<Answer<JoinRequestPage>, GraphError> {
        let mut path = self.path(group_id.as_str()).edge("join_requests");
        for (name, cursor) in [("after", position.after), ("before", position.before)] {
            if let Some(cursor) = cursor {
                path = path.parameter(name, cursor);
            }
        }
        self.call(call, path, Request::GET).await
    }

    /// `POST /{group_id}/join_requests`: lets these users in, at once. HTTP 206 where only some could be.
    pub async fn approve_join_requests(
        &self,
        call: Call<'_>,
        group_id: &GroupId,
        ids: &[&str],
    ) -> Result<Answer<JoinRequestsDecided>, GraphError> {
        self.decide(call, group_id, Request::post(&named(ids))).await
    }

    /// `DELETE /{group_id}/join_requests`: turns these users away, at once. HTTP 206 where only some could be.
    pub async fn reject_join_requests(
        &self,
        call: Call<'_>,
        group_id: &GroupId,
        ids: &[&str],
    ) -> Result<Answer<JoinRequestsDecided>, GraphError> {
        self.decide(call, group_id, Request::delete(&named(ids))).await
    }

    async fn decide(
        &self,
        call: Call<'_>,
        group_id: &GroupId,
        request: Request,
    ) -> Result<Answer<JoinRequestsDecided>, GraphError> {
        let path = self.path(group_id.as_str()).edge("join_requests");
        decided(self.call(call, path, request).await)
    }
}

/// What Meta's answer to a decision says.
pub(crate) fn decided(
    answered: Result<Answer<WrittenDecision>, GraphError>,
) -> Result<Answer<JoinRequestsDecided>, GraphError> {
    let read = |answer: Answer<WrittenDecision>| {
        let (status, in_part) = (answer.status, answer.status == PARTIAL_CONTENT);
        if answer.body.is_refusal() {
            return Err(GraphError::NotDone { status });
        }
        Ok(answer.map(|written| JoinRequestsDecided { in_part, ..written.into() }))
    };
    answered.and_then(read).or_else(|error| {
        let (errors, answer) = changes::partial_success(error)?;
        // Which were done is told neither here nor, since there is no webhook of decisions, later. So Meta's word
        // stands alone, also where one request was asked about: whoever wants to know looks which are open.
        let told = JoinRequestsDecided { done: Some(Vec::new()), errors, in_part: true, ..Default::default() };
        Ok(answer.map(|()| told))
    })
}

fn named(ids: &[&str]) -> Value {
    json!({ "messaging_product": MESSAGING_PRODUCT, "join_requests": ids })
}

#[derive(Deserialize)]
struct WrittenPage {
    #[serde(deserialize_with = "readable")]
    data: Vec<OpenJoinRequest>,
    #[serde(default)]
    paging: Option<Paging>,
}

/// The entries that can be read: one without an ID cannot be decided on, and does not hide the others. A list of which
/// nothing can be read is not an empty one.
fn readable<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<OpenJoinRequest>, D::Error> {
    let written = Vec::<Value>::deserialize(from)?;
    let is_empty = written.is_empty();
    let read: Vec<_> = written.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect();
    if read.is_empty() && !is_empty {
        return Err(D::Error::custom("no entry can be read"));
    }
    Ok(read)
}

impl From<WrittenPage> for JoinRequestPage {
    fn from(written: WrittenPage) -> Self {
        let Ends { after, before } = written.paging.map(Paging::ends).unwrap_or_default();
        Self { requests: written.data, after, before }
    }
}

/// The answer to either call: each has one of the two lists.
#[derive(Deserialize)]
pub(crate) struct WrittenDecision {
    #[serde(default, alias = "rejected_join_requests", deserialize_with = "ids")]
    approved_join_requests: Option<Vec<String>>,
    #[serde(default, deserialize_with = "lenient::list")]
    failed_join_requests: Vec<FailedJoinRequest>,
    #[serde(default, deserialize_with = "lenient::list")]
    errors: Vec<UpdateError>,
    /// Meta's word on whether it decided; most answers have none.
    #[serde(default, deserialize_with = "lenient::boolean")]
    success: Option<bool>,
}

impl WrittenDecision {
    /// Whether it says "no" and nothing of any request.
    fn is_refusal(&self) -> bool {
        let tells =
            self.approved_join_requests.is_some() || !(self.failed_join_requests.is_empty() && self.errors.is_empty());
        self.success == Some(false) && !tells
    }
}

fn ids<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    lenient::list(from).map(Some)
}

impl From<WrittenDecision> for JoinRequestsDecided {
    fn from(written: WrittenDecision) -> Self {
        let WrittenDecision { approved_join_requests: done, failed_join_requests: failed, errors, .. } = written;
        Self { done, failed, errors, in_part: false }
    }
}

impl fmt::Debug for OpenJoinRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenJoinRequest").field("creation_timestamp", &self.creation_timestamp).finish_non_exhaustive()
    }
}

impl fmt::Debug for JoinRequestsDecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = self.done.as_ref().map(Vec::len);
        f.debug_struct("JoinRequestsDecided").field("done", &done).field("failed", &self.failed).finish_non_exhaustive()
    }
}

impl fmt::Debug for FailedJoinRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailedJoinRequest").field("errors", &self.errors).finish_non_exhaustive()
    }
}
