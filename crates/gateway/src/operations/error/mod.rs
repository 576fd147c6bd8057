//! Why an operation failed, and how a caller is told: the one mapping to codes.

use cams_api::Code;
use cams_api::envelope::{Refusal, Upstream};
use cams_api::operations::UpstreamFault;
use cams_api::parameters::ParameterError;
use graph_client::{Acted, GraphError, RefusalKind};
use std::time::Duration;
use tenant_store::{Change, StoreError};
use uuid::Uuid;

use super::invites::NoneInvited;
use super::{KeyRefusal, outcomes};
use crate::auth::Denied;
use crate::limits::Throttled;
use crate::tenants::Unresolved;

mod codes;
mod words;

pub(crate) use codes::kind_code;
pub(crate) use words::store_message;

use codes::{is_out_of_order, store_code, unresolved_code, upstream_code};
use words::{denied_message, late_advice, unresolved_message, upstream_message};

/// How long a caller is asked to wait where Meta's throttle does not say.
const THROTTLE_PAUSE: Duration = Duration::from_mins(1);

/// Why an operation was not done. The text is the message that the caller gets: what was wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// A parameter is absent, wrong or unknown.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The caller may not.
    #[error("{}", denied_message(.0))]
    Denied(Denied),
    /// There is no number to call with, or no token.
    #[error("{}", unresolved_message(.0))]
    Unresolved(#[from] Unresolved),
    /// A limit is reached; nothing was sent.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The group is not this number's.
    #[error(
        "No group {group_id} is known for this BusinessNumber. Look at `ListChatGroup`, or at the event that named it."
    )]
    GroupNotFound {
        /// The group that was named.
        group_id: String,
    },
    /// A message names a file of Meta's that is not known to be the tenant's.
    #[error("No file {id} is known to have been uploaded here, or to have come in a message.")]
    FileNotFound {
        /// The file that was named.
        id: String,
    },
    /// The change is not this number's.
    #[error("There is no change of this UniqueCode for this CustSpaceId and BusinessNumber.")]
    UniqueCodeNotFound,
    /// The call to Meta failed.
    #[error("{}", upstream_message(.error, *.unique_code))]
    Upstream {
        /// How.
        error: GraphError,
        /// The change that it was about, where there is a record of it.
        unique_code: Option<Uuid>,
    },
    /// Meta accepted the change and later said that it failed.
    #[error("{}", outcomes::nothing_done_message(&outcomes::reason(.change)))]
    ChangeFailed {
        /// The change, as recorded.
        change: Box<Change>,
    },
    /// Meta did none of what was asked for, and said so at once.
    #[error("{}", outcomes::nothing_done_message(&outcomes::first_reason(.failed, .errors)))]
    NothingDone {
        /// What of it failed, each with its reason.
        failed: Vec<UpstreamFault>,
        /// Meta's errors about the call as a whole.
        errors: Vec<UpstreamFault>,
    },
    /// No invitation is known to have been sent.
    #[error(transparent)]
    NoneInvited(Box<NoneInvited>),
    /// Meta accepted the change, and that could not be recorded.
    #[error(
        "Meta has accepted the change, but its answer could not be recorded. It is settled by Meta's webhook: ask `QueryChatGroupRequest` with UniqueCode {unique_code}, and do not send it again."
    )]
    Unrecorded {
        /// The change.
        unique_code: Uuid,
        /// Why.
        error: StoreError,
    },
    /// The caller's own deadline passed.
    #[error("The call's deadline passed first.{}", late_advice(*.acted, *.unique_code))]
    Late {
        /// Whether the change may have happened, or may yet.
        acted: Acted,
        /// The change that goes on, where it leaves a record.
        unique_code: Option<Uuid>,
    },
    /// Its idempotency key does not let it be made.
    #[error(transparent)]
    Key(#[from] KeyRefusal),
    /// A write came to a bad end by a mistake of ours.
    #[error("The gateway failed. Its operator finds the reason in the log under this RequestId.")]
    Panicked,
    /// The gateway stopped in the middle.
    #[error("The gateway is stopping. Send the call again in a moment.")]
    Interrupted,
    /// The gateway fetches as much from callers' URLs as it can at once. Nothing was sent.
    #[error("The gateway fetches as many URLs as it can at once. Send the call again in a moment.")]
    Busy,
    /// The store failed.
    #[error("{}", store_message(.0))]
    Store(#[from] StoreError),
}

impl From<GraphError> for OperationError {
    fn from(error: GraphError) -> Self {
        Self::Upstream { error, unique_code: None }
    }
}

impl From<Denied> for OperationError {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl OperationError {
    /// The contract's code.
    pub fn code(&self) -> Code {
        match self {
            Self::Parameter(error) => error.code(),
            Self::Denied(Denied::Tenant(_)) => Code::ForbiddenTenant,
            Self::Denied(Denied::Scope(_)) => Code::ForbiddenScope,
            Self::Unresolved(unresolved) => unresolved_code(unresolved),
            Self::Throttled(throttled) => throttled.code(),
            // Only Meta's own paths name files; there both are the same refusal.
            Self::GroupNotFound { .. } | Self::FileNotFound { .. } => Code::GroupNotFound,
            Self::UniqueCodeNotFound => Code::UniqueCodeNotFound,
            Self::Upstream { error, .. } => upstream_code(error),
            Self::ChangeFailed { change } => outcomes::code_of_nothing_done(&outcomes::reason(change)),
            Self::NothingDone { failed, errors } => {
                outcomes::code_of_nothing_done(&outcomes::first_reason(failed, errors))
            }
            Self::NoneInvited(none) => none.code(),
            Self::Unrecorded { error, .. } | Self::Store(error) => store_code(error),
            Self::Late { .. } => Code::UpstreamTimeout,
            Self::Key(refusal) => refusal.code(),
            Self::Panicked => Code::InternalError,
            Self::Interrupted | Self::Busy => Code::ServiceUnavailable,
        }
    }

    /// What the caller lacks: a scope such as `groups.write`, or a grant on a tenant, such as `cust_space:cams-8c8pdv`.
    /// Which tenant is what the caller itself had named; nothing tells whether it exists.
    pub fn access_denied_detail(&self) -> Option<String> {
        match self {
            Self::Denied(Denied::Scope(scope)) => Some(scope.to_string()),
            Self::Denied(Denied::Tenant(id)) | Self::Unresolved(Unresolved::NoTenant(id)) => {
                Some(format!("cust_space:{id}"))
            }
            _ => None,
        }
    }

    /// When the caller may come back, where it must wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled(throttled) => Some(throttled.retry_after()),
            Self::NoneInvited(none) => none.retry_after(),
            Self::Upstream { error: GraphError::Refused(refusal), .. } => match refusal.kind() {
                RefusalKind::Throttled => Some(refusal.usage.retry_after().unwrap_or(THROTTLE_PAUSE)),
                RefusalKind::Transient => refusal.usage.retry_after(),
                _ => None,
            },
            Self::Upstream { error: error @ (GraphError::Held(_) | GraphError::Unreadable { .. }), .. } => {
                error.retry_after()
            }
            _ => None,
        }
    }

    /// What stands beside the common fields of the error.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Upstream { error, unique_code } => Refusal {
                upstream: upstream(error),
                retry_safe: match error.acted() {
                    Acted::No => is_out_of_order(error).then_some(true),
                    // Whatever the code: some of it may have been done.
                    Acted::Unknown => Some(false),
                },
                unique_code: *unique_code,
                ..Refusal::default()
            },
            Self::ChangeFailed { change } => Refusal {
                upstream: outcomes::upstream(&outcomes::reason(change)),
                unique_code: Some(change.unique_code.0),
                failed: outcomes::failed(change),
                fields: outcomes::fields(change),
                ..Refusal::default()
            },
            Self::NothingDone { failed, errors } => Refusal {
                upstream: outcomes::upstream(&outcomes::first_reason(failed, errors)),
                failed: failed.clone(),
                ..Refusal::default()
            },
            Self::NoneInvited(none) => none.refusal(),
            Self::Unrecorded { unique_code, .. } => {
                Refusal { unique_code: Some(*unique_code), retry_safe: Some(false), ..Refusal::default() }
            }
            Self::Late { acted, unique_code } => {
                Refusal { retry_safe: Some(*acted == Acted::No), unique_code: *unique_code, ..Refusal::default() }
            }
            Self::Key(refusal) => Refusal { unique_code: refusal.unique_code(), ..Refusal::default() },
            // What became of a write that was broken off is not known.
            Self::Panicked | Self::Interrupted => Refusal { retry_safe: Some(false), ..Refusal::default() },
            _ => Refusal::default(),
        }
    }

    /// How a write's task came to its end, where that was none of the write's own.
    pub(crate) fn broken_off(error: &tokio::task::JoinError) -> Self {
        if error.is_panic() { Self::Panicked } else { Self::Interrupted }
    }

    /// Whether the change may have happened at Meta.
    pub fn acted(&self) -> Acted {
        match self {
            Self::Late { acted, .. } => *acted,
            Self::Upstream { error, .. } => error.acted(),
            Self::NoneInvited(none) => none.acted(),
            Self::Unrecorded { .. } | Self::Panicked | Self::Interrupted => Acted::Unknown,
            _ => Acted::No,
        }
    }

    /// The caller's deadline passed, where nothing is known of a record.
    pub fn late(acted: Acted) -> Self {
        Self::Late { acted, unique_code: None }
    }

    /// The same error, about a change of which there is a record.
    #[must_use]
    pub fn about(self, change: Uuid) -> Self {
        match self {
            Self::Upstream { error, .. } => Self::Upstream { error, unique_code: Some(change) },
            Self::Late { acted, .. } => Self::Late { acted, unique_code: Some(change) },
            other => other,
        }
    }

    /// The error as it is recorded with a change.
    pub fn fault(&self) -> UpstreamFault {
        match self {
            Self::Upstream { error: GraphError::Refused(refusal), .. } => UpstreamFault {
                code: refusal.code,
                message: Some(refusal.message.clone()),
                details: refusal.details.clone(),
                ..UpstreamFault::default()
            },
            other => UpstreamFault { message: Some(other.to_string()), ..UpstreamFault::default() },
        }
    }
}

