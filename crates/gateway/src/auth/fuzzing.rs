//! For the fuzz targets: who a header says that calls.

use actix_web::http::header::HeaderMap;
use secrecy::SecretString;

use super::{AuthError, authorization};

pub use super::issuers::examine;

/// What an `Authorization` says.
pub enum Sent {
    /// An access key's ID, and its secret.
    Basic(String, SecretString),
    /// A token.
    Bearer(Vec<u8>),
}

/// Reads the `Authorization` of a request.
///
/// # Errors
/// [`AuthError`]
pub fn authorization(headers: &HeaderMap) -> Result<Sent, AuthError> {
    Ok(match authorization::read(headers)? {
        authorization::Authorization::Basic { access_key_id, secret } => Sent::Basic(access_key_id, secret),
        authorization::Authorization::Bearer(token) => Sent::Bearer(token.to_vec()),
    })
}
