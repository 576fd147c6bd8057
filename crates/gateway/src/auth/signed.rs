//! Callers who sign their requests with their key's secret, as the SDKs of Alibaba Cloud do.

use std::net::IpAddr;

use cams_api::Code;
use cams_api::signatures::{SignatureError, SignedCall};
use tenant_store::StoreError;

use super::{Authenticator, Caller};
use crate::limits::Throttled;
use crate::operations::store_message;

/// Why a signed request is not let in. The text is the message that the caller gets.
#[derive(Debug, thiserror::Error)]
pub enum SignedError {
    /// The signature itself.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// The older signature, where the gateway takes none.
    #[error("HMAC-SHA1 is not taken here. Sign with ACS3-HMAC-SHA256, as newer SDKs do.")]
    HmacSha1Refused,
    /// No such key.
    #[error("There is no access key of this AccessKeyId.")]
    UnknownKey,
    /// The key is revoked or expired.
    #[error("The access key is revoked or expired.")]
    InactiveKey,
    /// The key may be used from some networks alone, and this caller is in none of them.
    #[error("The access key may not be used from where this call comes from.")]
    ForeignNetwork,
    /// The nonce was used before.
    #[error("The nonce of this request was used before. Sign each request anew, with a nonce of its own.")]
    NonceUsed,
    /// Whether the nonce was used before cannot be told.
    #[error("Too many signed calls were made while the database is away. Send the call again in a moment.")]
    NoncesFull,
    /// Too many wrong signatures came from where this one comes from.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The key could not be looked up. Nothing of the inside is told.
    #[error("{}", store_message(.0))]
    Store(#[from] StoreError),
}

impl SignedError {
    /// The contract's code.
    pub fn code(&self) -> Code {
        match self {
            Self::Signature(error) => error.code(),
            Self::HmacSha1Refused => Code::IncompleteSignature,
            Self::UnknownKey => Code::InvalidAccessKeyIdNotFound,
            Self::InactiveKey => Code::InvalidAccessKeyIdInactive,
            Self::ForeignNetwork => Code::Unauthorized,
            Self::NonceUsed => Code::SignatureNonceUsed,
            Self::Throttled(throttled) => throttled.code(),
            Self::NoncesFull | Self::Store(StoreError::Unavailable(_)) => Code::ServiceUnavailable,
            Self::Store(_) => Code::InternalError,
        }
    }

    /// Whether it may be a guess at a key or its secret.
    fn is_a_guess(&self) -> bool {
        matches!(self, Self::UnknownKey | Self::InactiveKey | Self::Signature(SignatureError::Mismatch { .. }))
    }
}

impl Authenticator {
    /// Finds out whose key signed a call that came from `client`. Guesses count against that address, as wrong secrets do.
    /// The call's nonce is still to be [spent](super::Nonces::spend).
    ///
    /// # Errors
    /// [`SignedError`] where the call may not be made.
    pub async fn verify(&self, call: &SignedCall, client: Option<IpAddr>) -> Result<Caller, SignedError> {
        if let Some(client) = client {
            self.failures.admit(client, &call.access_key_id)?;
        }
        let caller = self.verify_signature(call).await;
        match (&caller, client) {
            (Ok(_), Some(client)) => self.failures.succeeded(client, &call.access_key_id),
            (Err(error), Some(client)) if error.is_a_guess() => self.failures.failed(client)?,
            _ => {}
        }
        let caller = caller?;
        self.keys.admit(caller.key(), client).map_err(|_| SignedError::ForeignNetwork)?;
        Ok(caller)
    }

    async fn verify_signature(&self, call: &SignedCall) -> Result<Caller, SignedError> {
        let key = self.keys.find(&call.access_key_id).await?.ok_or(SignedError::UnknownKey)?;
        if !key.is_active() {
            return Err(SignedError::InactiveKey);
        }
        key.verify(call)?;
        Ok(Caller::with_key(key))
    }
}
