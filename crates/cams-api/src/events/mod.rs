//! Events: what Meta tells of a tenant's groups and messages, and news of the gateway's own.
//!
//! An event's JSON is the same in a delivery to an endpoint, in a pull and in the stream. Members that an event has no
//! value for are left out; members of its `Data`, and of its `Errors`, are `null` where Meta did not tell them.

mod data;
mod event;
mod event_type;
mod filter;
mod id;

pub use data::{
    EventData, EventParticipant, GroupCreation, JoinRequestNotice, MessagePricing, MessageStatus, NoData, Notice,
    ParticipantsJoined, ParticipantsLeft, ReceivedMessage, SettingsUpdate,
};
pub use event::{Event, EventError, Meta};
pub use event_type::{AccountField, EventType, UnknownEventType};
pub use filter::{TypeFilter, TypeFilterError};
pub use id::{EventId, InvalidEventId};
