//! What is put onto a message that was sent before: an emoji, a pin.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

use super::{from_text, missing};
use crate::messages::MessageId;
use crate::parameters::ParameterError;
use crate::privacy::HiddenText;

/// An emoji on a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// On which message. Meta's `message_id`.
    pub message_id: MessageId,
    /// Empty where the reaction is taken away.
    pub emoji: Emoji,
}

/// One emoji, which may be made of several characters, or none.
#[derive(Clone, PartialEq, Eq)]
pub struct Emoji(String);

impl Emoji {
    /// The longest sequence that is read, in characters; families of four with skin tones have eleven.
    const LONGEST: usize = 16;

    /// The emoji.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Emoji({:?})", HiddenText(&self.0))
    }
}

/// A message of a group pinned, or let go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pin {
    /// Pinned.
    Pin {
        /// Which message. Meta's `message_id`.
        message_id: MessageId,
        /// For how long. Meta's `expiration_days`.
        expiration_days: ExpirationDays,
    },
    /// Let go.
    Unpin {
        /// Which message.
        message_id: MessageId,
    },
}

/// For how many days a message is pinned: 1 to 30.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpirationDays(u8);

impl ExpirationDays {
    const MOST: u8 = 30;

    /// The number of days.
    pub const fn days(self) -> u8 {
        self.0
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenReaction {
    message_id: MessageId,
    emoji: Option<Emoji>,
}

pub(super) fn read_reaction(text: &str) -> Result<Reaction, ParameterError> {
    let WrittenReaction { message_id, emoji } = from_text(text)?;
    Ok(Reaction { message_id, emoji: emoji.ok_or_else(|| missing("emoji"))? })
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum PinType {
    Pin,
    Unpin,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenPin {
    #[serde(rename = "type")]
    pin_type: PinType,
    message_id: MessageId,
    expiration_days: Option<ExpirationDays>,
}

pub(super) fn read_pin(text: &str) -> Result<Pin, ParameterError> {
    let WrittenPin { pin_type, message_id, expiration_days } = from_text(text)?;
    match (pin_type, expiration_days) {
        (PinType::Pin, Some(expiration_days)) => Ok(Pin::Pin { message_id, expiration_days }),
        (PinType::Pin, None) => Err(missing("expirationDays")),
        (PinType::Unpin, None) => Ok(Pin::Unpin { message_id }),
        (PinType::Unpin, Some(_)) => {
            Err(ParameterError::superfluous("Content.expirationDays", "where `type` is `unpin`"))
        }
    }
}

impl<'de> Deserialize<'de> for Emoji {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(EmojiVisitor)
    }
}

struct EmojiVisitor;

impl de::Visitor<'_> for EmojiVisitor {
    type Value = Emoji;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one emoji, or empty to take the reaction away")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Emoji, E> {
        let fits = text.chars().nth(Emoji::LONGEST).is_none() && !text.chars().any(|c| c.is_whitespace() || c == '\0');
        fits.then(|| Emoji(text.to_owned())).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl<'de> Deserialize<'de> for ExpirationDays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DaysVisitor)
    }
}

/// Meta's page types the days as an integer and writes them as a string in its sample, so both are read.
struct DaysVisitor;

impl de::Visitor<'_> for DaysVisitor {
    type Value = ExpirationDays;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an integer from 1 to {}", ExpirationDays::MOST)
    }

    fn visit_u64<E: de::Error>(self, days: u64) -> Result<ExpirationDays, E> {
        let fitting = u8::try_from(days).ok().filter(|days| (1..=ExpirationDays::MOST).contains(days));
        fitting.map(ExpirationDays).ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(days), &self))
    }

    fn visit_str<E: de::Error>(self, days: &str) -> Result<ExpirationDays, E> {
        match days.parse() {
            Ok(days) => self.visit_u64(days),
            Err(_) => Err(E::invalid_value(de::Unexpected::Str(days), &self)),
        }
    }
}
