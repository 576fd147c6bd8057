//! Why a call was refused, on its way to the caller.

use std::borrow::Cow;
use std::time::Duration;

use cams_api::envelope::Refusal;
use cams_api::parameters::ParameterError;
use cams_api::{Code, Scope};

use super::body::BodyError;
use crate::auth::{AuthError, SignedError};
use crate::events::Refused;
use crate::limits::Throttled;
use crate::operations::OperationError;

/// Everything that a face can answer with in place of a result.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Nobody is known to call.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The caller's signature is not accepted.
    #[error(transparent)]
    Signed(#[from] SignedError),
    /// The body could not be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The operation was not done.
    #[error(transparent)]
    Operation(#[from] OperationError),
    /// A limit is reached.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// A webhook was not taken.
    #[error(transparent)]
    Webhook(#[from] Refused),
    /// The events that are asked for are kept no longer.
    #[error(
        "The events behind {after} are kept no longer: the oldest has the Sequence {oldest}. Go on with After={}.",
        oldest - 1
    )]
    EventsExpired {
        /// Behind which they were asked for.
        after: i64,
        /// The first that is kept.
        oldest: i64,
    },
    /// This is for administrators.
    #[error("This is for administrators of the gateway: it takes a key with the scope `{0}`.")]
    NoAdministrator(Scope),
    /// Something of HTTP itself.
    #[error("{message}")]
    Http {
        /// The contract's code.
        code: Code,
        /// What to do.
        message: Cow<'static, str>,
    },
}

impl From<ParameterError> for ApiError {
    fn from(error: ParameterError) -> Self {
        Self::Operation(error.into())
    }
}

impl ApiError {
    /// The contract's code.
    pub fn code(&self) -> Code {
        match self {
            Self::Auth(error) => error.code(),
            Self::Signed(error) => error.code(),
            Self::Body(BodyError::TooLarge { .. }) => Code::RequestTooLarge,
            Self::Body(BodyError::MediaType { .. }) => Code::UnsupportedMediaType,
            Self::Body(BodyError::Broken | BodyError::Late) | Self::Webhook(Refused::Payload(_)) => {
                Code::InvalidParameter
            }
            Self::Operation(error) => error.code(),
            Self::Throttled(throttled) => throttled.code(),
            Self::Webhook(Refused::Signature(_)) => Code::Unauthorized,
            Self::Webhook(Refused::NoAppSecret | Refused::Store(_)) => Code::ServiceUnavailable,
            Self::EventsExpired { .. } => Code::EventsExpired,
            Self::NoAdministrator(_) => Code::ForbiddenScope,
            Self::Http { code, .. } => *code,
        }
    }

    /// The limit of ours that refused the call, where one did.
    pub fn throttled(&self) -> Option<Throttled> {
        match self {
            Self::Auth(AuthError::Throttled(throttled))
            | Self::Signed(SignedError::Throttled(throttled))
            | Self::Operation(OperationError::Throttled(throttled))
            | Self::Throttled(throttled) => Some(*throttled),
            _ => None,
        }
    }

    /// The code as callers of the RPC face see it.
    pub fn rpc_code(&self) -> Cow<'static, str> {
        match self {
            Self::Operation(OperationError::Parameter(error)) => error.rpc_code(),
            _ => self.code().as_str().into(),
        }
    }

    /// What the caller lacks, as `AccessDeniedDetail` names it.
    pub fn access_denied_detail(&self) -> Option<String> {
        match self {
            Self::Operation(error) => error.access_denied_detail(),
            Self::NoAdministrator(scope) => Some(scope.to_string()),
            _ => None,
        }
    }

    /// When the caller may come back.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Operation(error) => error.retry_after(),
            _ => self.throttled().map(|throttled| throttled.retry_after()),
        }
    }

    /// What stands beside the common fields.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Operation(error) => error.refusal(),
            Self::EventsExpired { oldest, .. } => Refusal { oldest_sequence: Some(*oldest), ..Refusal::default() },
            _ => Refusal::default(),
        }
    }

    /// The `WWW-Authenticate` that goes with it. Every 401 has one
    /// ([RFC 9110, section 15.5.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2)); for Meta's signature no
    /// scheme is registered, so that its header names it.
    pub fn challenge(&self) -> Option<&'static str> {
        match self {
            Self::Webhook(Refused::Signature(_)) => Some(r#"X-Hub-Signature-256 realm="groupgate""#),
            Self::Auth(error) if self.code().http_status() == 401 => Some(error.challenge()),
            _ => None,
        }
    }
}
