//! What Meta answers to a change that it will finish later, and tell by webhook.

use serde::Deserialize;

use crate::lenient;

/// Meta has taken the change on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ChangeAccepted {
    /// The ID that the webhook will carry. Meta documents it for creation only.
    #[serde(default, deserialize_with = "lenient::text")]
    pub request_id: Option<String>,
}
