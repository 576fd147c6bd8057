//! Refusals of our own, in Meta's error object ([Meta: handling errors][errors]).
//!
//! [errors]: https://developers.facebook.com/docs/graph-api/guides/error-handling

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use cams_api::Code;
use graph_client::Acted;
use serde_json::{Value, json};
use tenant_store::StoreError;

use super::paths::UnknownPath;
use crate::api::body::BodyError;
use crate::api::render::{add_retry_after, learn, request_id};
use crate::api::{ApiError, failures};
use crate::auth::AuthError;
use crate::limits::Throttled;
use crate::operations::OperationError;

/// The subcode of an object that is not there, or that the caller does not see.
const NO_OBJECT: u32 = 33;

/// Why a call was not passed on, or has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum FaceError {
    /// The path names nothing that is served.
    #[error(transparent)]
    Path(#[from] UnknownPath),
    /// There is no such object, or it is another tenant's, or it has no such call.
    #[error(
        "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation"
    )]
    NoObject {
        /// In small letters, as Meta writes it.
        method: String,
        /// As it was named.
        id: String,
    },
    /// A parameter is wrong.
    #[error("Param {name} {rule}.")]
    Parameter {
        /// Which.
        name: String,
        /// What it must be.
        rule: &'static str,
    },
    /// The request cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// All that refuses calls in every face.
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl From<OperationError> for FaceError {
    fn from(error: OperationError) -> Self {
        Self::Api(error.into())
    }
}

impl From<AuthError> for FaceError {
    fn from(error: AuthError) -> Self {
        Self::Api(error.into())
    }
}

impl From<Throttled> for FaceError {
    fn from(throttled: Throttled) -> Self {
        Self::Api(throttled.into())
    }
}

impl From<BodyError> for FaceError {
    fn from(error: BodyError) -> Self {
        Self::Api(error.into())
    }
}

impl From<StoreError> for FaceError {
    fn from(error: StoreError) -> Self {
        OperationError::from(error).into()
    }
}

/// One of Meta's codes, as a refusal carries it.
struct MetaCode {
    status: u16,
    code: u32,
    subcode: Option<u32>,
    is_transient: bool,
}

impl MetaCode {
    const fn new(status: u16, code: u32) -> Self {
        Self { status, code, subcode: None, is_transient: false }
    }
}

impl FaceError {
    pub(super) fn parameter(name: &str, rule: &'static str) -> Self {
        Self::Parameter { name: name.to_owned(), rule }
    }

    /// The contract's code, for the log.
    fn code(&self) -> Code {
        match self {
            Self::Path(_) => Code::NotFound,
            Self::NoObject { .. } => Code::GroupNotFound,
            Self::Parameter { .. } | Self::Unreadable(_) => Code::InvalidParameter,
            Self::Api(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        if let Self::Api(error) = self { error.retry_after() } else { None }
    }

    fn throttled(&self) -> Option<Throttled> {
        if let Self::Api(error) = self { error.throttled() } else { None }
    }

    fn metas(&self) -> MetaCode {
        match self {
            Self::Path(_) => MetaCode::new(400, 2500),
            Self::NoObject { .. } => MetaCode { subcode: Some(NO_OBJECT), ..MetaCode::new(400, 100) },
            Self::Parameter { .. } | Self::Unreadable(_) => MetaCode::new(400, 100),
            Self::Api(error) => MetaCode { is_transient: is_transient(error), ..metas(error.code()) },
        }
    }

    fn body(&self, trace_id: &str) -> Value {
        let MetaCode { code, subcode, is_transient, .. } = self.metas();
        let kind = if subcode == Some(NO_OBJECT) { "GraphMethodException" } else { "OAuthException" };
        let mut error = json!({
            "message": format!("(#{code}) {self}"),
            "type": kind,
            "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": self.to_string()},
            "is_transient": is_transient,
            "fbtrace_id": trace_id,
        });
        if let Some(subcode) = subcode {
            error["error_subcode"] = subcode.into();
        }
        json!({ "error": error })
    }
}

/// The code by which Meta's clients know what ours says.
fn metas(code: Code) -> MetaCode {
    match code {
        Code::Unauthorized | Code::InvalidToken | Code::ExpiredToken => MetaCode::new(401, 190),
        Code::ForbiddenScope
        | Code::TenantSuspended
        | Code::CredentialMissing
        | Code::CredentialInvalid
        | Code::CredentialForbidden => MetaCode::new(403, 10),
        // The same as for an object that does not exist: nothing tells whether it does.
        Code::ForbiddenTenant | Code::GroupNotFound | Code::BusinessNumberNotFound => {
            MetaCode { subcode: Some(NO_OBJECT), ..MetaCode::new(400, 100) }
        }
        Code::ThrottlingUser | Code::ThrottlingTenant | Code::ThrottlingUpstream => MetaCode::new(429, 130_429),
        Code::RequestTooLarge => MetaCode::new(413, 100),
        Code::UpstreamUnavailable | Code::UpstreamTimeout | Code::ServiceUnavailable => MetaCode::new(503, 2),
        Code::InternalError => MetaCode::new(500, 1),
        _ => MetaCode::new(400, 100),
    }
}

/// Whether the call may simply be made again: a limit, or an outage in which nothing was done. Clients do make it again
/// then, so a change that may have been done is none of these.
fn is_transient(error: &ApiError) -> bool {
    let is_outage = matches!(
        error.code(),
        Code::UpstreamUnavailable
            | Code::UpstreamTimeout
            | Code::ServiceUnavailable
            | Code::ThrottlingUser
            | Code::ThrottlingTenant
            | Code::ThrottlingUpstream
    );
    let has_acted = matches!(error, ApiError::Operation(error) if error.acted() == Acted::Unknown);
    is_outage && !has_acted
}

/// The answer that says why.
pub(super) fn refused(http: &HttpRequest, error: &FaceError) -> HttpResponse {
    let (id, code, metas) = (request_id(http), error.code(), error.metas());
    learn(http, |learned| {
        learned.code = Some(code);
        learned.throttled = error.throttled();
    });
    if metas.status >= 500 {
        failures::tell(http, code, error);
    }
    let status = StatusCode::from_u16(metas.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponseBuilder::new(status).json(error.body(&id.to_string()));
    if let Some(wait) = error.retry_after() {
        add_retry_after(response.headers_mut(), wait);
    }
    if status == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static(r#"Bearer realm="groupgate""#);
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}
