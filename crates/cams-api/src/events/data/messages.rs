//! The `Data` of messages, both ways. None of these has a `Debug`: they hold what people write, and who reads it.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::EventParticipant;

/// A message of a user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ReceivedMessage<'a> {
    /// The message's ID.
    #[schema(example = "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA")]
    pub message_id: String,
    /// Who wrote: the phone number, or the business-scoped user ID where the number is hidden.
    #[schema(required, example = "16505551234")]
    pub from: Option<String>,
    /// Meta's word for what it holds, such as `text`, `image`, `reaction`; `unsupported` where Meta passes nothing on.
    #[schema(required, example = "text")]
    pub message_type: Option<String>,
    /// What it holds: the member that Meta has under the name of the type, as Meta wrote it.
    #[schema(required, value_type = Option<Value>)]
    pub content: Option<&'a RawValue>,
    /// The message that it answers.
    #[schema(required)]
    pub context_message_id: Option<String>,
}

/// What became of a message of the business.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MessageStatus {
    /// The message's ID, as it was answered when it was sent.
    #[schema(example = "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA")]
    pub message_id: String,
    /// Where it went: the group's ID, or a user's phone number, or user ID where the number is hidden.
    #[schema(required, example = "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMToxMjAzNjMwMDAwMDAwMDAwMTEZD")]
    pub recipient: Option<String>,
    /// `group`, or `individual`.
    #[schema(example = "group")]
    pub recipient_type: String,
    /// In a group, who of it has got or read the message; empty where the status is about none of them alone.
    pub participants: Vec<EventParticipant>,
    /// What Meta charges for it, where it says so.
    #[schema(required)]
    pub pricing: Option<MessagePricing>,
}

/// What Meta charges for a message.
/// Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing>
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct MessagePricing {
    /// Whether it costs anything.
    #[schema(required)]
    pub billable: Option<bool>,
    /// By message (`PMP`), or by conversation (`CBP`).
    #[schema(required, example = "PMP")]
    pub pricing_model: Option<String>,
    /// Why it is billable or is not, such as `regular`.
    #[serde(rename = "Type")]
    #[schema(required, example = "regular")]
    pub pricing_type: Option<String>,
    /// The rate that applies, such as `group_utility`.
    #[schema(required, example = "group_utility")]
    pub category: Option<String>,
}
