//! Why an administrator's call was not done.

use std::borrow::Cow;

use serde::Serialize;
use tenant_store::StoreError;
use utoipa::ToSchema;

use crate::limits::Throttled;
use crate::operations::store_message;

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Its path, such as `numbers.0.business_number`; empty for the body itself.
    #[schema(example = "name")]
    pub field: String,
    /// What it must be.
    #[schema(example = "1 to 200 characters")]
    pub message: String,
}

impl FieldError {
    /// This is wrong with that field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// Why an administrator's call was not done. The text is the answer's `detail`.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Fields are missing or wrong: all of them.
    #[error("{}", told(.0))]
    Invalid(Vec<FieldError>),
    /// What the path names does not exist.
    #[error("There is no such {what}.")]
    NotFound {
        /// What was looked for, such as `tenant`.
        what: Cow<'static, str>,
    },
    /// It is there already, or belongs to another.
    #[error("This {what} is already in use.")]
    Conflict {
        /// What is taken, such as `phone number ID`.
        what: Cow<'static, str>,
    },
    /// It stands in a way in which this cannot be done.
    #[error("{why}")]
    Unfit {
        /// What is in the way, and what to do.
        why: String,
    },
    /// The caller has not seen what it is about to change.
    #[error(
        "This call changes a resource: send `If-Match` with the `ETag` of the GET that you decided on, or `*` to change it however it stands."
    )]
    NoPrecondition,
    /// What the caller says that it has seen is no entity tag of ours.
    #[error(
        "`If-Match` takes one `ETag` as it was given, with its quotes, such as `\"1742\"`, or `*` to change the resource however it stands."
    )]
    ForeignTag,
    /// Somebody else changed it since the caller saw it.
    #[error("The resource was changed since you read it. Read it again, and decide on what it is now.")]
    Stale,
    /// What the caller wants to give goes beyond what it has.
    #[error("{why}")]
    Beyond {
        /// What is beyond it.
        why: String,
    },
    /// Meta refused, or could not be reached.
    #[error("{why}")]
    Upstream {
        /// Meta's words, and what to do.
        why: String,
    },
    /// A limit is reached.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The store could not be asked. Nothing of the inside is told.
    #[error("{}", store_message(.0))]
    Store(StoreError),
}

impl AdminError {
    /// One field is wrong.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, message)])
    }

    /// The code, and the HTTP status that goes with it: the whole table.
    pub fn code(&self) -> (&'static str, u16) {
        match self {
            Self::Invalid(_) => ("InvalidParameter", 400),
            Self::Beyond { .. } => ("Forbidden.Grant", 403),
            Self::NotFound { .. } => ("NotFound", 404),
            Self::Conflict { .. } => ("Conflict", 409),
            Self::Unfit { .. } => ("Conflict.State", 409),
            Self::Stale | Self::ForeignTag => ("PreconditionFailed", 412),
            Self::Upstream { .. } => ("Upstream.Rejected", 422),
            Self::NoPrecondition => ("PreconditionRequired", 428),
            Self::Throttled(limit) => (limit.code().as_str(), limit.code().http_status()),
            Self::Store(StoreError::Unavailable(_)) => ("ServiceUnavailable", 503),
            Self::Store(_) => ("InternalError", 500),
        }
    }

    /// Whether it may have been done all the same: a commit whose answer was lost.
    pub fn may_be_done(&self) -> bool {
        matches!(self, Self::Store(StoreError::Unavailable(_) | StoreError::Internal(_)))
    }

    /// What is wrong, field by field.
    pub fn fields(&self) -> &[FieldError] {
        if let Self::Invalid(fields) = self { fields } else { &[] }
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound { what } => Self::NotFound { what: what.into() },
            StoreError::Conflict { what } => Self::Conflict { what: what.into() },
            StoreError::Stale => Self::Stale,
            StoreError::TooMany { what, most } => {
                let why = format!(
                    "There are {most} {what} already, and no more may be: remove one that is not needed first."
                );
                Self::Unfit { why }
            }
            other => Self::Store(other),
        }
    }
}

fn told(fields: &[FieldError]) -> String {
    match fields {
        [one] if one.field.is_empty() => ended(format!("The body is wrong: {}", one.message)),
        [one] => ended(format!("The field `{}` is wrong: {}", one.field, one.message)),
        several => format!("{} fields are wrong; `errors` names each.", several.len()),
    }
}

fn ended(sentence: String) -> String {
    if sentence.ends_with(['.', '?']) { sentence } else { sentence + "." }
}