fn upstream(error: &GraphError) -> Option<Upstream> {
    let GraphError::Refused(refusal) = error else { return None };
    Some(Upstream {
        code: refusal.code,
        subcode: refusal.subcode,
        error_type: refusal.error_type.clone(),
        message: Some(refusal.message.clone()),
        details: refusal.details.clone(),
        fbtrace_id: refusal.fbtrace_id.clone(),
    })
}

#[cfg(test)]
mod tests {
    use graph_client::{Effect, Unreadable, Usage};

    use super::*;
    use crate::upstream::refused;

    #[test]
    fn a_caller_is_told_of_the_time_that_a_proxy_in_metas_place_names() {
        let told = |told_wait| {
            let why = Unreadable::NoErrorObject { content_type: String::new(), length: 0 };
            let usage = Box::new(Usage { told_wait, ..Usage::default() });
            let error =
                OperationError::from(GraphError::Unreadable { status: 429, why, effect: Effect::Change, usage });
            (error.code(), error.retry_after(), error.refusal().retry_safe)
        };
        let wait = Some(Duration::from_secs(7));
        assert_eq!(told(wait), (Code::UpstreamUnavailable, wait, Some(true)));
        assert_eq!(told(None), (Code::UpstreamUnavailable, None, Some(true)));
    }

