//! Who is in a group, as answers and webhooks name them; removing and adding them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use super::{
    MESSAGING_PRODUCT,
    changes::{self, ChangeAccepted, Written},
};
use crate::{
    answer::Answer, call::Call, client::GraphClient, error::GraphError, ids::GroupId, lenient, request::Request,
    webhooks,
};

/// A user of WhatsApp. With business-scoped user IDs the number may be hidden, and `wa_id` absent.
#[derive(Clone, Default, PartialEq, Eq, Hash, Deserialize)]
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

/// A user, as a call names one: by one of the two members that
/// [Meta has for it](https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids).
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum User<'a> {
    /// A phone number or WhatsApp ID.
    #[serde(rename = "user")]
    Number(&'a str),
    /// A business-scoped user ID.
    UserId(&'a str),
}

impl GraphClient {
    /// `DELETE /{group_id}/participants`: 1 to 8 users. Who is out comes by webhook.
    pub async fn remove_participants(
        &self,
        call: Call<'_>,
        group_id: &GroupId,
        users: &[User<'_>],
    ) -> Result<Answer<ChangeAccepted>, GraphError> {
        let path = self.path(group_id.as_str()).edge("participants");
        removed(self.call(call, path, Request::delete(&named(users))).await)
    }

    /// `POST /{group_id}/participants`: 1 to 8 users. Meta documents it, and says that participants cannot be added.
    pub async fn add_participants(
        &self,
        call: Call<'_>,
        group_id: &GroupId,
        users: &[User<'_>],
    ) -> Result<Answer<ChangeAccepted>, GraphError> {
        let path = self.path(group_id.as_str()).edge("participants");
        added(self.call(call, path, Request::post(&named(users))).await)
    }
}

/// What Meta's answer to a removal says.
pub(crate) fn removed(answer: Result<Answer<Removal>, GraphError>) -> Result<Answer<ChangeAccepted>, GraphError> {
    changes::accepted_at_least_in_part(answer.map(|answer| answer.map(|removal| removal.0)))
}

/// What Meta's answer to an addition says.
pub(crate) fn added(answer: Result<Answer<Addition>, GraphError>) -> Result<Answer<ChangeAccepted>, GraphError> {
    changes::accepted_at_least_in_part(answer.map(|answer| answer.map(|addition| addition.0)))
}

fn named(users: &[User<'_>]) -> Value {
    json!({ "messaging_product": MESSAGING_PRODUCT, "participants": users })
}

/// The answer to a removal, as Meta writes it.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Removal(#[serde(deserialize_with = "removal")] Written);

/// The answer to an addition, as Meta writes it.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Addition(#[serde(deserialize_with = "addition")] Written);

fn removal<'de, D: Deserializer<'de>>(from: D) -> Result<Written, D::Error> {
    changes::written(from, webhooks::removal_answer)
}

fn addition<'de, D: Deserializer<'de>>(from: D) -> Result<Written, D::Error> {
    changes::written(from, webhooks::addition_answer)
}

impl fmt::Debug for User<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(_) => f.write_str("Number(***)"),
            Self::UserId(_) => f.write_str("UserId(***)"),
        }
    }
}
