//! Deliveries: an event on its way to an endpoint.
//!
//! One that is open has a row in the table `open_deliveries`. A replica claims it, tries it without any row locked, and
//! records how the try ended; one that ended has a row in `deliveries`. A lane is what an endpoint gets of one group:
//! the first open delivery of a lane that nobody tried is ready, those behind it wait until it was tried.

use std::{sync::Arc, time::Duration};

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{DeliveryId, EndpointId, EndpointSecret, PublishedEvent};

mod claiming;
mod listing;
mod progress;
mod recording;
mod replaying;

pub use replaying::{Replay, ReplayOnly, ReplaySize, ReplaySpan};

/// A delivery that this process is to try.
#[derive(Debug, Clone)]
pub struct ClaimedDelivery {
    /// Its ID.
    pub delivery_id: Uuid,
    /// What [`Store::record_tries`](crate::Store::record_tries) knows the claim by.
    pub claim: Uuid,
    /// Where it goes; the same one for all deliveries of one claim.
    pub endpoint: Arc<ClaimedEndpoint>,
    /// How often it was tried before.
    pub attempts: u16,
    /// When the event was published, or replayed.
    pub enqueued_at: OffsetDateTime,
    /// What is delivered.
    pub event: PublishedEvent,
}

/// Where a claimed delivery goes.
#[derive(Clone)]
pub struct ClaimedEndpoint {
    /// Its ID.
    pub id: EndpointId,
    /// The tenant whose it is, or `_system`.
    pub space: String,
    /// The address.
    pub url: String,
    /// What to sign with: the current secret, and the one before as long as it is good.
    pub secrets: Vec<EndpointSecret>,
}

/// How a try ended.
#[derive(Clone)]
pub struct TriedDelivery {
    /// [`ClaimedDelivery::delivery_id`].
    pub delivery_id: Uuid,
    /// [`ClaimedDelivery::claim`].
    pub claim: Uuid,
    /// When it began.
    pub at: OffsetDateTime,
    /// How long it took.
    pub duration: Duration,
    /// The HTTP status; `None` where none came.
    pub status: Option<u16>,
    /// Why none came, in words that name neither the address nor what was sent.
    pub error: Option<String>,
    /// How the answer began, at most 1 KiB.
    pub answer: String,
    /// What comes next.
    pub next: AfterTry,
}

/// What becomes of a delivery after a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterTry {
    /// It was delivered.
    Done,
    /// It failed and is tried again, at the earliest after this time. A test that failed twice is dead all the same.
    Again {
        /// From now on.
        after: Duration,
    },
    /// It failed and is not tried again.
    Dead {
        /// Why, for people.
        reason: String,
    },
    /// The endpoint says that it is no more (410): the delivery is dead, and the endpoint disabled.
    Gone,
}

/// What [`Store::record_tries`](crate::Store::record_tries) did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TriesRecorded {
    /// Deliveries that are done.
    pub done: u64,
    /// Deliveries to be tried again.
    pub again: u64,
    /// Deliveries that are dead.
    pub dead: u64,
    /// Ends of claims that were lost before: another try counts in their place.
    pub lost: u64,
    /// Endpoints that these ends disabled.
    pub disabled: Vec<EndpointId>,
    /// Deliveries of whose ends nothing is recorded yet, since others worked on their endpoint's lanes.
    pub put_off: Vec<Uuid>,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum DeliveryState {
    /// It waits for its first try, or for the next.
    Waiting,
    /// It is being tried.
    InFlight,
    /// It was delivered.
    Done,
    /// It is not tried again.
    Dead,
}

/// A delivery with its tries, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its ID.
    pub delivery_id: DeliveryId,
    /// Where it goes.
    pub endpoint_id: EndpointId,
    /// The event.
    pub event_id: Uuid,
    /// The event's type.
    pub event_type: String,
    /// The event's tenant, where it has one.
    pub event_tenant: Option<String>,
    /// The event's sequence, where it has one.
    pub sequence: Option<i64>,
    /// The event's group, where it has one.
    pub group_id: Option<String>,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it is due to be tried; `None` where it ended.
    pub due_at: Option<OffsetDateTime>,
    /// Why it is dead.
    pub reason: Option<String>,
    /// Its tries, oldest first.
    pub tries: Vec<Try>,
    /// When the event was published, or replayed.
    pub created_at: OffsetDateTime,
    /// When it was done or dead.
    pub ended_at: Option<OffsetDateTime>,
}

/// One try of a delivery.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Try {
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// How long it took.
    pub milliseconds: u64,
    /// The HTTP status; `None` where none came.
    pub status: Option<u16>,
    /// Why none came.
    pub error: Option<String>,
    /// How the answer began, at most 1 KiB.
    pub answer: String,
}

/// Which deliveries to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Those that stand there.
    pub state: Option<DeliveryState>,
    /// Those of this event.
    pub event_id: Option<Uuid>,
    /// Those of events of this type, or of a family of types, such as `group.*`.
    pub event_type: Option<String>,
    /// Those that were made then or later.
    pub since: Option<OffsetDateTime>,
    /// Those that were made then or before.
    pub until: Option<OffsetDateTime>,
}

/// How the deliveries of an endpoint go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndpointProgress {
    /// The endpoint.
    pub endpoint_id: EndpointId,
    /// How many are neither done nor dead; counted up to 10,000.
    pub open: i64,
    /// When one was last done, among the last 100 that ended.
    pub last_done_at: Option<OffsetDateTime>,
    /// When one was last given up.
    pub last_dead_at: Option<OffsetDateTime>,
}

/// How much waits to be delivered, to all endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryBacklog {
    /// Deliveries that are neither done nor dead; counted up to 100,000.
    pub open: i64,
    /// Those of them that are being tried.
    pub in_flight: i64,
    /// When the oldest of them was made.
    pub oldest_enqueued_at: Option<OffsetDateTime>,
    /// Endpoints that get nothing.
    pub endpoints_disabled: i64,
}