    #[test]
    fn a_caller_is_told_of_the_time_that_meta_names_in_its_own_trouble() {
        let wait = Some(Duration::from_secs(30));
        assert_eq!(OperationError::from(refused(2, wait)).retry_after(), wait);
        assert_eq!(OperationError::from(refused(2, None)).retry_after(), None);
        assert_eq!(OperationError::from(refused(100, wait)).retry_after(), None, "it is no matter of time");
    }

    #[test]
    fn what_may_have_been_done_in_part_is_not_called_safe() {
        let in_part = |effect| {
            let GraphError::Refused(refusal) = refused(131_201, None) else { unreachable!() };
            OperationError::from(GraphError::Refused(Box::new(graph_client::Refusal { effect, ..*refusal })))
        };
        let told = |effect| (in_part(effect).code(), in_part(effect).refusal().retry_safe);
        assert_eq!(told(Effect::Change), (Code::UpstreamRejected, Some(false)));
        assert_eq!(told(Effect::Read), (Code::UpstreamRejected, None));
    }

    #[test]
    fn a_write_that_was_broken_off_is_not_called_safe() {
        for broken_off in [OperationError::Interrupted, OperationError::Panicked] {
            assert_eq!(broken_off.refusal().retry_safe, Some(false), "{broken_off}");
        }
    }
}
