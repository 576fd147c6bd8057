//! Who calls: an access key by HTTP Basic, or a token made for one. Yields a [`Caller`] with grants.

mod access_keys;
mod authorization;
mod caller;
mod error;
mod grants;
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
use authorization::Authorization;

pub use access_keys::{AccessKeys, Key};
pub use authorization::basic;
pub use caller::Caller;
pub use error::{AuthError, Denied};
pub use grants::{Grant, Tenants};
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
        match authorization::read(headers)? {
            Authorization::Basic { access_key_id, secret } => {
                let client = peer.map(|peer| self.proxies.client(peer, headers));
                Ok(Caller::with_key(self.with_secret(&access_key_id, &secret, client).await?))
            }
            Authorization::Bearer(token) => self.with_token(token).await,
        }
    }

    /// Whoever holds this token of ours.
    ///
    /// # Errors
    /// [`AuthError`] where it is none, or its key may no longer be used.
    pub async fn with_token(&self, token: &[u8]) -> Result<Caller, AuthError> {
        let claims = self.tokens.verify(token)?;
        let key = self.keys.active(&claims.sub).await?.ok_or(AuthError::KeyGone)?;
        Ok(Caller::with_token(key, claims))
    }

    /// The same caller as it is now, for what goes on for longer than a call.
    ///
    /// # Errors
    /// [`AuthError`] where it would no longer be let in.
    pub async fn again(&self, caller: &Caller) -> Result<Caller, AuthError> {
        caller.renewed(self.keys.active(&caller.key().access_key_id).await?)
    }

    /// The key of this ID, where this is its secret. Wrong ones count against `client`.
    ///
    /// # Errors
    /// [`AuthError::WrongKey`], or [`AuthError::Throttled`] after too many of these.
    pub async fn with_secret(
        &self,
        access_key_id: &str,
        secret: &SecretString,
        client: Option<IpAddr>,
    ) -> Result<Arc<Key>, AuthError> {
        // A connection that is no TCP connection has no address, and comes from this machine.
        let Some(client) = client else { return self.keys.with_secret(access_key_id, secret).await };
        self.failures.admit(client, access_key_id)?;
        let key = self.keys.with_secret(access_key_id, secret).await;
        match &key {
            Ok(_) => self.failures.succeeded(client, access_key_id),
            Err(AuthError::WrongKey) => self.failures.failed(client)?,
            Err(_) => {}
        }
        key
    }
}
