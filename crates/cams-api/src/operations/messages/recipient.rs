//! To whom a message goes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;

use crate::identifiers::GroupId;
use crate::parameters::ParameterError;
use crate::participants::ParticipantNumber;
use crate::privacy::ShortId;
use crate::value::{debug_as, text_parameter};

/// What `To` is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = "group")]
pub enum RecipientType {
    /// A person: phone number, WhatsApp ID, or business-scoped user ID.
    #[default]
    Individual,
    /// A group: `GroupId`.
    Group,
    /// A person: business-scoped user ID.
    UserId,
}

/// `To` as it came: only `RecipientType` says what it is.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageTo(String);

/// To whom a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageRecipient {
    /// A group of the business number.
    Group(GroupId),
    /// A person.
    Person(ParticipantNumber),
}

impl MessageTo {
    fn parse(text: &str) -> Option<Self> {
        (1..=256).contains(&text.len()).then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whom it names, as a recipient of this type.
    ///
    /// # Errors
    /// [`ParameterError`] where it names nobody of the type.
    pub fn read(&self, recipient_type: RecipientType) -> Result<MessageRecipient, ParameterError> {
        let text = self.as_str();
        let (recipient, rule) = match recipient_type {
            RecipientType::Group => {
                (text.parse().ok().map(MessageRecipient::Group), "a `GroupId` where `RecipientType` is `group`")
            }
            RecipientType::Individual => (
                text.parse().ok().map(MessageRecipient::Person),
                "7 to 15 digits of a phone number in international form, or a business-scoped user ID such as `US.13491208655302741918`; a group's ID takes `RecipientType` `group`",
            ),
            RecipientType::UserId => (
                text.parse().ok().filter(is_user_id).map(MessageRecipient::Person),
                "a business-scoped user ID such as `US.13491208655302741918` where `RecipientType` is `userId`",
            ),
        };
        recipient.ok_or_else(|| ParameterError::wrong("To", text, rule))
    }
}

fn is_user_id(number: &ParticipantNumber) -> bool {
    matches!(number, ParticipantNumber::UserId(_))
}

text_parameter!(
    MessageTo,
    rule: "a phone number, a business-scoped user ID, or a `GroupId`",
    schema: ObjectBuilder::new()
        .description(Some("The recipient: a phone number, a business-scoped user ID, or a `GroupId`, as `RecipientType` says."))
        .min_length(Some(1))
        .max_length(Some(256))
        .examples([crate::operations::EXAMPLE_GROUP_ID])
);
debug_as!(MessageTo, ShortId);
