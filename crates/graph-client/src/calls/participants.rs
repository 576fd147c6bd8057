//! Who is in a group, as answers and webhooks name them.

use serde::Deserialize;

use crate::lenient;

/// A user of WhatsApp. With business-scoped user IDs the number may be hidden, and `wa_id` absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct Participant {
    /// The WhatsApp ID: the phone number in international digits.
    #[serde(deserialize_with = "lenient::text")]
    pub wa_id: Option<String>,
    /// The business-scoped user ID.
    #[serde(deserialize_with = "lenient::text")]
    pub user_id: Option<String>,
    /// The business-scoped user ID of the parent business.
    #[serde(deserialize_with = "lenient::text")]
    pub parent_user_id: Option<String>,
    /// The username that the user has adopted.
    #[serde(deserialize_with = "lenient::text")]
    pub username: Option<String>,
    /// In webhooks: what the business had written for this user.
    #[serde(deserialize_with = "lenient::text")]
    pub input: Option<String>,
}
