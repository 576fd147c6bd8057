//! Receiving: events are committed in batches, doubles are dropped, and whose they are is told by their number.

use std::collections::HashSet;

use time::OffsetDateTime;

use crate::{Store, StoreError, across_tenants};

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
    /// The entry's `time`, where it has one.
    pub entry_time: Option<OffsetDateTime>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Received {
    /// Events that were not known.
    pub new: u64,
    /// Events dropped because they had come before.
    pub doubled: u64,
    /// Events that PostgreSQL never takes ([`StoreError::Unfit`]), and that were kept with what is malformed.
    pub set_aside: u64,
}

impl Store {
    /// Commits a batch in one statement. Doubles are dropped; events of unknown numbers are kept, for nobody yet.
    pub async fn receive_events(&self, events: &[ReceivedEvent<'_>]) -> Result<Received, StoreError> {
        self.receive_traced(events, None).await
    }

    /// The same of events that came with a webhook of this trace, as [`EventTraces`](crate::EventTraces) has it.
    /// [`StoreError::Unfit`] where PostgreSQL never takes one of them.
    pub async fn receive_traced(
        &self,
        events: &[ReceivedEvent<'_>],
        trace: Option<&str>,
    ) -> Result<Received, StoreError> {
        let mut seen = HashSet::with_capacity(events.len());
        let single: Vec<_> = events.iter().filter(|event| seen.insert(&event.fingerprint)).collect();
        let new = across_tenants::receive_traced_events(self.pool(), &single, trace).await?;
        Ok(Received { new, doubled: events.len() as u64 - new, set_aside: 0 })
    }

    /// Keeps a verified body that is no WhatsApp webhook, for administrators; at most its first 64 KiB.
    pub async fn keep_malformed(&self, body: &[u8]) -> Result<(), StoreError> {
        let start = &body[..body.len().min(MALFORMED_KEPT)];
        let whole_length = i64::try_from(body.len()).unwrap_or(i64::MAX);
        across_tenants::keep_malformed(self.pool(), start, whole_length).await
    }

    /// Drops up to `limit` fingerprints that are older than Meta repeats an event (7 days, and one more). Returns how many.
    pub async fn forget_old_fingerprints(&self, limit: i64) -> Result<u64, StoreError> {
        across_tenants::forget_old_fingerprints(self.pool(), limit).await
    }
}
