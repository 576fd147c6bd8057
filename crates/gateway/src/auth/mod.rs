//! Who calls: an access key by HTTP Basic, a token made for one, or a token of an external issuer. Yields a [`Caller`] with
//! grants.

mod access_keys;
mod authorization;
mod caller;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod grants;
mod issuers;
mod key_uses;
mod nonces;
mod scopes;
mod signed;
mod signing;
mod tokens;

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use secrecy::SecretString;

use crate::limits::{AuthFailures, TrustedProxies};
use crate::telemetry::metrics::{CacheFigures, QueueFigures};
use authorization::Authorization;

pub use access_keys::{AccessKeys, Key, is_an_id};
pub use authorization::basic;
pub use caller::Caller;
pub use error::{AuthError, Denied};
pub use grants::{Grant, Tenants};
pub use issuers::{ALGORITHMS, FETCH_LIMITS, IssuerKeys, Issuers, RefusedToken, UnusableKeys};
pub use nonces::Nonces;
pub use scopes::{UnknownScope, insert_scope};
pub use signed::SignedError;
pub use signing::{KeySet, SigningKeys, SigningKeysError};
pub use tokens::{Claims, Issued, LIFETIME, Tokens};

/// Everything that telling who calls takes.
pub struct Authenticator {
    /// The access keys, by ID.
    pub keys: AccessKeys,
    /// The tokens that we issue.
    pub tokens: Tokens,
    /// The external issuers, and their tokens.
    pub issuers: Issuers,
    /// Wrong secrets, by the address that they came from.
    pub failures: AuthFailures,
    /// What was signed before.
    pub nonces: Nonces,
    /// Whether the RPC face's older signature is taken.
    pub takes_hmac_sha1: bool,
    /// Who may say where a call came from.
    pub proxies: TrustedProxies,
}

impl Authenticator {
    /// Finds out who sent a request with these headers over a connection from `peer`.
    ///
    /// # Errors
    /// [`AuthError`] where nobody can be found who may call now.
    pub async fn authenticate(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Result<Caller, AuthError> {
        let client = peer.map(|peer| self.proxies.client(peer, headers));
        match authorization::read(headers)? {
            Authorization::Basic { access_key_id, secret } => {
                let key = Box::pin(self.with_secret(&access_key_id, &secret, client)).await?;
                Ok(Caller::with_key(key))
            }
            Authorization::Bearer(token) => self.with_token(token, client).await,
        }
    }

    /// How the caches stand now.
    pub(crate) fn caches(&self) -> Vec<CacheFigures> {
        let own = [self.keys.figures(), self.tokens.figures(), self.nonces.figures()];
        own.into_iter().chain(self.issuers.caches()).chain(self.failures.caches()).collect()
    }

    /// How full the queues are.
    pub(crate) fn queues(&self) -> Vec<QueueFigures> {
        vec![self.keys.queue(), self.nonces.queue()]
    }

    /// Whoever holds this token of ours, or of an external issuer, calling from `client`.
    ///
    /// # Errors
    /// [`AuthError`] where it is none, or its key may no longer be used, or not from there.
    pub async fn with_token(&self, token: &[u8], client: Option<IpAddr>) -> Result<Caller, AuthError> {
        let claims = match self.tokens.verify(token) {
            Err(refused @ AuthError::InvalidToken(_)) => return self.with_assertion(token, refused).await,
            verified => verified?,
        };
        let key = self.keys.active(&claims.sub).await?.ok_or(AuthError::KeyGone)?;
        self.keys.admit(&key, client)?;
        Ok(Caller::with_token(key, claims))
    }

    /// Whoever holds this token of an external issuer.
    ///
    /// # Errors
    /// [`AuthError::External`] where it is not accepted, and `refused` where it names no external issuer.
    async fn with_assertion(&self, token: &[u8], refused: AuthError) -> Result<Caller, AuthError> {
        // On the heap: it may fetch a key set, and would make the futures of all calls as large as that.
        Box::pin(self.issuers.verify(token)).await?.map(Caller::with_assertion).ok_or(refused)
    }

    /// The same caller as it is now, still calling from `client`, for what goes on for longer than a call.
    ///
    /// # Errors
    /// [`AuthError`] where it would no longer be let in.
    pub async fn again(&self, caller: &Caller, client: Option<IpAddr>) -> Result<Caller, AuthError> {
        if let Some(assertion) = caller.assertion() {
            self.issuers.again(assertion).await?;
            return Ok(Caller::with_assertion(assertion.clone()));
        }
        let renewed = caller.renewed(self.keys.active(&caller.key().access_key_id).await?)?;
        self.keys.admit(renewed.key(), client)?;
        Ok(renewed)
    }

    /// The key of this ID, where this is its secret and it may be used from `client`. Wrong ones count against that address.
    ///
    /// # Errors
    /// [`AuthError::WrongKey`], [`AuthError::Throttled`] after too many of these, or [`AuthError::ForeignNetwork`].
    pub async fn with_secret(
        &self,
        access_key_id: &str,
        secret: &SecretString,
        client: Option<IpAddr>,
    ) -> Result<Arc<Key>, AuthError> {
        // A connection that is no TCP connection has no address, and comes from this machine.
        let Some(client) = client else {
            let key = self.keys.with_secret(access_key_id, secret).await?;
            return self.keys.admit(&key, None).map(|()| key);
        };
        self.failures.admit(client, access_key_id)?;
        let key = self.keys.with_secret(access_key_id, secret).await;
        match &key {
            Ok(_) => self.failures.succeeded(client, access_key_id),
            Err(AuthError::WrongKey) => self.failures.failed(client)?,
            Err(_) => {}
        }
        let key = key?;
        self.keys.admit(&key, Some(client)).map(|()| key)
    }
}
