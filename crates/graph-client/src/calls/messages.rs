//! Messages of the business: to a group, to a person.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{MESSAGING_PRODUCT, templates::TemplateMessage};
use crate::{
    answer::Answer,
    call::Call,
    client::GraphClient,
    error::GraphError,
    ids::{GroupId, PhoneNumberId},
    lenient,
    request::Request,
};

/// To whom a message goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Recipient<'a> {
    /// All participants of a group.
    Group(&'a GroupId),
    /// A person, by phone number or WhatsApp ID.
    Number(&'a str),
    /// A person, by business-scoped user ID, such as `US.13491208655302741918`. Meta has a member of its own for it,
    /// `recipient`, in place of `to`
    /// ([Meta: business-scoped user IDs](https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids)).
    User(&'a str),
}

/// A message to send ([Meta: messages](https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages)).
#[derive(Clone, Copy)]
pub struct OutgoingMessage<'a> {
    /// To whom.
    pub to: Recipient<'a>,
    /// What.
    pub content: &'a MessageContent<'a>,
    /// The message that it answers.
    pub in_reply_to: Option<&'a str>,
    /// Comes back with each of the message's statuses; up to 512 characters.
    pub callback_data: Option<&'a str>,
}

/// What a message says. Its variants are Meta's message types; each serializes to the member of that name.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageContent<'a> {
    /// Words.
    Text(Text<'a>),
    /// A picture.
    Image(Media<'a>),
    /// A video.
    Video(Media<'a>),
    /// A sound.
    Audio(Media<'a>),
    /// A file.
    Document(Media<'a>),
    /// A sticker.
    Sticker(Media<'a>),
    /// A place.
    Location(Location<'a>),
    /// Visiting cards, each as Meta writes it.
    Contacts(Vec<Value>),
    /// An emoji on a message.
    Reaction(Reaction<'a>),
    /// A message of a group pinned, or let go.
    Pin(Pin<'a>),
    /// A message template, filled in.
    Template(TemplateMessage<'a>),
}

/// Words.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Text<'a> {
    /// Up to 4096 characters.
    pub body: &'a str,
    /// Whether the first link is shown with a preview; Meta's default is no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview_url: Option<bool>,
}

/// A picture, video, sound, file or sticker.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Media<'a> {
    /// Where it is.
    #[serde(flatten)]
    pub source: MediaSource<'a>,
    /// What stands below it, up to 1024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<&'a str>,
    /// What a document is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<&'a str>,
}

/// Where a medium is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaSource<'a> {
    /// At this address, from where Meta fetches it.
    Link(&'a str),
    /// At Meta, uploaded before.
    Id(&'a str),
}

/// A place.
#[derive(Clone, Copy, PartialEq, Serialize)]
pub struct Location<'a> {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<&'a str>,
}

/// An emoji on a message.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reaction<'a> {
    /// On which message.
    pub message_id: &'a str,
    /// Empty to take it away.
    pub emoji: &'a str,
}

/// A message of a group pinned, or let go
/// ([Meta: group messaging](https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging)).
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Pin<'a> {
    /// Pinned.
    Pin {
        /// Which message.
        message_id: &'a str,
        /// For 1 to 30 days.
        expiration_days: u8,
    },
    /// Let go.
    Unpin {
        /// Which message.
        message_id: &'a str,
    },
}

/// Meta has taken a message. What becomes of it comes by webhook.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenAcceptance")]
pub struct MessageAccepted {
    /// `wamid.…`
    pub message_id: String,
}

impl GraphClient {
    /// `POST /{phone_number_id}/messages`
    pub async fn send_message(
        &self,
        call: Call<'_>,
        phone_number_id: &PhoneNumberId,
        message: &OutgoingMessage<'_>,
    ) -> Result<Answer<MessageAccepted>, GraphError> {
        let path = self.path(phone_number_id.as_str()).edge("messages");
        self.call(call, path, Request::post(&json!(Written::from(*message)))).await
    }
}

impl MessageContent<'_> {
    /// Meta's word for the type.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Image(_) => "image",
            Self::Video(_) => "video",
            Self::Audio(_) => "audio",
            Self::Document(_) => "document",
            Self::Sticker(_) => "sticker",
            Self::Location(_) => "location",
            Self::Contacts(_) => "contacts",
            Self::Reaction(_) => "reaction",
            Self::Pin(_) => "pin",
            Self::Template(_) => "template",
        }
    }
}

/// The body as Meta wants it.
#[derive(Serialize)]
struct Written<'a> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    biz_opaque_callback_data: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    content: &'a MessageContent<'a>,
}

impl<'a> From<OutgoingMessage<'a>> for Written<'a> {
    fn from(message: OutgoingMessage<'a>) -> Self {
        let (recipient_type, to, recipient) = match message.to {
            Recipient::Group(id) => ("group", Some(id.as_str()), None),
            Recipient::Number(number) => ("individual", Some(number), None),
            Recipient::User(id) => ("individual", None, Some(id)),
        };
        Self {
            messaging_product: MESSAGING_PRODUCT,
            recipient_type,
            to,
            recipient,
            context: message.in_reply_to.map(|id| json!({ "message_id": id })),
            biz_opaque_callback_data: message.callback_data,
            kind: message.content.kind(),
            content: message.content,
        }
    }
}

#[derive(Deserialize)]
struct WrittenAcceptance {
    messages: Vec<WrittenMessage>,
}

#[derive(Deserialize)]
struct WrittenMessage {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
}

impl TryFrom<WrittenAcceptance> for MessageAccepted {
    type Error = &'static str;

    fn try_from(written: WrittenAcceptance) -> Result<Self, Self::Error> {
        let id = written.messages.into_iter().find_map(|message| message.id);
        id.map(|message_id| Self { message_id }).ok_or("missing field `messages[0].id`")
    }
}

impl fmt::Debug for Recipient<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(id) => f.debug_tuple("Group").field(id).finish(),
            Self::Number(_) => f.write_str("Number(***)"),
            Self::User(_) => f.write_str("User(***)"),
        }
    }
}

impl fmt::Debug for MessageContent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(***)", self.kind())
    }
}

impl fmt::Debug for OutgoingMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMessage")
            .field("to", &self.to)
            .field("content", self.content)
            .field("in_reply_to", &self.in_reply_to)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_message_says_and_to_whom_is_not_in_its_debug() {
        let content = MessageContent::Text(Text { body: "the secret", preview_url: None });
        let message = OutgoingMessage {
            to: Recipient::Number("16505551234"),
            content: &content,
            in_reply_to: Some("wamid.X"),
            callback_data: Some("order 17"),
        };
        let shown = format!("{message:?}");
        assert!(!["secret", "1650", "order"].iter().any(|word| shown.contains(word)), "{shown}");
        assert!(shown.contains("text") && shown.contains("wamid.X"), "{shown}");
    }
}
