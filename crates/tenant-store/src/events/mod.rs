//! The inbox of events: what Meta sent, committed before it is answered, and routed afterwards.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{GroupUpdate, Outcome, Store, StoreError, across_tenants};

mod routing;

/// How much of a malformed body is kept, in bytes.
const MALFORMED_KEPT: usize = 64 * 1024;

/// One element of a verified webhook.
#[derive(Clone)]
pub struct ReceivedEvent<'a> {
    /// SHA-256 that is the same for every double.
    pub fingerprint: [u8; 32],
    /// The change's `field`, such as `group_lifecycle_update`.
    pub field: &'a str,
    /// The entry's ID.
    pub waba_id: &'a str,
    /// `metadata.phone_number_id`, where the field has one.
    pub phone_number_id: Option<&'a str>,
    /// The change's value with this element alone: valid JSON, kept as it came.
    pub value: &'a str,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Events that were not known.
    pub new: u64,
    /// Events dropped because they had come before.
    pub doubled: u64,
}

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
    /// When it was committed.
    pub received_at: OffsetDateTime,
}

/// What an event means for the store.
#[derive(Debug, Clone, Default)]
pub struct Routing {
    /// The change that it settles.
    pub change: Option<ChangeOutcome>,
    /// What it tells about a group.
    pub group: Option<GroupUpdate>,
    /// The files that came with it.
    pub media: Vec<String>,
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
    /// How it ended.
    pub outcome: Outcome,
}

/// What one round of [`Store::route_events`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Routed {
    /// Events that were routed.
    pub routed: u64,
    /// Changes that they settled.
    pub settled: u64,
    /// Events that could not be applied in this round.
    pub failed: u64,
}

impl Store {
    /// Commits a batch in one statement. Doubles are dropped; events of unknown numbers are kept, for nobody yet.
    pub async fn receive_events(&self, events: &[ReceivedEvent<'_>]) -> Result<Received, StoreError> {
        let new = across_tenants::receive_events(self.pool(), events).await?;
        Ok(Received { new, doubled: events.len() as u64 - new })
    }

    /// Keeps a verified body that is no WhatsApp webhook, for administrators; at most its first 64 KiB.
    pub async fn keep_malformed(&self, body: &[u8]) -> Result<(), StoreError> {
        let start = &body[..body.len().min(MALFORMED_KEPT)];
        let whole_length = i64::try_from(body.len()).unwrap_or(i64::MAX);
        across_tenants::keep_malformed(self.pool(), start, whole_length).await
    }

    /// Gives events that came for nobody to the tenant that their number or account has by now. Returns how many.
    pub async fn adopt_strays(&self) -> Result<u64, StoreError> {
        across_tenants::adopt_strays(self.pool()).await
    }

    /// Drops fingerprints that are older than Meta repeats an event (7 days, and one more). Returns how many.
    pub async fn forget_old_fingerprints(&self) -> Result<u64, StoreError> {
        across_tenants::forget_old_fingerprints(self.pool()).await
    }

    /// Routes up to `limit` events of known tenants: settles changes and updates the mirror. Replicas may do so at once.
    /// `interpret` only reads; an event that cannot be applied is tried again later, a few times, and holds up no other.
    pub async fn route_events(
        &self,
        limit: i64,
        interpret: impl Fn(&InboxEvent) -> Routing,
    ) -> Result<Routed, StoreError> {
        routing::round(self.pool(), limit, interpret).await
    }
}
