//! Who calls: an access key by HTTP Basic, or a token made for one. Yields a [`Caller`] with grants.

mod access_keys;
mod authorization;
mod caller;
mod error;
mod grants;
mod signing;
mod tokens;

use actix_web::http::header::HeaderMap;

use authorization::Authorization;

pub use access_keys::{AccessKeys, Key};
pub use authorization::basic;
pub use caller::Caller;
pub use error::{AuthError, Denied};
pub use grants::{Grant, Tenants};
pub use signing::{KeySet, SigningKeys, SigningKeysError};
pub use tokens::{Claims, Issued, LIFETIME, Tokens};

/// Everything that telling who calls takes.
pub struct Authenticator {
    /// The access keys, by ID.
    pub keys: AccessKeys,
    /// The tokens that we issue.
    pub tokens: Tokens,
}

impl Authenticator {
    /// Finds out who sent a request with these headers.
    ///
    /// # Errors
    /// [`AuthError`] where nobody can be found who may call now.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, AuthError> {
        match authorization::read(headers)? {
            Authorization::Basic { access_key_id, secret } => {
                let key = self.keys.with_secret(&access_key_id, &secret).await?;
                Ok(Caller::with_key(key))
            }
            Authorization::Bearer(token) => {
                let claims = self.tokens.verify(token)?;
                let key = self.keys.active(&claims.sub).await?.ok_or(AuthError::KeyGone)?;
                Ok(Caller::with_token(key, claims))
            }
        }
    }
}
