//! What a caller is told: what was wrong, and what to do.

use cams_api::Code;
use graph_client::{Acted, GraphError, Held};
use tenant_store::StoreError;
use uuid::Uuid;

use super::codes::upstream_code;
use crate::auth::Denied;
use crate::tenants::Unresolved;

const NO_GRANT: &str = "No grant of this access key or token names this CustSpaceId.";

pub(super) fn denied_message(denied: &Denied) -> String {
    match denied {
        Denied::Tenant(_) => NO_GRANT.to_owned(),
        Denied::Scope(scope) => format!(
            "The access key or token lacks the scope `{scope}` on this CustSpaceId. Ask for a token with that scope, or an administrator for the grant."
        ),
    }
}

pub(super) fn unresolved_message(unresolved: &Unresolved) -> String {
    match unresolved {
        // The same words as for a tenant without a grant: nothing tells whether it exists.
        Unresolved::NoTenant(_) => NO_GRANT.to_owned(),
        Unresolved::Suspended => "The tenant is suspended. An administrator can resume it.".to_owned(),
        Unresolved::NoNumber => "The tenant has no such BusinessNumber. An administrator can add it.".to_owned(),
        Unresolved::NoCredential => {
            "No Graph token is stored for the tenant. An administrator can set it with `groupgate credentials set`."
                .to_owned()
        }
        Unresolved::UnreadableCredential => {
            "The tenant's Graph token cannot be used. An administrator must set it anew.".to_owned()
        }
        Unresolved::RefusedCredential => {
            "Meta no longer takes the tenant's Graph token. An administrator must replace it.".to_owned()
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

pub(super) fn upstream_message(error: &GraphError, change: Option<Uuid>) -> String {
    let what = match error {
        GraphError::Refused(refusal) => format!("Meta answered: {}", refusal.message),
        GraphError::Held(Held::Quota { .. }) => {
            "Meta's quota is used up, or the rest of it is kept for others; the call was not sent.".to_owned()
        }
        GraphError::Held(Held::Crowded { .. }) => {
            "As many calls for this CustSpaceId wait for Meta as may at once; the call was not sent.".to_owned()
        }
        GraphError::Held(Held::Broken { .. }) => "Meta could not be reached lately; the call was not sent.".to_owned(),
        GraphError::Timeout { .. } => "Meta did not answer in time.".to_owned(),
        GraphError::Unreadable { status, .. } => format!("Meta's answer (HTTP {status}) cannot be read."),
        GraphError::Disconnected { .. } => "The connection to Meta broke off.".to_owned(),
        GraphError::Connect { .. } => "Meta cannot be reached.".to_owned(),
        GraphError::NotDone { .. } => "Meta answered that it did not do it, and gave no reason.".to_owned(),
        GraphError::Unsendable { .. } => "The call to Meta could not be made.".to_owned(),
    };
    let then = match (change, error.acted()) {
        (Some(change), Acted::Unknown) => format!(
            " Whether it was done is not known yet: ask `QueryChatGroupRequest` with UniqueCode {change} before it is sent again."
        ),
        (None, Acted::Unknown) => " Whether it was done is not known: look before it is sent again.".to_owned(),
        (_, Acted::No) => match upstream_code(error) {
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

pub(super) fn late_advice(acted: Acted, change: Option<Uuid>) -> String {
    match (acted, change) {
        (Acted::No, _) => " Nothing was changed; it can be sent again.".to_owned(),
        (Acted::Unknown, None) => " What it began goes on, so look before it is sent again.".to_owned(),
        (Acted::Unknown, Some(change)) => format!(
            " What it began goes on: ask `QueryChatGroupRequest` with UniqueCode {change} before it is sent again."
        ),
    }
}
