//! Events: what Meta sent, committed before it is answered; routed to its tenant, and published in the tenant's sequence;
//! kept by the day, and dropped by age.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{GroupUpdate, Outcome};

mod backlog;
mod feed;
mod listing;
mod publishing;
mod receiving;
mod retention;
mod routing;
mod traces;
mod unknown_numbers;

pub use backlog::{EventBacklog, NumberActivity};
pub use feed::{EventPage, PublishedEvent};
pub use listing::{EventFilter, EventOrder};
pub use receiving::{Received, ReceivedEvent};
pub use retention::Partitions;
pub use traces::EventTraces;
pub use unknown_numbers::UnroutedEvent;

/// An event of the inbox, of a known tenant.
#[derive(Clone)]
pub struct InboxEvent {
    /// Our ID of it, a UUID of version 7.
    pub id: Uuid,
    /// Whose it is.
    pub cust_space_id: String,
    /// The change's `field`.
    pub field: String,
    /// The WhatsApp Business Account.
    pub waba_id: String,
    /// Meta's ID of the number.
    pub phone_number_id: Option<String>,
    /// The change's value with this element alone, as Meta sent it.
    pub value: String,
    /// When it happened, as the webhook around it says.
    pub entry_time: Option<OffsetDateTime>,
    /// When it was committed.
    pub received_at: OffsetDateTime,
}

/// What an event means: to the store, and to those who read the tenant's events.
#[derive(Debug, Clone, Default)]
pub struct Routing {
    /// The change that it settles.
    pub change: Option<ChangeOutcome>,
    /// What it tells about a group.
    pub group: Option<GroupUpdate>,
    /// The files that came with it.
    pub media: Vec<String>,
    /// Its type, such as `group.created`.
    pub event_type: String,
    /// The group that it is about.
    pub group_id: Option<String>,
    /// When it happened, as the event itself says; where it does not, [`InboxEvent::entry_time`] is believed, and then
    /// [`InboxEvent::received_at`].
    pub occurred_at: Option<OffsetDateTime>,
}

/// The outcome of a change, with all that may find the change.
#[derive(Debug, Clone)]
pub struct ChangeOutcome {
    /// The operation that it ends, as in [`crate::NewChange::operation`].
    pub kind: String,
    /// Meta's ID of the change.
    pub request_id: Option<String>,
    /// The group, except for a failed create.
    pub group_id: Option<String>,
    /// The subject, for a create.
    pub subject: Option<String>,
    /// Where others than the change may have caused the event: the users whom it names, by all that may have named them in
    /// the request's `List`. It ends no change that named none of them.
    pub participants: Option<Vec<String>>,
    /// The settings that the event names, by their names in the request. Where no request ID leads to a change, it ends none
    /// that asked for others.
    pub settings: BTreeMap<String, ToldSetting>,
    /// How it ended.
    pub outcome: Outcome,
}

/// What an event tells of a setting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToldSetting {
    /// The text that it tells, where the setting is one.
    pub text: Option<String>,
    /// Whether the setting is now what was asked for. Where it is not, nobody knows whether the text is: the event ends a
    /// change that asked for it, or else one that asked for any.
    pub is_changed: bool,
}

/// What one round of [`crate::Store::route_events`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routed {
    /// Events that were routed, and are published.
    pub routed: u64,
    /// Changes that they settled.
    pub settled: u64,
    /// Events that could not be applied in this round. After the fifth failure they are published all the same.
    pub failed: u64,
    /// Events that were applied, and wait for the answer that may tell which change they end.
    pub held: u64,
    /// Of each event that was published, how long that took since it was received.
    pub lags: Vec<Duration>,
}

impl Routed {
    /// Whether there was anything to route, so that there may be more.
    pub fn found_any(&self) -> bool {
        self.routed + self.failed + self.held > 0
    }
}
