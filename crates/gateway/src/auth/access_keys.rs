//! The access keys: looked up in memory, as they are now.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tenant_store::{AccessKey, KeyState, Store};
use time::OffsetDateTime;

use super::{AuthError, Grant};
use crate::cache::Cache;

/// How many keys are remembered at the most.
const CAPACITY: usize = 100_000;

/// An access key in memory.
pub struct Key {
    /// Its ID.
    pub access_key_id: String,
    /// What it may do, and on whom.
    pub grants: Vec<Grant>,
    secret: SecretString,
    is_revoked: bool,
    expires_at: Option<OffsetDateTime>,
}

impl Key {
    fn is_active(&self) -> bool {
        !self.is_revoked && self.expires_at.is_none_or(|end| OffsetDateTime::now_utc() < end)
    }

    fn has_secret(&self, secret: &SecretString) -> bool {
        self.secret.expose_secret().as_bytes().ct_eq(secret.expose_secret().as_bytes()).into()
    }

    #[cfg(test)]
    pub(super) fn for_tests(access_key_id: &str, grants: Vec<Grant>) -> Self {
        let access_key_id = access_key_id.to_owned();
        Self { access_key_id, grants, secret: SecretString::from("secret"), is_revoked: false, expires_at: None }
    }
}

impl From<AccessKey> for Key {
    fn from(stored: AccessKey) -> Self {
        Self {
            access_key_id: stored.access_key_id,
            grants: stored.grants.iter().map(Grant::from).collect(),
            secret: stored.secret,
            is_revoked: stored.state == KeyState::Revoked,
            expires_at: stored.expires_at,
        }
    }
}

/// The keys of the store, remembered.
pub struct AccessKeys {
    store: Store,
    cache: Cache<Key>,
}

impl AccessKeys {
    /// Keys of `store`, used for `stale` at most while it is away.
    pub fn new(store: Store, stale: Duration) -> Self {
        Self { store, cache: Cache::new(CAPACITY, stale) }
    }

    /// The key of this ID, where it may be used now.
    ///
    /// # Errors
    /// [`AuthError::Store`] where it could not be looked up.
    pub async fn active(&self, access_key_id: &str) -> Result<Option<Arc<Key>>, AuthError> {
        if !is_an_id(access_key_id) {
            return Ok(None);
        }
        let load = async || Ok(self.store.access_key(access_key_id).await?.map(Key::from));
        let key = self.cache.get(access_key_id, load).await?;
        Ok(key.filter(|key| key.is_active()))
    }

    /// The key of this ID, where it may be used now and this is its secret.
    ///
    /// # Errors
    /// [`AuthError::WrongKey`], which does not tell which of these it was.
    pub async fn with_secret(&self, access_key_id: &str, secret: &SecretString) -> Result<Arc<Key>, AuthError> {
        let key = self.active(access_key_id).await?;
        key.filter(|key| key.has_secret(secret)).ok_or(AuthError::WrongKey)
    }

    /// The key changed in the store.
    pub fn invalidate(&self, access_key_id: &str) {
        self.cache.invalidate(access_key_id);
    }

    /// Any key may have changed in the store.
    pub fn invalidate_all(&self) {
        self.cache.invalidate_all();
    }
}

/// Whether this can be an `AccessKeyId` at all: nothing else is worth asking the store.
fn is_an_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
