//! How long events are kept: a day at a time, in partitions that are made ahead and dropped by age.

use std::time::Duration;

use crate::{Store, StoreError, across_tenants};

/// What [`Store::keep_partitions`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partitions {
    /// Days that were made.
    pub made: u64,
    /// Days that were dropped, with all that they held.
    pub dropped: u64,
    /// Whether something was left for the next time, since a lock was not to be had at once.
    pub is_put_off: bool,
}

impl Store {
    /// Makes the partitions of the next seven days, and drops days that are over for as long as `retention`, which counts
    /// as a day where it is shorter. Replicas may do so at once: one does.
    pub async fn keep_partitions(&self, retention: Duration) -> Result<Partitions, StoreError> {
        let (made, is_put_off) = across_tenants::make_missing_partitions(self.pool()).await?;
        let mut kept = Partitions { made, dropped: 0, is_put_off };
        loop {
            let (dropped, is_put_off) = across_tenants::drop_old_partition(self.pool(), retention).await?;
            kept.is_put_off |= is_put_off;
            if !dropped {
                return Ok(kept);
            }
            kept.dropped += 1;
        }
    }
}
