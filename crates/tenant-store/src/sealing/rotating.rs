//! Replacing the master key: data keys are wrapped anew, values stay as they are, and nobody waits.
//!
//! Each batch is a transaction of its own, and what it did is found done by whoever begins again: a rotation that was
//! killed goes on where it was.

use serde_json::json;

use super::UnreadableSecret;
use crate::{
    Actor, Store, StoreError,
    across_tenants::{self, RewrappedKey},
    audit::Action,
};

/// A data key by its primary key. Batches go by it, so that keys that do not open are passed over once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataKeyPlace {
    pub(crate) space: String,
    pub(crate) version: i32,
}

/// What one batch of a rotation did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rewrapped {
    /// How many data keys are now wrapped by the master key that seals.
    pub rewrapped: u64,
    /// Data keys that do not open. They are left as they are.
    pub unreadable: Vec<UnreadableSecret>,
    /// Where the next batch begins; `None` where this was the last.
    pub next: Option<DataKeyPlace>,
}

/// A master key, and how many data keys need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterKeyUse {
    /// Its ID in `GROUPGATE_MASTER_KEY`.
    pub id: String,
    /// How many data keys it wraps.
    pub data_keys: u64,
    /// Whether this process has a key of this ID.
    pub is_configured: bool,
    /// Whether it wraps new data keys: it is the first in `GROUPGATE_MASTER_KEY`.
    pub seals: bool,
}

impl Store {
    /// The master keys that are configured or in use: the one that seals first, then the other configured ones, then those
    /// that are missing.
    pub async fn master_keys_in_use(&self) -> Result<Vec<MasterKeyUse>, StoreError> {
        let mut used = across_tenants::master_keys_in_use(self.pool()).await?;
        let configured = self.master_key_ids().into_iter().enumerate().map(|(place, id)| {
            let data_keys = used.remove(&id).unwrap_or_default();
            MasterKeyUse { id, data_keys, is_configured: true, seals: place == 0 }
        });
        let mut keys: Vec<_> = configured.collect();
        let missing = |(id, data_keys)| MasterKeyUse { id, data_keys, is_configured: false, seals: false };
        keys.extend(used.into_iter().map(missing));
        Ok(keys)
    }

    /// Waits until every transaction that has made a data key, and is under way, is over: what
    /// [`Store::master_keys_in_use`] counts then has them, too.
    pub async fn await_data_keys(&self) -> Result<(), StoreError> {
        across_tenants::await_data_keys(self.pool()).await
    }

    /// The IDs of the master keys that this process has, the one that seals first.
    pub fn master_key_ids(&self) -> Vec<String> {
        self.data_keys().master_keys().ids().map(str::to_owned).collect()
    }

    /// Wraps up to `limit` data keys behind `after` by the master key that seals, where another one wraps them, and
    /// commits. Calls go on meanwhile, and several rotations at once do each other no harm.
    pub async fn rewrap_data_keys(
        &self,
        after: &DataKeyPlace,
        limit: u32,
        actor: &Actor,
    ) -> Result<Rewrapped, StoreError> {
        let sealing = self.data_keys().master_keys().sealing().id.as_str();
        let found = across_tenants::list_data_keys(self.pool(), sealing, after, i64::from(limit)).await?;
        let next = found.last().map(|(space, key)| DataKeyPlace { space: space.clone(), version: key.version });
        let (mut wrapped, mut unreadable) = (Vec::new(), Vec::new());
        for (space, before) in found {
            match self.data_keys().clear(&space, &before) {
                Ok(clear) => {
                    let after = self.data_keys().wrap(&space, before.version, &clear)?;
                    wrapped.push(RewrappedKey {
                        space,
                        version: before.version,
                        before: before.bytes,
                        after: after.bytes,
                    });
                }
                Err(why) => unreadable.push(UnreadableSecret::data_key(&space, &before, why)),
            }
        }
        let rewrapped = self.store_rewrapped(sealing, &wrapped, actor).await?;
        Ok(Rewrapped { rewrapped, unreadable, next })
    }

    async fn store_rewrapped(&self, sealing: &str, wrapped: &[RewrappedKey], actor: &Actor) -> Result<u64, StoreError> {
        if wrapped.is_empty() {
            return Ok(0);
        }
        let space = self.system();
        let mut transaction = space.begin().await?;
        let rewrapped = across_tenants::rewrap_data_keys(&mut transaction, sealing, wrapped).await?;
        let object = format!("master key {sealing}");
        let after = Some(json!({"rewrapped_data_keys": rewrapped}));
        let action = Action { name: "secrets.rotate", object: &object, before: None, after };
        space.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(rewrapped)
    }
}
