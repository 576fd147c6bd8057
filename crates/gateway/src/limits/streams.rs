//! Streams of events that are open at the same time, on this replica. What a stream costs is memory and a connection, for
//! as long as its caller likes, so that no rate bounds it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Throttled;

/// Streams of an access key: one with a grant on all tenants takes one for each.
const OF_KEY: usize = 512;
/// Streams of a tenant's events.
const OF_TENANT: usize = 16;
/// Streams for each worker that the replica has.
const OF_WORKER: usize = 1024;

/// The streams that are open.
pub struct OpenStreams {
    most: usize,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_key: HashMap<String, usize>,
    by_tenant: HashMap<String, usize>,
}

/// A stream that is counted until this is dropped.
pub struct StreamSeat {
    open: Arc<Mutex<Open>>,
    access_key_id: String,
    cust_space_id: String,
}

impl OpenStreams {
    /// None yet, on a replica with so many workers.
    pub fn new(workers: usize) -> Self {
        Self { most: OF_WORKER.saturating_mul(workers), open: Arc::default() }
    }

    /// Counts a stream.
    ///
    /// # Errors
    /// [`Throttled::StreamsOfKey`], [`Throttled::StreamsOfTenant`] or [`Throttled::Streams`]
    pub fn enter(&self, access_key_id: &str, cust_space_id: &str) -> Result<StreamSeat, Throttled> {
        let mut open = lock(&self.open);
        let count = |of: &HashMap<String, usize>, id: &str| of.get(id).copied().unwrap_or_default();
        if count(&open.by_key, access_key_id) >= OF_KEY {
            return Err(Throttled::StreamsOfKey);
        }
        if count(&open.by_tenant, cust_space_id) >= OF_TENANT {
            return Err(Throttled::StreamsOfTenant);
        }
        if open.all >= self.most {
            return Err(Throttled::Streams);
        }
        open.all += 1;
        *open.by_key.entry(access_key_id.to_owned()).or_default() += 1;
        *open.by_tenant.entry(cust_space_id.to_owned()).or_default() += 1;
        let (access_key_id, cust_space_id) = (access_key_id.to_owned(), cust_space_id.to_owned());
        Ok(StreamSeat { open: self.open.clone(), access_key_id, cust_space_id })
    }
}

impl Drop for StreamSeat {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        open.all -= 1;
        leave(&mut open.by_key, &self.access_key_id);
        leave(&mut open.by_tenant, &self.cust_space_id);
    }
}

/// Who has none has no entry.
fn leave(counts: &mut HashMap<String, usize>, id: &str) {
    if let Some(count) = counts.get_mut(id) {
        *count -= 1;
        if *count == 0 {
            counts.remove(id);
        }
    }
}

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    // Nothing panics while it is locked.
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{OF_KEY, OF_TENANT, OF_WORKER, OpenStreams, Throttled};

    #[test]
    fn a_tenant_has_so_many_and_another_has_its_own() {
        let streams = OpenStreams::new(1);
        let mut seats: Vec<_> = (0..OF_TENANT).map(|_| streams.enter("key", "one").unwrap()).collect();
        assert_eq!(streams.enter("another-key", "one").err(), Some(Throttled::StreamsOfTenant));
        assert!(streams.enter("key", "two").is_ok());
        seats.pop();
        assert!(streams.enter("key", "one").is_ok(), "one has ended");
    }

    #[test]
    fn a_key_has_so_many_over_all_tenants_and_the_replica_over_all_keys() {
        let streams = OpenStreams::new(1);
        let of_key = |key: &str| -> Vec<_> {
            (0..OF_KEY).map(|tenant| streams.enter(key, &format!("{key}-{tenant}")).unwrap()).collect()
        };
        let mut seats: Vec<_> = (0..OF_WORKER / OF_KEY).map(|key| of_key(&format!("key-{key}"))).collect();
        assert_eq!(streams.enter("key-0", "more").err(), Some(Throttled::StreamsOfKey));
        assert_eq!(streams.enter("another-key", "more").err(), Some(Throttled::Streams));
        seats.clear();
        let open = super::lock(&streams.open);
        assert!(open.all == 0 && open.by_key.is_empty() && open.by_tenant.is_empty(), "nothing is left behind");
    }
}
