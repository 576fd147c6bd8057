//! Why an operation failed, and how a caller is told: the one mapping to codes.

use cams_api::envelope::{Refusal, Upstream};
use cams_api::operations::UpstreamFault;
use cams_api::parameters::ParameterError;
use cams_api::{Code, Scope};
use graph_client::{Acted, GraphError, RefusalKind};
use std::time::Duration;
use tenant_store::{Change, StoreError};
use uuid::Uuid;

use super::changes;
use crate::auth::Denied;
use crate::limits::Throttled;
use crate::tenants::Unresolved;

/// How long a caller is asked to wait where Meta's throttle does not say.
const THROTTLE_PAUSE: Duration = Duration::from_mins(1);

/// Why an operation was not done. The text is the message that the caller gets: what was wrong and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// A parameter is absent, wrong or unknown.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The caller may not.
    #[error("{}", denied_message(*.0))]
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
    /// The change is not this number's.
    #[error("There is no change of this UniqueCode for this CustSpaceId and BusinessNumber.")]
    UniqueCodeNotFound,
    /// The call to Meta failed.
    #[error("{}", upstream_message(.error, *.unique_code))]
    Upstream {
        /// How.
        error: GraphError,
        /// The open change that it was about, where its outcome is not known.
        unique_code: Option<Uuid>,
    },
    /// Meta accepted the change and later said that it failed.
    #[error("Meta could not do it: {}.", first_fault(.change))]
    ChangeFailed {
        /// The change, as recorded.
        change: Box<Change>,
    },
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
    #[error("The call's deadline passed first.{}", late_advice(*.acted))]
    Late {
        /// Whether the change may have happened, or may yet.
        acted: Acted,
    },
    /// A write came to a bad end by a mistake of ours.
    #[error("The gateway failed. Its operator finds the reason in the log under this RequestId.")]
    Panicked,
    /// The gateway stopped in the middle.
    #[error("The gateway is stopping. Send the call again in a moment.")]
    Interrupted,
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
            Self::Denied(Denied::Tenant) => Code::ForbiddenTenant,
            Self::Denied(Denied::Scope(_)) => Code::ForbiddenScope,
            Self::Unresolved(unresolved) => unresolved_code(unresolved),
            Self::Throttled(throttled) => throttled.code(),
            Self::GroupNotFound { .. } => Code::GroupNotFound,
            Self::UniqueCodeNotFound => Code::UniqueCodeNotFound,
            Self::Upstream { error, .. } => upstream_code(error),
            Self::ChangeFailed { change } => failed_code(change),
            Self::Unrecorded { error, .. } | Self::Store(error) => store_code(error),
            Self::Late { .. } => Code::UpstreamTimeout,
            Self::Panicked => Code::InternalError,
            Self::Interrupted => Code::ServiceUnavailable,
        }
    }

    /// The scope that the caller lacks.
    pub fn missing_scope(&self) -> Option<Scope> {
        match self {
            Self::Denied(Denied::Scope(scope)) => Some(*scope),
            _ => None,
        }
    }

    /// When the caller may come back, where it must wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled(throttled) => Some(throttled.retry_after()),
            Self::Upstream { error: GraphError::Refused(refusal), .. } if refusal.kind() == RefusalKind::Throttled => {
                Some(refusal.usage.retry_after().unwrap_or(THROTTLE_PAUSE))
            }
            _ => None,
        }
    }

    /// What stands beside the common fields of the error.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Upstream { error, unique_code } => Refusal {
                upstream: upstream(error),
                retry_safe: is_out_of_order(error).then(|| error.acted() == Acted::No),
                unique_code: *unique_code,
            },
            Self::ChangeFailed { change } => Refusal {
                upstream: changes::faults(change).first().map(upstream_of_fault),
                retry_safe: None,
                unique_code: Some(change.unique_code.0),
            },
            Self::Unrecorded { unique_code, .. } => {
                Refusal { unique_code: Some(*unique_code), retry_safe: Some(false), upstream: None }
            }
            Self::Late { acted } => Refusal { retry_safe: Some(*acted == Acted::No), ..Refusal::default() },
            _ => Refusal::default(),
        }
    }

    /// How a write's task came to its end, where that was none of the write's own.
    pub(super) fn broken_off(error: &tokio::task::JoinError) -> Self {
        if error.is_panic() { Self::Panicked } else { Self::Interrupted }
    }

    /// Whether the change may have happened at Meta.
    pub fn acted(&self) -> Acted {
        match self {
            Self::Late { acted } => *acted,
            Self::Upstream { error, .. } => error.acted(),
            _ => Acted::No,
        }
    }

    /// The same error, about an open change.
    #[must_use]
    pub fn about(self, change: Uuid) -> Self {
        match self {
            Self::Upstream { error, .. } => Self::Upstream { error, unique_code: Some(change) },
            other => other,
        }
    }

    /// The error as it is recorded with a change.
    pub fn fault(&self) -> UpstreamFault {
        match self {
            Self::Upstream { error: GraphError::Refused(refusal), .. } => UpstreamFault {
                participant_number: None,
                code: refusal.code,
                message: Some(refusal.message.clone()),
                details: refusal.details.clone(),
            },
            other => UpstreamFault { message: Some(other.to_string()), ..UpstreamFault::default() },
        }
    }
}

fn late_advice(acted: Acted) -> &'static str {
    match acted {
        Acted::No => " Nothing was changed; it can be sent again.",
        Acted::Unknown => " What it began goes on, so look before it is sent again.",
    }
}

