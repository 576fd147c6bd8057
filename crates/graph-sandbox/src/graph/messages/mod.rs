//! Messages of the business, to groups and to people.
//!
//! Sources: <https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages>
//! and <https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging>.

mod content;
mod recipient;
mod template;

use serde_json::{Map, Value, json};

use super::errors::{GraphError, GraphResult};
use super::params::{Params, missing};
use super::{Answer, Asked};
use crate::ids::{MessageId, PhoneNumberId};
use crate::state::State;
use crate::state::messages::{Message, Recipient};

const MAX_CALLBACK_DATA: usize = 512;

/// `POST /{phone_number_id}/messages`.
pub(crate) fn send(state: &mut State, number: &PhoneNumberId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let params = asked.params();
    params.require_messaging_product()?;
    if params.text("status")?.is_some() {
        return mark_as_read(asked);
    }
    let to = recipient::read(state, number, asked)?;
    let content = content::read(state, number, &to, params)?;
    let callback_data = callback_data(params)?;
    if let Some(pinning) = &content.pinning {
        pinning.apply(state);
    }
    let answered = params.structure("context").and_then(|context| Some(context["message_id"].as_str()?.to_owned()));
    let message = Message {
        phone_number_id: number.clone(),
        to: to.clone(),
        kind: content.kind,
        content: content.value,
        text: content.text,
        invite_link: content.invite_link,
        context: answered,
        biz_opaque_callback_data: callback_data,
    };
    let id = state.send_message(message, content.trouble, &asked.turn);
    answer(state, &to, &id, asked)
}

/// What the business wants to find in the statuses: at most 512 characters.
fn callback_data(params: &Params) -> GraphResult<Option<String>> {
    let data = params.text("biz_opaque_callback_data")?;
    if data.is_some_and(|data| data.chars().count() > MAX_CALLBACK_DATA) {
        return Err(GraphError::parameter("Param biz_opaque_callback_data must be at most 512 characters long."));
    }
    Ok(data.map(str::to_owned))
}

/// `{"status": "read", "message_id": …}`: the business has read a user's message. It changes nothing that can be seen.
fn mark_as_read(asked: &Asked<'_>) -> GraphResult<Answer> {
    asked.params().text("message_id")?.ok_or_else(|| missing("message_id"))?;
    Ok(Answer::ok(json!({ "success": true })))
}

/// `wa_id` where a number or a group was written to, `user_id` where a user ID was.
fn answer(state: &State, to: &Recipient, id: &MessageId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let params = asked.params();
    let input = params.text("to")?.filter(|text| !text.is_empty()).or(params.text("recipient")?);
    let mut contact = Map::from_iter([("input".to_owned(), json!(input))]);
    let (member, value) = match to {
        Recipient::Group(group) => ("wa_id", json!(group)),
        Recipient::Number(wa_id) => ("wa_id", json!(wa_id)),
        Recipient::UserId(wa_id) => ("user_id", state.user_seen(wa_id).remove("user_id").unwrap_or(Value::Null)),
    };
    contact.insert(member.to_owned(), value);
    Ok(Answer::ok(json!({
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{ "id": id }],
    })))
}
