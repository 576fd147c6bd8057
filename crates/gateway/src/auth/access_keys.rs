//! The access keys: looked up in memory, as they are now.

use std::sync::Arc;
use std::time::Duration;

use cams_api::signatures::{SignatureError, SignedCall};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tenant_store::{AccessKey, KeyState, PreviousSecret, Rate, Store, StoreError};
use time::OffsetDateTime;

use super::{AuthError, Grant};
use crate::cache::Cache;
use crate::limits::{Limiter, Throttled};

/// How many keys are remembered at the most.
const CAPACITY: usize = 100_000;

/// An access key in memory.
pub struct Key {
    /// Its ID.
    pub access_key_id: String,
    /// What it may do, and on whom.
    pub grants: Vec<Grant>,
    /// Calls that it has left.
    pub limiter: Option<Arc<Limiter>>,
    secret: SecretString,
    /// The secret before the last rotation.
    previous: Option<PreviousSecret>,
    is_revoked: bool,
    expires_at: Option<OffsetDateTime>,
}

impl Key {
    /// Whether it is neither revoked nor expired.
    pub(super) fn is_active(&self) -> bool {
        !self.is_revoked && self.expires_at.is_none_or(|end| OffsetDateTime::now_utc() < end)
    }

    /// Counts a call.
    ///
    /// # Errors
    /// [`Throttled::Key`]
    pub fn take_call(&self) -> Result<(), Throttled> {
        self.limiter.as_ref().map_or(Ok(()), |limiter| limiter.take()).map_err(Throttled::Key)
    }

    fn has_secret(&self, secret: &SecretString) -> bool {
        is_same(&self.secret, secret) || self.previous().is_some_and(|previous| is_same(previous, secret))
    }

    /// Whether the secret that this key had `before` is still good.
    pub(super) fn has_secret_of(&self, before: &Self) -> bool {
        self.has_secret(&before.secret)
    }

    /// Whether it signed this call.
    ///
    /// # Errors
    /// [`SignatureError::Mismatch`]
    pub(super) fn verify(&self, call: &SignedCall) -> Result<(), SignatureError> {
        let fits = |secret: &SecretString| call.verify(secret.expose_secret().as_bytes());
        fits(&self.secret).or_else(|error| self.previous().and_then(|previous| fits(previous).ok()).ok_or(error))
    }

    /// The secret before the last rotation, as long as it is good.
    fn previous(&self) -> Option<&SecretString> {
        let previous = self.previous.as_ref().filter(|previous| OffsetDateTime::now_utc() < previous.until);
        previous.map(|previous| &previous.secret)
    }

    #[cfg(test)]
    pub(super) fn for_tests(access_key_id: &str, grants: Vec<Grant>) -> Self {
        let access_key_id = access_key_id.to_owned();
        let secret = SecretString::from("secret");
        Self { access_key_id, grants, limiter: None, secret, previous: None, is_revoked: false, expires_at: None }
    }
}

impl Key {
    fn new(stored: AccessKey, limiter: Option<Arc<Limiter>>) -> Self {
        Self {
            access_key_id: stored.access_key_id,
            grants: stored.grants.iter().map(Grant::from).collect(),
            limiter,
            secret: stored.secret,
            previous: stored.previous,
            is_revoked: stored.state == KeyState::Revoked,
            expires_at: stored.expires_at,
        }
    }
}

/// In constant time.
fn is_same(ours: &SecretString, theirs: &SecretString) -> bool {
    ours.expose_secret().as_bytes().ct_eq(theirs.expose_secret().as_bytes()).into()
}

/// The keys of the store, remembered.
pub struct AccessKeys {
    store: Store,
    rate: Rate,
    cache: Cache<Key>,
}

impl AccessKeys {
    /// Keys of `store`, each limited to `rate`, used for `stale` at most while the store is away.
    pub fn new(store: Store, rate: Rate, stale: Duration) -> Self {
        Self { store, rate, cache: Cache::new(CAPACITY, stale) }
    }

    /// The key of this ID, where it may be used now.
    ///
    /// # Errors
    /// [`StoreError`] where it could not be looked up.
    pub async fn active(&self, access_key_id: &str) -> Result<Option<Arc<Key>>, StoreError> {
        Ok(self.find(access_key_id).await?.filter(|key| key.is_active()))
    }

    /// The key of this ID, also where it is revoked or expired.
    ///
    /// # Errors
    /// [`StoreError`] where it could not be looked up.
    pub(super) async fn find(&self, access_key_id: &str) -> Result<Option<Arc<Key>>, StoreError> {
        if !is_an_id(access_key_id) {
            return Ok(None);
        }
        let load = async || match self.store.access_key(access_key_id).await {
            // A secret that does not open is nobody's: the key is as good as unknown, and harms no other.
            Err(StoreError::Unreadable { place }) => {
                tracing::error!(place, "an access key's secret does not open");
                Ok(None)
            }
            stored => Ok(stored?.map(|stored| self.prepare(stored))),
        };
        self.cache.get(access_key_id, load).await
    }

    /// The key of this ID, where it may be used now and this is its secret.
    ///
    /// # Errors
    /// [`AuthError::WrongKey`], which does not tell which of these it was.
    pub async fn with_secret(&self, access_key_id: &str, secret: &SecretString) -> Result<Arc<Key>, AuthError> {
        let key = self.active(access_key_id).await?;
        key.filter(|key| key.has_secret(secret)).ok_or(AuthError::WrongKey)
    }

    fn prepare(&self, stored: AccessKey) -> Key {
        let before = self.cache.remembered(&stored.access_key_id);
        let limiter = Limiter::keep(before.as_ref().and_then(|before| before.limiter.as_ref()), self.rate);
        Key::new(stored, limiter)
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
