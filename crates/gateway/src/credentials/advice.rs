//! What to do about Meta's refusal of a token, in words for administrators.

use graph_client::{GraphError, RefusalKind};

/// What an administrator does about it.
pub(crate) fn advice(error: &GraphError) -> &'static str {
    let GraphError::Refused(refusal) = error else {
        return "Look whether GROUPGATE_GRAPH_URL is right and can be reached from here.";
    };
    match refusal.kind() {
        RefusalKind::TokenInvalid => {
            "The token is expired, revoked, or of another app (then appsecret_proof is wrong): store a new one, and look \
             at GROUPGATE_APP_SECRET."
        }
        RefusalKind::TokenForbidden => {
            "The token lacks a permission: it takes whatsapp_business_management and whatsapp_business_messaging."
        }
        RefusalKind::NotFound => "The token does not see this phone number ID: is it right, and shared with the app?",
        RefusalKind::NumberNotEligible => "The number may not have groups: Meta wants an Official Business Account.",
        RefusalKind::Throttled | RefusalKind::Transient => "Nothing is wrong with the token by this: try again later.",
        _ => "Meta's words say what is wrong.",
    }
}
