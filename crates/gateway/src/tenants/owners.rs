//! Whose is an object at Meta, by its ID alone: what Meta's own paths name, where the contract's name a tenant.

use std::sync::Arc;
use std::time::Duration;

use tenant_store::{ObjectOwner, Store, StoreError};

use crate::cache::Cache;
use crate::telemetry::metrics::CacheFigures;

/// How many objects are remembered at the most.
const CAPACITY: usize = 200_000;

/// The owners of objects, remembered.
pub struct Owners {
    store: Store,
    cache: Cache<Vec<ObjectOwner>>,
}

impl Owners {
    /// Owners as `store` knows them, used for `stale` at most while it is away.
    pub fn new(store: Store, stale: Duration) -> Self {
        Self { store, cache: Cache::new(CAPACITY, stale) }
    }

    /// How the cache stands now.
    pub(crate) fn figures(&self) -> CacheFigures {
        self.cache.figures("object_owners")
    }

    /// Every tenant that the object belongs to; empty where nobody's record has it.
    ///
    /// # Errors
    /// [`StoreError`] where it is not remembered and cannot be looked up.
    pub async fn of(&self, id: &str) -> Result<Arc<Vec<ObjectOwner>>, StoreError> {
        let load = async || Ok(Some(self.store.owners_of_object(id).await?).filter(|owners| !owners.is_empty()));
        Ok(self.cache.get(id, load).await?.unwrap_or_default())
    }

    /// The same, looked up anew: what was remembered did not help.
    ///
    /// # Errors
    /// As [`Owners::of`].
    pub async fn of_now(&self, id: &str) -> Result<Arc<Vec<ObjectOwner>>, StoreError> {
        self.cache.invalidate(id);
        self.of(id).await
    }

    /// Whether anything is remembered of the object.
    pub fn remembers(&self, id: &str) -> bool {
        self.cache.remembered(id).is_some()
    }
}
