//! Why a caller is not let in, or not let at a tenant.

use cams_api::{Code, Scope};
use tenant_store::StoreError;

use super::issuers::RefusedToken;
use crate::limits::Throttled;
use crate::operations::store_message;

/// Why nobody could be found who may call. The text is the message that the caller gets, so an unknown
/// key and a wrong secret read alike.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// No credentials were sent.
    #[error(
        "No credentials were sent. Send `Authorization: Bearer <token>` with a token from /v1/oauth/token, or HTTP Basic with AccessKeyId:AccessKeySecret."
    )]
    Absent,
    /// The header is not one that we read.
    #[error("The Authorization header cannot be read: {0}.")]
    Malformed(&'static str),
    /// No such key, or not its secret, or it is revoked.
    #[error("The AccessKeyId or the AccessKeySecret is wrong, or the key is revoked or expired.")]
    WrongKey,
    /// The token is not one of ours.
    #[error("The token is not valid here: {0}. Get a new one from /v1/oauth/token.")]
    InvalidToken(&'static str),
    /// The token is past its `exp`.
    #[error("The token has expired. Get a new one from /v1/oauth/token.")]
    ExpiredToken,
    /// The key that the token was made for is revoked, expired or gone.
    #[error("The access key that this token was made for is revoked or expired.")]
    KeyGone,
    /// A token of an external issuer is not accepted.
    #[error(transparent)]
    External(#[from] RefusedToken),
    /// The key may be used from some networks alone, and this caller is in none of them.
    #[error("The access key may not be used from where this call comes from.")]
    ForeignNetwork,
    /// Too many wrong secrets came from where this one comes from.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The key could not be looked up. Nothing of the inside is told.
    #[error("{}", store_message(.0))]
    Store(#[from] StoreError),
}

impl AuthError {
    /// The contract's code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Absent | Self::Malformed(_) | Self::WrongKey | Self::ForeignNetwork => Code::Unauthorized,
            Self::InvalidToken(_) | Self::KeyGone => Code::InvalidToken,
            Self::ExpiredToken => Code::ExpiredToken,
            Self::External(refused) => refused.code(),
            Self::Throttled(throttled) => throttled.code(),
            Self::Store(StoreError::Unavailable(_)) => Code::ServiceUnavailable,
            Self::Store(_) => Code::InternalError,
        }
    }

    /// The `WWW-Authenticate` that goes with it, as
    /// [RFC 6750, section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3) has it.
    pub const fn challenge(&self) -> &'static str {
        match self {
            Self::InvalidToken(_) | Self::ExpiredToken | Self::KeyGone | Self::External(_) => {
                r#"Bearer realm="groupgate", error="invalid_token""#
            }
            _ => r#"Bearer realm="groupgate", Basic realm="groupgate", charset="UTF-8""#,
        }
    }
}

/// Why a caller who is known may not do this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// No grant names the tenant of this `CustSpaceId`.
    Tenant(String),
    /// Grants name the tenant, and none of them gives this scope.
    Scope(Scope),
}
