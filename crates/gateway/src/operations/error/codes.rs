//! The contract's code for what failed: Meta's, the resolver's, the store's.

use cams_api::Code;
use graph_client::{GraphError, Held, RefusalKind};
use tenant_store::StoreError;

use crate::tenants::Unresolved;

pub(super) fn unresolved_code(unresolved: &Unresolved) -> Code {
    match unresolved {
        Unresolved::NoTenant(_) => Code::ForbiddenTenant,
        Unresolved::Suspended => Code::TenantSuspended,
        Unresolved::NoNumber => Code::BusinessNumberNotFound,
        Unresolved::NoCredential => Code::CredentialMissing,
        Unresolved::UnreadableCredential | Unresolved::RefusedCredential => Code::CredentialInvalid,
        Unresolved::Store(error) => store_code(error),
    }
}

pub(super) fn store_code(error: &StoreError) -> Code {
    match error {
        StoreError::Unavailable(_) => Code::ServiceUnavailable,
        _ => Code::InternalError,
    }
}

pub(super) fn upstream_code(error: &GraphError) -> Code {
    match error {
        GraphError::Refused(refusal) => kind_code(refusal.kind()),
        GraphError::Held(Held::Quota { .. } | Held::Crowded { .. }) => Code::ThrottlingUpstream,
        GraphError::Held(Held::Broken { .. }) => Code::UpstreamUnavailable,
        GraphError::Timeout { .. } => Code::UpstreamTimeout,
        GraphError::Connect { .. } | GraphError::Disconnected { .. } | GraphError::Unreadable { .. } => {
            Code::UpstreamUnavailable
        }
        GraphError::NotDone { .. } => Code::UpstreamRejected,
        GraphError::Unsendable { .. } => Code::InternalError,
    }
}

pub(crate) fn kind_code(kind: RefusalKind) -> Code {
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

pub(super) fn is_out_of_order(error: &GraphError) -> bool {
    matches!(upstream_code(error), Code::UpstreamUnavailable | Code::UpstreamTimeout)
}
