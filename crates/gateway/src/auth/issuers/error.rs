//! Why a token of an external issuer is not accepted.

use cams_api::Code;

/// Why a token of an external issuer is not accepted. The text is the message that the caller gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedToken {
    /// It is past its `exp`.
    #[error("The token has expired. Get a new one from its issuer.")]
    Expired,
    /// Something is wrong with it.
    #[error("The token is not valid here: {0}. Get another from its issuer.")]
    Invalid(&'static str),
    /// Its issuer, or the issuer's keys, are others than when it was let in.
    #[error(
        "The token's issuer was changed or removed, or has other keys now. Send the token again, or get a new one."
    )]
    Changed,
    /// The issuer's keys could not be fetched for longer than they are trusted.
    #[error(
        "The keys of the token's issuer cannot be fetched now, so the token cannot be checked. Try again in a moment."
    )]
    KeysAway,
}

impl RefusedToken {
    /// The contract's code.
    pub const fn code(self) -> Code {
        match self {
            Self::Expired => Code::ExpiredToken,
            Self::Invalid(_) | Self::Changed => Code::InvalidToken,
            Self::KeysAway => Code::ServiceUnavailable,
        }
    }
}
