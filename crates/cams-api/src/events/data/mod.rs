//! The `Data` of an event: one shape for each family of types.

mod groups;
mod messages;

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

pub use groups::{
    EventParticipant, GroupCreation, JoinRequestNotice, ParticipantsJoined, ParticipantsLeft, SettingsUpdate,
};
pub use messages::{MessagePricing, MessageStatus, ReceivedMessage};

/// What an event tells. Which of these it is follows from the event's type.
#[derive(Serialize)]
#[serde(untagged)]
pub enum EventData<'a> {
    /// `group.created`, `group.create_failed`
    GroupCreation(GroupCreation),
    /// `group.settings.updated`
    SettingsUpdate(SettingsUpdate),
    /// `group.participant.joined`
    ParticipantsJoined(ParticipantsJoined),
    /// `group.participant.left`, `group.participant.removed`
    ParticipantsLeft(ParticipantsLeft),
    /// `group.join_request.created`, `group.join_request.revoked`
    JoinRequestNotice(JoinRequestNotice),
    /// `message.received`
    ReceivedMessage(ReceivedMessage<'a>),
    /// `message.sent`, `message.delivered`, `message.read`, `message.failed`
    MessageStatus(MessageStatus),
    /// `credential.expiring`, `credential.invalid`, `endpoint.disabled`, `number.unknown`
    Notice(Notice<'a>),
    /// Every other type: the type tells it all, or `Meta` has it.
    NoData(NoData),
}

impl EventData<'_> {
    /// Of an event whose type tells it all.
    pub const fn none() -> Self {
        Self::NoData(NoData {})
    }
}

/// The schema says "any of these" and not "one of these": members may be added to each.
macro_rules! any_of {
    ($($shape:ty),+) => {
        impl PartialSchema for EventData<'_> {
            fn schema() -> RefOr<Schema> {
                AnyOfBuilder::new()
                    .description(Some("What the event tells. Which of these it is follows from its type."))
                    $(.item(Ref::from_schema_name(<$shape>::name())))+
                    .into()
            }
        }

        impl ToSchema for EventData<'_> {
            fn name() -> Cow<'static, str> {
                "EventData".into()
            }

            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                $(
                    <$shape>::schemas(schemas);
                    schemas.push((<$shape>::name().into_owned(), <$shape>::schema()));
                )+
            }
        }
    };
}

any_of!(
    GroupCreation,
    SettingsUpdate,
    ParticipantsJoined,
    ParticipantsLeft,
    JoinRequestNotice,
    ReceivedMessage<'static>,
    MessageStatus,
    Notice<'static>,
    NoData
);

/// Nothing: the type tells it all, or `Meta` has it.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoData {}

/// What the gateway itself tells.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Notice<'a> {
    /// The facts; which they are follows from the event's type.
    #[schema(value_type = Object)]
    pub detail: &'a RawValue,
}
