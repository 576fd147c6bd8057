//! What a message carries, by its type.

use serde_json::Value;

use super::template;
use crate::graph::errors::{Code, GraphError, GraphResult};
use crate::graph::params::{Params, missing};
use crate::ids::{GroupId, PhoneNumberId};
use crate::state::State;
use crate::state::messages::Recipient;

/// What may be sent to a group.
/// Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/groups>
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
const MAX_TEXT: usize = 4096;
const MAX_CAPTION: usize = 1024;

/// A content that was understood.
pub(super) struct Content {
    pub(super) kind: String,
    pub(super) value: Value,
    /// A template's body as the reader sees it.
    pub(super) text: Option<String>,
    /// What a template's `group_id` parameter became.
    pub(super) invite_link: Option<String>,
    pub(super) pinning: Option<Pinning>,
    /// What Meta finds out only after it has accepted the message.
    pub(super) trouble: Option<GraphError>,
}

/// A message that is to be pinned in a group, or unpinned.
pub(super) struct Pinning {
    group: GroupId,
    message_id: String,
    pins: bool,
}

impl Pinning {
    pub(super) fn apply(&self, state: &mut State) {
        if self.pins {
            state.pin(&self.group, &self.message_id);
        } else {
            state.unpin(&self.group, &self.message_id);
        }
    }
}

/// The member that is named as the type says, checked.
pub(super) fn read(state: &State, number: &PhoneNumberId, to: &Recipient, params: &Params) -> GraphResult<Content> {
    let kind = params.text("type")?.unwrap_or("text");
    require_type(kind, to)?;
    let value = params.structure(kind).filter(|value| value.is_object() || value.is_array());
    let value = value.ok_or_else(|| missing(kind))?;
    let mut content =
        Content { kind: kind.to_owned(), value, text: None, invite_link: None, pinning: None, trouble: None };
    check(&mut content, state, number, to)?;
    Ok(content)
}

fn require_type(kind: &str, to: &Recipient) -> GraphResult<()> {
    let allowed = if matches!(to, Recipient::Group(_)) { GROUP_TYPES } else { PERSON_TYPES };
    if allowed.contains(&kind) {
        return Ok(());
    }
    let details = format!("Messages of type {kind} cannot be sent to this recipient");
    Err(GraphError::detailed(Code::UNSUPPORTED_TYPE, details))
}

fn check(content: &mut Content, state: &State, number: &PhoneNumberId, to: &Recipient) -> GraphResult<()> {
    let value = &content.value;
    match &*content.kind {
        "text" => {
            required_text(value, "text", "body", MAX_TEXT)?;
        }
        "location" => location(value)?,
        "contacts" => contacts(value)?,
        "reaction" => {
            required_text(value, "reaction", "message_id", usize::MAX)?;
            value["emoji"].as_str().ok_or_else(|| missing("reaction['emoji']"))?;
        }
        "interactive" => {
            required_text(value, "interactive", "type", usize::MAX)?;
        }
        "pin" => content.pinning = Some(pinning(value, to)?),
        "template" => {
            let rendered = template::check(state, number, to, value)?;
            content.text = Some(rendered.text);
            content.invite_link = rendered.invite_link;
        }
        kind => content.trouble = media(value, kind, state, number)?,
    }
    Ok(())
}

/// A text that must be there, of at most so many characters.
pub(super) fn required_text<'a>(value: &'a Value, of: &str, name: &str, limit: usize) -> GraphResult<&'a str> {
    let text = value[name].as_str().filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| missing(&format!("{of}['{name}']")))?;
    at_most(text, of, name, limit)?;
    Ok(text)
}

fn at_most(text: &str, of: &str, name: &str, limit: usize) -> GraphResult<()> {
    if text.chars().count() <= limit {
        return Ok(());
    }
    Err(GraphError::parameter(&format!("Param {of}['{name}'] must be at most {limit} characters long.")))
}

/// By `link` or by `id`. That the file fits the type is found out later.
fn media(value: &Value, kind: &str, state: &State, number: &PhoneNumberId) -> GraphResult<Option<GraphError>> {
    if let Some(caption) = value["caption"].as_str() {
        at_most(caption, kind, "caption", MAX_CAPTION)?;
    }
    match (value["id"].as_str(), value["link"].as_str()) {
        (Some(id), None) => by_id(id, kind, state, number),
        (None, Some(link)) if link.starts_with("http://") || link.starts_with("https://") => Ok(None),
        (None, Some(_)) => Err(GraphError::parameter(&format!("Param {kind}['link'] must be a valid URL."))),
        (None, None) => Err(missing(&format!("{kind}['link']"))),
        (Some(_), Some(_)) => {
            Err(GraphError::parameter(&format!("Only one of {kind}['id'] and {kind}['link'] can be given.")))
        }
    }
}

fn by_id(id: &str, kind: &str, state: &State, number: &PhoneNumberId) -> GraphResult<Option<GraphError>> {
    let unknown = || GraphError::detailed(Code::VALUE, format!("{kind}['id'] is no media of this business"));
    let media = state.media_of(number, id).ok_or_else(unknown)?;
    let class = if kind == "sticker" { "image/webp" } else { kind };
    let fits = kind == "document" || media.mime_type.starts_with(class);
    let trouble = || {
        let details = format!("A file of type {} cannot be sent as {kind}", media.mime_type);
        GraphError::detailed(Code::MEDIA, details)
    };
    Ok((!fits).then(trouble))
}

fn location(value: &Value) -> GraphResult<()> {
    for (name, limit) in [("latitude", 90.0), ("longitude", 180.0)] {
        let read = |text: &str| text.parse::<f64>().ok();
        let given = value[name].as_f64().or_else(|| value[name].as_str().and_then(read));
        let degrees = given.ok_or_else(|| missing(&format!("location['{name}']")))?;
        if degrees.abs() > limit {
            return Err(GraphError::parameter(&format!("Param location['{name}'] must be from -{limit} to {limit}.")));
        }
    }
    Ok(())
}

fn contacts(value: &Value) -> GraphResult<()> {
    let contacts = value.as_array().filter(|list| !list.is_empty()).ok_or_else(|| missing("contacts"))?;
    let nameless = |contact: &&Value| contact["name"]["formatted_name"].as_str().is_none_or(str::is_empty);
    match contacts.iter().find(nameless) {
        Some(_) => Err(missing("contacts['name']['formatted_name']")),
        None => Ok(()),
    }
}

fn pinning(value: &Value, to: &Recipient) -> GraphResult<Pinning> {
    let Recipient::Group(group) = to else {
        return Err(GraphError::new(Code::UNSUPPORTED_TYPE));
    };
    let message_id = required_text(value, "pin", "message_id", usize::MAX)?.to_owned();
    let pins = match value["type"].as_str() {
        Some("pin") => true,
        Some("unpin") => false,
        _ => return Err(GraphError::parameter("Param pin['type'] must be one of {PIN, UNPIN}.")),
    };
    if pins {
        require_expiration(&value["expiration_days"])?;
    }
    Ok(Pinning { group: group.clone(), message_id, pins })
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
