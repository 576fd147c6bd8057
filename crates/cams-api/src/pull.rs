//! `GET /v1/events` and `GET /v1/events/stream`: what a caller asks for, and what a pull is answered with.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;

use crate::Code;
use crate::events::Event;
use crate::identifiers::CustSpaceId;
use crate::operation::Answer;
use crate::value::integer_parameter;

/// What a pull is called, where operations have their name.
pub const PULL: &str = "ListEvents";
/// What a stream is called there.
pub const STREAM: &str = "StreamEvents";

/// The codes that pulls and streams can give, beside those of every path.
pub const CODES: &[Code] = &[
    Code::MissingParameter,
    Code::InvalidParameter,
    Code::Unauthorized,
    Code::InvalidToken,
    Code::ExpiredToken,
    Code::ForbiddenScope,
    Code::ForbiddenTenant,
    Code::TenantSuspended,
    Code::MethodNotAllowed,
    Code::EventsExpired,
    Code::ThrottlingUser,
    Code::ThrottlingTenant,
    Code::ServiceUnavailable,
    Code::InternalError,
];

integer_parameter!(
    After, "The `Sequence` of the last event that the caller has: those behind it are wanted.",
    0, 9_007_199_254_740_991,
    rule: "an integer from 0 to 9007199254740991, the `Sequence` of an event",
    schema: ObjectBuilder::new().examples([1741])
);
integer_parameter!(
    PullLimit, "How many events are answered at the most.", 1, 1000,
    rule: "an integer from 1 to 1000", schema: ObjectBuilder::new().default(Some(100.into())).examples([100])
);
integer_parameter!(
    PullWait, "Where there is no such event yet: how many seconds to wait for one.", 0, 30,
    rule: "an integer from 0 to 30", schema: ObjectBuilder::new().default(Some(0.into())).examples([20])
);

impl After {
    /// The number, as the store counts.
    pub fn sequence(self) -> i64 {
        // The range ends far below.
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }
}

/// What a pull asks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PullEvents {
    /// Whose events.
    pub cust_space_id: CustSpaceId,
    /// Behind which; `None`: from the oldest that is kept.
    #[serde(default)]
    pub after: Option<After>,
    #[serde(default)]
    limit: Option<PullLimit>,
    #[serde(default)]
    wait_seconds: Option<PullWait>,
}

impl PullEvents {
    /// How many events at the most.
    pub fn limit(&self) -> usize {
        self.limit.map_or(100, |PullLimit(limit)| usize::try_from(limit).unwrap_or(1000))
    }

    /// How long to wait for the first.
    pub fn wait(&self) -> Duration {
        Duration::from_secs(self.wait_seconds.map_or(0, |PullWait(seconds)| seconds))
    }
}

/// What a stream asks for, beside the header `Last-Event-ID`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct StreamEvents {
    /// Whose events.
    pub cust_space_id: CustSpaceId,
    /// Behind which; `None`: those from now on.
    #[serde(default)]
    pub after: Option<After>,
}

/// What a pull is answered with.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PulledEvents {
    /// The events, and where they go on.
    pub data: EventList,
}

impl Answer for PulledEvents {}

/// Events in the order of their `Sequence`, without a gap.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EventList {
    /// The events, each as it is delivered. Where they are large, fewer than `Limit` come, though more follow.
    #[schema(value_type = Vec<Event<'static>>)]
    pub list: Vec<Box<RawValue>>,
    /// The next call's `After`.
    #[schema(example = 1841)]
    pub next: i64,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{PullEvents, StreamEvents};
    use crate::parameters::{ParameterError, from_query};

    fn pull(query: &str) -> Result<PullEvents, ParameterError> {
        from_query(query)
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let asked = pull("CustSpaceId=cams-demo1").unwrap();
        assert_eq!((asked.after, asked.limit(), asked.wait()), (None, 100, Duration::ZERO));
        let asked = pull("CustSpaceId=cams-demo1&After=1741&Limit=1000&WaitSeconds=30").unwrap();
        assert_eq!(asked.after.map(super::After::sequence), Some(1741));
        assert_eq!((asked.limit(), asked.wait()), (1000, Duration::from_secs(30)));
    }

    #[test]
    fn every_mistake_is_named_with_its_rule() {
        for (query, told) in [
            ("", "`CustSpaceId` is required"),
            ("CustSpaceId=", "`CustSpaceId` is required"),
            (
                "CustSpaceId=cams-demo1&after=1",
                "`after` is not a parameter of this operation, which takes `CustSpaceId`, `After`, `Limit`, `WaitSeconds`",
            ),
            (
                "CustSpaceId=cams-demo1&Limit=0",
                "`Limit` is wrong: \"0\" was sent; it must be an integer from 1 to 1000",
            ),
            ("CustSpaceId=cams-demo1&Limit=1001", "`Limit` is wrong"),
            ("CustSpaceId=cams-demo1&Limit=", "`Limit` is wrong"),
            ("CustSpaceId=cams-demo1&WaitSeconds=31", "`WaitSeconds` is wrong"),
            ("CustSpaceId=cams-demo1&After=-1", "`After` is wrong"),
            ("CustSpaceId=cams-demo1&After=abc", "`After` is wrong: \"abc\" was sent"),
            ("CustSpaceId=cams-demo1&After=9007199254740992", "`After` is wrong"),
            ("CustSpaceId=cams-demo1&After=1&After=2", "`After` was sent twice"),
            ("CustSpaceId=cams-demo1&After.1=1", "`After` is wrong"),
        ] {
            let error = pull(query).unwrap_err().to_string();
            assert!(error.contains(told), "{query}: {error}");
        }
        let stream = from_query::<StreamEvents>("CustSpaceId=cams-demo1&Limit=1").unwrap_err().to_string();
        assert!(stream.contains("`Limit` is not a parameter"), "{stream}");
    }
}
