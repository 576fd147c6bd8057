//! Refusals as problem details ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)).

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::ApiError;
use super::super::render::{add_retry_after, learn, refused_by, request_id};
use crate::admin::{AdminError, FieldError};
use crate::limits::Throttled;

/// The media type of a problem.
pub(crate) const PROBLEM: &str = "application/problem+json";

/// Why a call was not done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem<'a> {
    /// `about:blank`: `title` says what the status does, `code` tells more.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The HTTP status in words.
    #[schema(example = "Precondition Failed")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 412)]
    status: u16,
    /// What went wrong, and what to do.
    #[schema(example = "The resource was changed since you read it. Read it again, and decide on what it is now.")]
    detail: &'a str,
    /// The same for programs.
    #[schema(example = "PreconditionFailed")]
    code: &'a str,
    /// The gateway's ID of this call; also in the header `x-request-id`.
    request_id: Uuid,
    /// What is wrong, field by field.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

/// Why a call of the administrator's API was refused: before anything was done, or by what was to be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// By the walls that stand before every call.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// By the action.
    #[error(transparent)]
    Admin(#[from] AdminError),
}

impl Refused {
    /// The code, and the HTTP status that goes with it.
    pub(crate) fn code(&self) -> (&'static str, u16) {
        match self {
            Self::Api(error) => (error.code().as_str(), error.code().http_status()),
            Self::Admin(error) => error.code(),
        }
    }

    /// The limit of ours that refused the call, where one did.
    pub(crate) fn throttled(&self) -> Option<Throttled> {
        match self {
            Self::Admin(AdminError::Throttled(throttled)) => Some(*throttled),
            Self::Admin(_) => None,
            Self::Api(error) => error.throttled(),
        }
    }
}

/// The answer to a call that was refused. What the gateway itself is to blame for goes into the log.
pub(super) fn refused(http: &HttpRequest, error: &Refused) -> HttpResponse {
    let (id, (code, status)) = (request_id(http), error.code());
    if status >= 500 {
        tracing::warn!(request_id = %id, code, reason = ?error, "an administrator's call failed");
    }
    let detail = error.to_string();
    let errors = if let Refused::Admin(error) = error { error.fields() } else { &[] };
    let status_code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let title = status_code.canonical_reason().unwrap_or_default();
    let problem = Problem { kind: "about:blank", title, status, detail: &detail, code, request_id: id, errors };
    let mut response = HttpResponseBuilder::new(status_code)
        .content_type(PROBLEM)
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(problem);
    refused_by(http, error.throttled());
    if let Refused::Admin(AdminError::Throttled(limit)) = error {
        add_retry_after(response.headers_mut(), limit.retry_after());
    }
    if let Refused::Api(error) = error {
        learn(http, |learned| learned.code = Some(error.code()));
        if let Some(challenge) = error.challenge() {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(wait) = error.retry_after() {
            add_retry_after(response.headers_mut(), wait);
        }
    }
    response
}
