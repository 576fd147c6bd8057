//! What the control API answers with, as far as several calls share it.

use serde::Serialize;
use utoipa::{IntoParams, IntoResponses, ToSchema};

/// It was done.
#[derive(Serialize, ToSchema)]
pub(crate) struct Success {
    #[schema(example = true)]
    pub(crate) success: bool,
}

/// It was not done.
#[derive(Serialize, ToSchema)]
pub(crate) struct Failure {
    pub(crate) error: Reason,
}

/// Why not.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reason {
    /// What was wrong, and with what.
    #[schema(example = "there is no group Y2FwaV9ncm91cDox")]
    pub(crate) message: String,
    /// Why a user did not get in: `link_reset`, `group_full`, `removed_before`, `already_member`, `suspended` or
    /// `deleted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
}

/// The body or the path is not as it should be.
#[derive(IntoResponses)]
#[response(status = 400, description = "A parameter is missing, unknown or wrong; the message names it.")]
#[expect(dead_code, reason = "it stands for its page of the document")]
pub(crate) struct WrongCall(#[to_schema] Failure);

/// What the path or the body names does not exist.
#[derive(IntoResponses)]
#[response(status = 404, description = "What is named does not exist.")]
#[expect(dead_code, reason = "it stands for its page of the document")]
pub(crate) struct NotThere(#[to_schema] Failure);

/// Whose phone it is.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it stands for its line of the document")]
pub(crate) struct OfUser {
    /// The user's phone number in international digits. Every number has a user.
    #[param(example = "16505559999", pattern = r"^\+?[0-9]{5,15}$")]
    wa_id: String,
}

/// Which group it is about.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it stands for its line of the document")]
pub(crate) struct OfGroup {
    /// The group.
    #[param(example = json!(crate::DEMO_SPARE_GROUP_ID_2))]
    group_id: String,
}

/// Which token it is about.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "it stands for its line of the document")]
pub(crate) struct OfToken {
    /// The whole token, as a caller of Graph holds it.
    #[param(example = "EAAsandboxtoken2")]
    token: String,
}
