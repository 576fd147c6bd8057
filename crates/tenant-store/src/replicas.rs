//! The gateways that run on this database, as they tell of themselves.

use time::OffsetDateTime;

use crate::{Store, StoreError, across_tenants};

/// A gateway that was heard of within the last minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    /// Its version.
    pub version: String,
    /// The IDs of the master keys that it has; the first one seals.
    pub master_key_ids: Vec<String>,
    /// When it started.
    pub started_at: OffsetDateTime,
    /// When it was heard of last.
    pub seen_at: OffsetDateTime,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

impl Store {
    /// Says that this process runs, in this version, since `started_at`.
    pub async fn tell_of_this_replica(&self, version: &str, started_at: OffsetDateTime) -> Result<(), StoreError> {
        across_tenants::replica_seen(self.pool(), self.owner().0, version, &self.master_key_ids(), started_at).await
    }

    /// All that were heard of within the last minute, the oldest first.
    pub async fn replicas(&self) -> Result<Vec<Replica>, StoreError> {
        across_tenants::list_replicas(self.pool(), self.owner().0).await
    }
}
