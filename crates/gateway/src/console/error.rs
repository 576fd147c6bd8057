//! Why a page is not shown, as a page of its own.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use askama::Template;
use cams_api::Code;
use uuid::Uuid;

use super::page::Frame;
use super::visit::Anywhere;
use super::{ROOT, page};
use crate::admin::AdminError;
use crate::api::ApiError;
use crate::api::admin::problem::Refused;
use crate::limits::Throttled;

/// Why a page is not shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConsoleError {
    /// Nobody is signed in, or no longer.
    #[error("Nobody is signed in.")]
    SignedOut,
    /// A form that did not come from a page of the one who is signed in.
    #[error("This form is not from your own session. Open the page again, and send it from there.")]
    ForeignForm,
    /// The machine gives no randomness.
    #[error("No session can be made at the moment.")]
    NoRandomness,
    /// As the administrator's API refuses it.
    #[error(transparent)]
    Refused(#[from] Refused),
}

#[derive(Template)]
#[template(path = "console/error.html")]
struct ErrorPage {
    frame: Frame,
    detail: String,
    code: &'static str,
    request_id: Uuid,
}

impl ConsoleError {
    /// The same, where a proof that was good once is none any longer.
    pub(super) fn signed_out(self) -> Self {
        match &self {
            Self::Refused(Refused::Api(ApiError::Auth(error))) if error.code().http_status() == 401 => Self::SignedOut,
            _ => self,
        }
    }

    /// What whoever sent a form can mend, by changing it or by looking again.
    ///
    /// # Errors
    /// Everything else, as it was.
    pub(super) fn into_mendable(self) -> Result<AdminError, Self> {
        match self {
            Self::Refused(Refused::Admin(error))
                if !matches!(error, AdminError::Store(_) | AdminError::NotFound { .. }) =>
            {
                Ok(error)
            }
            other => Err(other),
        }
    }

    /// The page that says it; `None` where another is shown instead.
    pub(super) fn page(&self, frame: Frame, request_id: Uuid) -> Option<HttpResponse> {
        if matches!(self, Self::SignedOut) {
            return None;
        }
        let (code, _) = self.code();
        if self.status_code().is_server_error() {
            tracing::warn!(%request_id, code, reason = ?self, "a page of the console failed");
        }
        let shown = ErrorPage { frame, detail: self.to_string(), code, request_id };
        Some(page::html(HttpResponseBuilder::new(self.status_code()), &shown))
    }

    /// The limit that refused it, where one did.
    pub(super) fn throttled(&self) -> Option<Throttled> {
        if let Self::Refused(refused) = self { refused.throttled() } else { None }
    }

    /// The code, and the HTTP status that goes with it.
    pub(super) fn code(&self) -> (&'static str, u16) {
        match self {
            Self::SignedOut => ("Unauthorized", 401),
            Self::ForeignForm => ("Forbidden.Form", 403),
            Self::NoRandomness => ("ServiceUnavailable", 503),
            Self::Refused(refused) => refused.code(),
        }
    }
}

impl ResponseError for ConsoleError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code().1).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Bare: `around.rs` puts the page around it, which knows who is signed in.
    fn error_response(&self) -> HttpResponse {
        match self {
            Self::SignedOut => HttpResponse::SeeOther().insert_header((LOCATION, format!("{ROOT}/sign-in"))).finish(),
            _ => HttpResponse::new(self.status_code()),
        }
    }
}

impl From<ApiError> for ConsoleError {
    fn from(error: ApiError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<AdminError> for ConsoleError {
    fn from(error: AdminError) -> Self {
        Self::Refused(error.into())
    }
}

/// The path names no page.
pub(super) fn no_page() -> ConsoleError {
    ApiError::Http { code: Code::NotFound, message: "There is no such page.".into() }.into()
}

/// What stands at every path that is no page, with the navigation for whoever is signed in.
pub(super) async fn nothing_here(_visit: Result<Anywhere, ConsoleError>) -> Result<HttpResponse, ConsoleError> {
    Err(no_page())
}
