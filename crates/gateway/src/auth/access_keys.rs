//! The access keys: looked up in memory, as they are now.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cams_api::signatures::{SignatureError, SignedCall};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tenant_store::{AccessKey, KeyState, Limit, PerClass, PreviousSecret, Store, StoreError};
use time::OffsetDateTime;

use super::key_uses::KeyUses;
use super::{AuthError, Grant};
use crate::cache::Cache;
use crate::limits::{Allowance, Holder};
use crate::telemetry::metrics::{CacheFigures, Pulse, QueueFigures};

/// How many keys are remembered at the most.
const CAPACITY: usize = 100_000;

/// An access key in memory.
pub struct Key {
    /// Its ID.
    pub access_key_id: String,
    /// What it may do, and on whom.
    pub grants: Vec<Grant>,
    /// Calls that it has left.
    pub allowance: Arc<Allowance>,
    /// `None` for a caller whom an external issuer's token names.
    secret: Option<SecretString>,
    /// The secret before the last rotation.
    previous: Option<PreviousSecret>,
    is_revoked: bool,
    expires_at: Option<OffsetDateTime>,
    /// Where it may be used from; anywhere where that is empty.
    allowed_networks: Vec<IpNet>,
    /// Whether its use was noted since it was read.
    is_noted: AtomicBool,
}

impl Key {
    /// Whether it is neither revoked nor expired.
    pub(super) fn is_active(&self) -> bool {
        !self.is_revoked && self.expires_at.is_none_or(|end| OffsetDateTime::now_utc() < end)
    }

    /// When it ends; `None` for never.
    pub(super) fn ends(&self) -> Option<OffsetDateTime> {
        self.expires_at
    }

    /// Whether it may be used from this address. A connection that has none comes from this machine, which is no network.
    fn admits(&self, client: Option<IpAddr>) -> bool {
        let fits =
            |client: IpAddr| self.allowed_networks.iter().any(|network| network.contains(&client.to_canonical()));
        self.allowed_networks.is_empty() || client.is_some_and(fits)
    }

    fn has_secret(&self, secret: &SecretString) -> bool {
        self.secrets().any(|own| is_same(own, secret))
    }

    /// Whether the secret that this key had `before` is still good.
    pub(super) fn has_secret_of(&self, before: &Self) -> bool {
        before.secret.as_ref().is_some_and(|secret| self.has_secret(secret))
    }

    /// Whether it signed this call.
    ///
    /// # Errors
    /// [`SignatureError::Mismatch`]
    pub(super) fn verify(&self, call: &SignedCall) -> Result<(), SignatureError> {
        let fits = |secret: &SecretString| call.verify(secret.expose_secret().as_bytes());
        let current = self.secret.as_ref().ok_or_else(no_secret).and_then(fits);
        current.or_else(|error| self.previous().and_then(|previous| fits(previous).ok()).ok_or(error))
    }

    /// The secrets that are good now.
    fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.secret.iter().chain(self.previous())
    }

    /// The secret before the last rotation, as long as it is good.
    fn previous(&self) -> Option<&SecretString> {
        let previous = self.previous.as_ref().filter(|previous| OffsetDateTime::now_utc() < previous.until);
        previous.map(|previous| &previous.secret)
    }

    /// The same key, but for its end.
    #[cfg(test)]
    pub(super) fn until(self, end: OffsetDateTime) -> Self {
        Self { expires_at: Some(end), ..self }
    }

    #[cfg(test)]
    pub(super) fn for_tests(access_key_id: &str, grants: Vec<Grant>) -> Self {
        let access_key_id = access_key_id.to_owned();
        let secret = Some(SecretString::from("secret"));
        Self {
            access_key_id,
            grants,
            allowance: Arc::new(Allowance::unlimited(Holder::Key)),
            secret,
            previous: None,
            is_revoked: false,
            expires_at: None,
            allowed_networks: Vec::new(),
            is_noted: AtomicBool::default(),
        }
    }
}

impl Key {
    /// What stands in a key's place for a caller whom an external issuer's token names. It has no secret, and is in no
    /// store.
    pub(super) fn of_assertion(name: String, grants: Vec<Grant>, allowance: Arc<Allowance>) -> Self {
        Self {
            access_key_id: name,
            grants,
            allowance,
            secret: None,
            previous: None,
            is_revoked: false,
            expires_at: None,
            allowed_networks: Vec::new(),
            is_noted: AtomicBool::new(true),
        }
    }

    fn new(stored: AccessKey, allowance: Arc<Allowance>) -> Self {
        Self {
            access_key_id: stored.access_key_id,
            grants: stored.grants.iter().map(Grant::from).collect(),
            allowance,
            secret: Some(stored.secret),
            previous: stored.previous,
            is_revoked: stored.state == KeyState::Revoked,
            expires_at: stored.expires_at,
            allowed_networks: stored.allowed_networks,
            is_noted: AtomicBool::new(false),
        }
    }
}

fn no_secret() -> SignatureError {
    SignatureError::Incomplete { missing: "its key has no secret to sign with".to_owned() }
}

/// In constant time.
fn is_same(ours: &SecretString, theirs: &SecretString) -> bool {
    ours.expose_secret().as_bytes().ct_eq(theirs.expose_secret().as_bytes()).into()
}

/// The keys of the store, remembered.
pub struct AccessKeys {
    store: Store,
    limits: PerClass<Limit>,
    cache: Cache<Key>,
    uses: KeyUses,
}

impl AccessKeys {
    /// Keys of `store`, each limited by `limits`, used for `stale` at most while the store is away.
    pub fn new(store: Store, limits: PerClass<Limit>, stale: Duration) -> Self {
        Self { store, limits, cache: Cache::new(CAPACITY, stale), uses: KeyUses::default() }
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

    /// Lets a key that was shown be used from `client`, and notes its use.
    ///
    /// # Errors
    /// [`AuthError::ForeignNetwork`]
    pub(super) fn admit(&self, key: &Key, client: Option<IpAddr>) -> Result<(), AuthError> {
        if !key.admits(client) {
            // Whoever has its secret, or a token of it, has it from somewhere.
            tracing::warn!(key.access_key_id, ?client, "an access key was shown from outside its allowed networks");
            return Err(AuthError::ForeignNetwork);
        }
        if !key.is_noted.swap(true, Ordering::Relaxed) {
            self.uses.note(&key.access_key_id);
        }
        Ok(())
    }

    /// Writes down which keys were used, a few seconds later; a key is in memory for a minute, and written once in that.
    pub(crate) async fn keep_uses(&self, pulse: &Pulse) {
        self.uses.keep(&self.store, pulse).await;
    }

    /// How the cache stands now.
    pub(super) fn figures(&self) -> CacheFigures {
        self.cache.figures("access_keys")
    }

    /// How full the queue of uses is that are to be written.
    pub(super) fn queue(&self) -> QueueFigures {
        self.uses.queue()
    }

    fn prepare(&self, stored: AccessKey) -> Key {
        let before = self.cache.remembered(&stored.access_key_id);
        let before = before.as_ref().map(|before| &*before.allowance);
        let allowance = Allowance::new(Holder::Key, &stored.access_key_id, &self.limits, before);
        Key::new(stored, Arc::new(allowance))
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
pub fn is_an_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
