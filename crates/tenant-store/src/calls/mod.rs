//! What was called: the last calls of each tenant, one by one, and how many there were on each day and in each hour.

use std::time::Duration;

use time::{Date, OffsetDateTime};
use uuid::Uuid;

mod listing;
mod recording;
mod traffic;
mod usage;

pub use traffic::{TenantTraffic, Traffic, TrafficHour, TrafficOrder};
pub(crate) use usage::count_group_messages;

/// A call that was answered, or whose caller hung up, with its texts as `T`.
#[derive(Clone, PartialEq, Eq)]
pub struct CallRecord<T = String> {
    /// The gateway's ID of it, a UUID of version 7.
    pub request_id: Uuid,
    /// The tenant that it was about.
    pub cust_space_id: T,
    /// Who called.
    pub access_key_id: Option<T>,
    /// Which operation.
    pub operation: T,
    /// What was answered: `OK`, or a code of errors.
    pub code: T,
    /// The HTTP status; 499 where the caller hung up.
    pub status: u16,
    /// Meta's code, where Meta refused.
    pub upstream_code: Option<i64>,
    /// Meta's ID of its own answer, where it refused.
    pub fbtrace_id: Option<T>,
    /// How long it took, in milliseconds.
    pub milliseconds: u32,
}

/// Which calls to list. What is `None` excludes none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Of this operation.
    pub operation: Option<String>,
    /// That ended with this code.
    pub code: Option<String>,
    /// This one call.
    pub request_id: Option<Uuid>,
    /// For which Meta gave this trace ID.
    pub fbtrace_id: Option<String>,
    /// That ended with anything but `OK`.
    pub errors_only: bool,
    /// That came before this one.
    pub before: Option<Uuid>,
}

/// What a tenant has used on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageDay {
    /// The day, in UTC.
    pub day: Date,
    /// How many calls there were, by operation and code.
    pub operations: Vec<OperationUsage>,
    /// How many times a message of the business reached somebody in a group.
    pub group_messages_delivered: i64,
}

/// How many calls of one operation ended in one way.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct OperationUsage {
    /// The operation.
    pub operation: String,
    /// What was answered.
    pub code: String,
    /// How many times.
    pub calls: i64,
}

impl<T> CallRecord<T> {
    /// When it came, as its ID tells.
    pub fn at(&self) -> OffsetDateTime {
        let (seconds, nanoseconds) = self.request_id.get_timestamp().map_or((0, 0), |stamp| stamp.to_unix());
        let second = i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
        second.map_or(OffsetDateTime::UNIX_EPOCH, |second| second + Duration::from_nanos(nanoseconds.into()))
    }
}
