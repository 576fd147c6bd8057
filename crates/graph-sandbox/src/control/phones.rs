//! What users see on their phones.

use actix_web::web::{Data, Json, Path};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::answers::{NotThere, OfUser, Success, WrongCall};
use super::users::wa_id;
use super::{ControlError, ControlResult, answer, success, turn};
use crate::engine::Engine;
use crate::ids::{GroupId, MessageId, PhoneNumberId};
use crate::state::messages::{Delivered, Recipient};

/// Messages that a user got.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReceivedMessages {
    /// Oldest first.
    data: Vec<ReceivedMessage>,
}

/// A message that a user got.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReceivedMessage {
    #[schema(value_type = String)]
    message_id: MessageId,
    /// The business number that sent it.
    #[schema(value_type = String)]
    phone_number_id: PhoneNumberId,
    /// The group that it was sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    group_id: Option<GroupId>,
    /// Seconds since 1970.
    time: i64,
    #[serde(rename = "type")]
    #[schema(example = "template")]
    kind: String,
    /// As the business wrote it.
    #[schema(value_type = Object)]
    content: Value,
    /// A template's body with its variables filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The link that a template's `group_id` became: whoever follows it joins.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://chat.whatsapp.com/qiE46zlVSSCYaYfvr9THS5")]
    invite_link: Option<String>,
    /// The message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    context_message_id: Option<String>,
}

/// The message that a user reads.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Read {
    message_id: String,
}

impl ReceivedMessage {
    fn of(delivered: &Delivered) -> Self {
        let Delivered { id, message, sent_at, .. } = delivered.clone();
        Self {
            message_id: id,
            phone_number_id: message.phone_number_id,
            group_id: match message.to {
                Recipient::Group(id) => Some(id),
                Recipient::Number(_) | Recipient::UserId(_) => None,
            },
            time: sent_at,
            kind: message.kind,
            content: message.content,
            text: message.text,
            invite_link: message.invite_link,
            context_message_id: message.context,
        }
    }
}

/// See what a user got.
///
/// Messages of businesses that reached the phone, oldest first; of all users together the latest 1,000 are remembered.
#[utoipa::path(
    get,
    path = "/_sandbox/users/{wa_id}/messages",
    tag = "Users",
    operation_id = "ListReceivedMessages",
    params(OfUser),
    responses(
        (status = 200, body = ReceivedMessages, description = "The messages."),
        WrongCall,
    ),
)]
pub(crate) async fn messages(engine: Data<Engine>, path: Path<String>) -> ControlResult {
    let wa_id = wa_id(&path)?;
    let data = engine.look(|state| state.outbox.of_reader(&wa_id).map(ReceivedMessage::of).collect());
    Ok(answer(&ReceivedMessages { data }))
}

/// A user reads a message.
///
/// A webhook tells of it, with the status `read`.
#[utoipa::path(
    post,
    path = "/_sandbox/users/{wa_id}/read",
    tag = "Users",
    operation_id = "ReadMessage",
    params(OfUser),
    request_body = Read,
    responses(
        (status = 200, body = Success, description = "Done."),
        WrongCall,
        NotThere,
    ),
)]
pub(crate) async fn read(engine: Data<Engine>, path: Path<String>, body: Json<Read>) -> ControlResult {
    let wa_id = wa_id(&path)?;
    if engine.commit(|state| state.read_message(&wa_id, &body.message_id, &turn(&engine))).await {
        return Ok(success());
    }
    let message = format!("the user {wa_id} got no message {}", body.message_id);
    Err(ControlError::NotFound(message))
}