fn unresolved_code(unresolved: &Unresolved) -> Code {
    match unresolved {
        Unresolved::NoTenant => Code::ForbiddenTenant,
        Unresolved::Suspended => Code::TenantSuspended,
        Unresolved::NoNumber => Code::BusinessNumberNotFound,
        Unresolved::NoCredential => Code::CredentialMissing,
        Unresolved::UnreadableCredential => Code::CredentialInvalid,
        Unresolved::Store(error) => store_code(error),
    }
}

fn store_code(error: &StoreError) -> Code {
    match error {
        StoreError::Unavailable(_) => Code::ServiceUnavailable,
        _ => Code::InternalError,
    }
}

fn upstream_code(error: &GraphError) -> Code {
    match error {
        GraphError::Refused(refusal) => kind_code(refusal.kind()),
        GraphError::Timeout { .. } => Code::UpstreamTimeout,
        GraphError::Connect { .. } | GraphError::Disconnected { .. } | GraphError::Unreadable { .. } => {
            Code::UpstreamUnavailable
        }
        GraphError::Unsendable { .. } => Code::InternalError,
    }
}

fn kind_code(kind: RefusalKind) -> Code {
    match kind {
        RefusalKind::NotFound => Code::GroupNotFound,
        RefusalKind::TokenInvalid => Code::CredentialInvalid,
        RefusalKind::TokenForbidden => Code::CredentialForbidden,
        RefusalKind::GroupSuspended => Code::GroupSuspended,
        RefusalKind::NumberNotEligible => Code::BusinessNumberNotEligible,
        RefusalKind::Throttled => Code::ThrottlingUpstream,
        RefusalKind::Transient => Code::UpstreamUnavailable,
        RefusalKind::PartialSuccess | RefusalKind::Rejected => Code::UpstreamRejected,
    }
}

/// Meta says by webhook what it would otherwise have answered, so the same codes mean the same.
fn failed_code(change: &Change) -> Code {
    match changes::faults(change).first().map(|fault| kind_code(RefusalKind::of(fault.code, None))) {
        Some(code @ (Code::GroupSuspended | Code::BusinessNumberNotEligible)) => code,
        _ => Code::UpstreamRejected,
    }
}

fn is_out_of_order(error: &GraphError) -> bool {
    matches!(upstream_code(error), Code::UpstreamUnavailable | Code::UpstreamTimeout)
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

fn upstream_of_fault(fault: &UpstreamFault) -> Upstream {
    Upstream { code: fault.code, message: fault.message.clone(), details: fault.details.clone(), ..Upstream::default() }
}

fn first_fault(change: &Change) -> String {
    let fault = changes::faults(change).into_iter().next().unwrap_or_default();
    fault.message.unwrap_or_else(|| "it gave no reason".to_owned())
}

fn denied_message(denied: Denied) -> String {
    match denied {
        Denied::Tenant => "No grant of this access key or token names this CustSpaceId.".to_owned(),
        Denied::Scope(scope) => format!(
            "The access key or token lacks the scope `{scope}` on this CustSpaceId. Ask for a token with that scope, or an administrator for the grant."
        ),
    }
}

fn unresolved_message(unresolved: &Unresolved) -> String {
    match unresolved {
        // The same words as for a tenant without a grant: nothing tells whether it exists.
        Unresolved::NoTenant => denied_message(Denied::Tenant),
        Unresolved::Suspended => "The tenant is suspended. An administrator can resume it.".to_owned(),
        Unresolved::NoNumber => "The tenant has no such BusinessNumber. An administrator can add it.".to_owned(),
        Unresolved::NoCredential => {
            "No Graph token is stored for the tenant. An administrator can set it with `groupgate credentials set`."
                .to_owned()
        }
        Unresolved::UnreadableCredential => {
            "The tenant's Graph token cannot be used. An administrator must set it anew.".to_owned()
        }
        Unresolved::Store(error) => store_message(error),
    }
}

/// What a caller is told where the store failed: nothing of the inside.
pub(crate) fn store_message(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable(_) => {
            "The gateway's database is away, and this call needs it. Send the call again in a moment.".to_owned()
        }
        _ => "The gateway failed. Its operator finds the reason in the log under this RequestId.".to_owned(),
    }
}

fn upstream_message(error: &GraphError, change: Option<Uuid>) -> String {
    let what = match error {
        GraphError::Refused(refusal) => format!("Meta answered: {}", refusal.message),
        GraphError::Timeout { .. } => "Meta did not answer in time.".to_owned(),
        GraphError::Unreadable { status, .. } => format!("Meta's answer (HTTP {status}) cannot be read."),
        GraphError::Disconnected { .. } => "The connection to Meta broke off.".to_owned(),
        GraphError::Connect { .. } => "Meta cannot be reached.".to_owned(),
        GraphError::Unsendable { .. } => "The call to Meta could not be made.".to_owned(),
    };
    let then = match (change, error.acted()) {
        (Some(change), _) => format!(
            " Whether it was done is not known yet: ask `QueryChatGroupRequest` with UniqueCode {change} before it is sent again."
        ),
        (None, Acted::Unknown) => " Whether it was done is not known: look before it is sent again.".to_owned(),
        (None, Acted::No) => match upstream_code(error) {
            Code::UpstreamUnavailable | Code::UpstreamTimeout => {
                " Nothing was changed; it can be sent again.".to_owned()
            }
            Code::CredentialInvalid | Code::CredentialForbidden => {
                " An administrator must look at the tenant's token.".to_owned()
            }
            _ => String::new(),
        },
    };
    what + &then
}
