//! `Content`: what a free-form message says, as JSON text. Each message type has its own members.
//!
//! Names are CAMS's (`fileName`, `messageId`); they are read in any case, and with `_` or without, so that Meta's
//! (`filename`, `message_id`) are understood, too. What Meta calls otherwise is said where it stands.

mod contacts;
mod marks;
mod media;
mod place;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;

use crate::messages::Text;
use crate::parameters::{self, ParameterError};
use crate::privacy::HiddenText;
use crate::value::{debug_as, text_parameter};

pub use contacts::{Address, Contact, Email, Organization, PersonName, Phone, WebAddress};
pub use marks::{Emoji, ExpirationDays, Pin, Reaction};
pub use media::{Caption, FileName, Media, MediaLink};
pub use place::{Latitude, Location, Longitude};

/// The name of the parameter, which the path of every mistake in it begins with.
const CONTENT: &str = "Content";

/// `Content` as it came: JSON text, which only the message's type can read.
#[derive(Clone, PartialEq, Eq)]
pub struct Content(String);

impl Content {
    fn parse(text: &str) -> Option<Self> {
        (!text.trim().is_empty()).then(|| Self(text.to_owned()))
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it says, to be sent as this type.
    ///
    /// # Errors
    /// [`ParameterError`] whose path begins with `Content`.
    pub fn read(&self, message_type: MessageType) -> Result<MessageContent, ParameterError> {
        let text = self.as_str();
        Ok(match message_type {
            MessageType::Text => MessageContent::Text(from_text(text)?),
            MessageType::Image => MessageContent::Image(media::read(text, &media::CAPTIONED)?),
            MessageType::Video => MessageContent::Video(media::read(text, &media::CAPTIONED)?),
            MessageType::Audio => MessageContent::Audio(media::read(text, &media::BARE)?),
            MessageType::Document => MessageContent::Document(media::read(text, &media::NAMED)?),
            MessageType::Sticker => MessageContent::Sticker(media::read(text, &media::BARE)?),
            MessageType::Location => MessageContent::Location(from_text(text)?),
            MessageType::Contacts => MessageContent::Contacts(contacts::read(text)?),
            MessageType::Reaction => MessageContent::Reaction(marks::read_reaction(text)?),
            MessageType::Pin => MessageContent::Pin(marks::read_pin(text)?),
        })
    }
}

text_parameter!(
    Content,
    rule: "JSON text, such as `{\"text\": \"Hello\"}`",
    schema: ObjectBuilder::new()
        .description(Some("What the message says, as JSON text; its members hang on `MessageType`."))
        .pattern(Some(r"^\s*[\[{][\s\S]*[\]}]\s*$"))
        .examples([r#"{"text": "Your watch is ready."}"#])
);
debug_as!(Content, HiddenText);

/// What kind of free-form message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(example = "text")]
pub enum MessageType {
    /// `{"text", "previewUrl"?}`
    Text,
    /// `{"link", "caption"?}`
    Image,
    /// `{"link", "caption"?}`
    Video,
    /// `{"link"}`
    Audio,
    /// `{"link", "caption"?, "fileName"?}`
    Document,
    /// `{"link"}`
    Sticker,
    /// `{"latitude", "longitude", "name"?, "address"?}`; not to groups.
    Location,
    /// One contact, or a list of them; not to groups.
    Contacts,
    /// `{"messageId", "emoji"}`; not to groups.
    Reaction,
    /// `{"type": "pin" or "unpin", "messageId", "expirationDays"}`; to groups alone.
    Pin,
}

impl MessageType {
    /// Whether Meta lets it be sent to a group
    /// ([Meta: group messaging](https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging)).
    pub const fn is_for_groups(self) -> bool {
        !matches!(self, Self::Location | Self::Contacts | Self::Reaction)
    }

    /// Whether Meta lets it be sent to a person.
    pub const fn is_for_people(self) -> bool {
        !matches!(self, Self::Pin)
    }
}

/// What a free-form message says.
#[derive(Debug, Clone, PartialEq)]
pub enum MessageContent {
    /// Words.
    Text(Words),
    /// A picture.
    Image(Media),
    /// A video.
    Video(Media),
    /// A sound.
    Audio(Media),
    /// A file.
    Document(Media),
    /// A sticker.
    Sticker(Media),
    /// A place.
    Location(Location),
    /// Contacts.
    Contacts(Vec<Contact>),
    /// An emoji on a message.
    Reaction(Reaction),
    /// A message pinned or let go.
    Pin(Pin),
}

/// Words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Words {
    /// Up to 4096 characters. Meta's `body`.
    pub text: Text<4096>,
    /// Whether the first link is shown with a preview. Meta's `preview_url`.
    pub preview_url: Option<bool>,
}

fn from_text<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, ParameterError> {
    parameters::from_json_text(CONTENT, text)
}

/// A member that must be there, and is not.
fn missing(member: &str) -> ParameterError {
    ParameterError::Missing { parameter: format!("{CONTENT}.{member}") }
}

#[cfg(test)]
mod tests;
