//! WhatsApp's users, as far as a business sees them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::State;
use crate::ids::WaId;
use crate::nature::Nature;

/// How a user appears to businesses.
/// Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids>
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the names are Meta's")]
pub(crate) struct User {
    /// The business-scoped user ID; `None` only where a test took it away.
    pub(crate) user_id: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) name: String,
    /// Whether the phone number is withheld from businesses.
    pub(crate) hide_wa_id: bool,
    /// Whether the user has accepted WhatsApp's current terms; otherwise 131203.
    pub(crate) accepts_terms: bool,
}

impl User {
    fn born(wa_id: &WaId, nature: &Nature) -> Self {
        Self {
            user_id: Some(format!("US.{}", nature.digits(20))),
            username: None,
            // Businesses see the name, and not always the number.
            name: format!("User {}", last_digits(wa_id)),
            hide_wa_id: false,
            accepts_terms: true,
        }
    }

    /// What a business sees: `wa_id`, `user_id`, `username`, as far as each is to be had.
    pub(crate) fn seen_as(&self, wa_id: &WaId) -> Map<String, Value> {
        let shown = (!self.hide_wa_id).then(|| wa_id.to_string());
        let fields = [("wa_id", shown), ("user_id", self.user_id.clone()), ("username", self.username.clone())];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?)))).collect()
    }
}

/// The last four digits of a number.
fn last_digits(wa_id: &WaId) -> String {
    let digits = wa_id.to_string();
    digits.chars().skip(digits.chars().count().saturating_sub(4)).collect()
}

impl State {
    /// The user of a number; every number has one as soon as it is spoken of.
    pub(crate) fn user(&mut self, wa_id: &WaId, nature: &Nature) -> &mut User {
        Arc::make_mut(self.users.entry(wa_id.clone()).or_insert_with(|| Arc::new(User::born(wa_id, nature))))
    }

    /// How businesses see the user; an empty object for a stranger.
    pub(crate) fn user_seen(&self, wa_id: &WaId) -> Map<String, Value> {
        let user = self.users.get(wa_id);
        user.map(|user| user.seen_as(wa_id)).unwrap_or_default()
    }

    /// The user as the `contacts` of a webhook of messages show him: the username stands in the profile there.
    pub(crate) fn contact(&self, wa_id: &WaId) -> Value {
        let Some(user) = self.users.get(wa_id) else {
            return json!({ "profile": {} });
        };
        let mut contact = user.seen_as(wa_id);
        let mut profile = json!({ "name": user.name });
        if let Some(username) = contact.remove("username") {
            profile["username"] = username;
        }
        contact.insert("profile".to_owned(), profile);
        Value::Object(contact)
    }

    /// The user whom a business means by a phone number, a `wa_id` or a `user_id`.
    pub(crate) fn user_meant(&self, input: &str) -> Option<WaId> {
        let digits = WaId::from(input.trim_start_matches('+'));
        if self.users.contains_key(&digits) {
            return Some(digits);
        }
        self.user_of_id(input)
    }

    /// The user of a business-scoped user ID.
    pub(crate) fn user_of_id(&self, user_id: &str) -> Option<WaId> {
        let is_his = |(_, user): &(&WaId, &Arc<User>)| user.user_id.as_deref() == Some(user_id);
        let found = self.users.iter().find(is_his);
        found.map(|(wa_id, _)| wa_id.clone())
    }
}
