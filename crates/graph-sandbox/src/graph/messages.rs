//! Messages of the business, to groups and to people.

use serde_json::{Value, json};

use super::errors::{Code, GraphError, GraphResult};
use super::{Answer, Asked};
use crate::ids::{GroupId, PhoneNumberId, WaId, digits_of};
use crate::state::State;
use crate::state::messages::Recipient;

/// What may be sent to a group.
const GROUP_TYPES: &[&str] = &["text", "image", "video", "audio", "document", "sticker", "template", "pin"];
/// What may be sent to a person.
const PERSON_TYPES: &[&str] = &[
    "text",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "template",
    "location",
    "contacts",
    "reaction",
    "interactive",
];

/// `POST /{phone_number_id}/messages`.
pub(crate) fn send(state: &mut State, number: &PhoneNumberId, asked: &Asked<'_>) -> GraphResult<Answer> {
    asked.params().require_messaging_product()?;
    let to = recipient(state, number, asked)?;
    let kind = asked.params().text("type")?.unwrap_or("text");
    let content = content(&to, kind, asked)?;
    if kind == "pin" {
        pin(state, &to, &content)?;
    }
    let message_id = state.send_message(number, &to, &asked.turn);
    let (input, wa_id) = match &to {
        Recipient::Group(id) => (id.to_string(), id.to_string()),
        Recipient::Person(wa_id) => (asked.params().required_text("to")?.to_owned(), wa_id.to_string()),
    };
    Ok(Answer::ok(json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": input, "wa_id": wa_id }],
        "messages": [{ "id": message_id }],
    })))
}

/// Who is meant; `recipient_type` and the kind of `to` must match.
fn recipient(state: &mut State, number: &PhoneNumberId, asked: &Asked<'_>) -> GraphResult<Recipient> {
    let to = asked.params().required_text("to")?;
    match asked.params().text("recipient_type")?.unwrap_or("individual") {
        "group" => group(state, number, &GroupId::from(to)).map(Recipient::Group),
        "individual" => person(state, to, asked).map(Recipient::Person),
        other => Err(GraphError::parameter(&format!(
            "Param recipient_type must be one of {{INDIVIDUAL, GROUP}} - got \"{other}\"."
        ))),
    }
}

fn group(state: &State, number: &PhoneNumberId, id: &GroupId) -> GraphResult<GroupId> {
    let group = state.living_group(id).filter(|group| group.phone_number_id == *number);
    let group = group.ok_or_else(|| GraphError::new(Code::GROUP_UNKNOWN))?;
    state.require_active(id)?;
    if group.participants.is_empty() {
        return Err(GraphError::new(Code::SINGLE_MEMBER));
    }
    Ok(id.clone())
}

fn person(state: &mut State, to: &str, asked: &Asked<'_>) -> GraphResult<WaId> {
    if let Some(known) = state.user_meant(to) {
        return Ok(known);
    }
    let digits = digits_of(to);
    if !(7..=15).contains(&digits.len()) || to.starts_with(|c: char| c.is_ascii_alphabetic()) {
        let details = "The parameter to is no phone number and no user ID of this business";
        return Err(GraphError::detailed(Code::VALUE, details));
    }
    let wa_id = WaId::from(digits);
    state.user(&wa_id, asked.turn.nature);
    Ok(wa_id)
}

/// The member that is named as the type says.
fn content(to: &Recipient, kind: &str, asked: &Asked<'_>) -> GraphResult<Value> {
    let allowed = match to {
        Recipient::Group(_) => GROUP_TYPES,
        Recipient::Person(_) => PERSON_TYPES,
    };
    if !allowed.contains(&kind) {
        let details = format!("Messages of type {kind} cannot be sent to this recipient");
        return Err(GraphError::detailed(Code::UNSUPPORTED_TYPE, details));
    }
    let content = asked.params().structure(kind).filter(Value::is_object);
    let content = content.or_else(|| asked.params().structure(kind).filter(Value::is_array));
    let content = content.ok_or_else(|| super::params::missing(kind))?;
    let body = content["body"].as_str().unwrap_or_default();
    if kind == "text" && body.is_empty() {
        return Err(super::params::missing("text['body']"));
    }
    Ok(content)
}

/// Pins or unpins a message of the group; at most three stay pinned.
fn pin(state: &mut State, to: &Recipient, content: &Value) -> GraphResult<()> {
    let Recipient::Group(id) = to else {
        return Err(GraphError::new(Code::UNSUPPORTED_TYPE));
    };
    let message_id = content["message_id"].as_str();
    let message_id = message_id.ok_or_else(|| super::params::missing("pin['message_id']"))?;
    match content["type"].as_str() {
        Some("pin") => {
            require_expiration(&content["expiration_days"])?;
            state.pin(id, message_id);
        }
        Some("unpin") => state.unpin(id, message_id),
        _ => {
            let message = "Param pin['type'] must be one of {PIN, UNPIN}.";
            return Err(GraphError::parameter(message));
        }
    }
    Ok(())
}

/// 1 to 30; Meta types it as an integer and quotes it in its sample.
fn require_expiration(days: &Value) -> GraphResult<()> {
    let read = |text: &str| text.parse().ok();
    let days = days.as_i64().or_else(|| days.as_str().and_then(read));
    if days.is_some_and(|days: i64| (1..=30).contains(&days)) {
        return Ok(());
    }
    let details = "pin['expiration_days'] must be from 1 to 30";
    Err(GraphError::detailed(Code::VALUE, details))
}
