//! What calls leave for the store to be written behind their backs, tenant by tenant, many at once.
//!
//! While PostgreSQL is away it is kept, here and in the queue, which has a bound of its own.

use std::fmt::Display;
use std::time::Duration;

use actix_web::rt;
use tenant_store::{Store, StoreError};
use tokio::sync::mpsc;

use crate::telemetry::metrics::Pulse;

/// Between two tries, while PostgreSQL is away.
const PAUSE: Duration = Duration::from_millis(500);

/// What is kept, and how it is written.
pub(crate) trait Kept {
    /// One of it, and whose it is.
    type Entry;
    /// What is written of an entry.
    type Row: Clone;
    /// How many are taken from the queue at once.
    const AT_ONCE: usize;

    /// Whose an entry is: its `CustSpaceId`; `None` where it is the ISV's own.
    fn tenant(entry: &Self::Entry) -> Option<&str>;

    /// What is written of an entry.
    fn row(entry: &Self::Entry) -> &Self::Row;

    /// Writes a tenant's.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where it is to be written later; any other, where it never can be.
    async fn write(&self, store: &Store, tenant: Option<&str>, rows: &[Self::Row]) -> Result<(), StoreError>;

    /// So many were written.
    fn written(&self, count: usize);

    /// So many never will be.
    fn lost(&self, count: usize, reason: &dyn Display);
}

/// The store's end of a queue.
pub(crate) struct TenantBatches<K: Kept> {
    queue: mpsc::Receiver<K::Entry>,
    /// What is being written, and written again where that did not succeed.
    batch: Vec<K::Entry>,
    kept: K,
}

impl<K: Kept> TenantBatches<K> {
    /// Of this queue.
    pub(crate) fn new(queue: mpsc::Receiver<K::Entry>, kept: K) -> Self {
        Self { queue, batch: Vec::new(), kept }
    }

    /// Writes what comes, until the other end of the queue is gone.
    pub(crate) async fn run(&mut self, store: &Store, pulse: &Pulse) {
        while !self.batch.is_empty() || pulse.at_rest(self.queue.recv_many(&mut self.batch, K::AT_ONCE)).await > 0 {
            self.write(store).await;
            if !self.batch.is_empty() {
                rt::time::sleep(PAUSE).await;
            }
        }
    }

    /// Writes what is there now, before the gateway ends.
    pub(crate) async fn flush(&mut self, store: &Store) {
        while let Ok(entry) = self.queue.try_recv() {
            self.batch.push(entry);
        }
        self.write(store).await;
        if !self.batch.is_empty() {
            self.kept.lost(self.batch.len(), &"PostgreSQL is away");
        }
    }

    /// Writes the batch; what stays in it is for the next time, when PostgreSQL is there.
    async fn write(&mut self, store: &Store) {
        while let Some(first) = self.batch.first() {
            let tenant = K::tenant(first).map(str::to_owned);
            let is_of = |entry: &K::Entry| K::tenant(entry) == tenant.as_deref();
            let rows: Vec<_> = self.batch.iter().filter(|entry| is_of(entry)).map(K::row).cloned().collect();
            match self.kept.write(store, tenant.as_deref(), &rows).await {
                Ok(()) => self.kept.written(rows.len()),
                Err(StoreError::Unavailable(error)) => {
                    tracing::debug!(error, "what calls left to be written waits for PostgreSQL");
                    return;
                }
                Err(error) => self.kept.lost(rows.len(), &error),
            }
            self.batch.retain(|entry| !is_of(entry));
        }
    }
}
