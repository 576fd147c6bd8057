//! What a call is answered with, as it goes over the wire, and as it is kept under an idempotency key.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION};
use actix_web::{HttpResponse, HttpResponseBuilder};
use cams_api::Code;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenant_store::Revision;

use super::ROOT;
use super::preconditions::etag;
use crate::admin::Answer;
use crate::api::ApiError;

/// An answer.
#[derive(Serialize, Deserialize)]
pub(crate) struct Said {
    pub(super) status: u16,
    /// In JSON; `None` where nothing is left to tell.
    body: Option<String>,
    revision: Option<Revision>,
    /// Where the resource stands, below the API's root.
    location: Option<String>,
}

impl Said {
    /// An answer as it goes over the wire.
    ///
    /// # Errors
    /// None but a bug: views are made of strings, numbers and times.
    pub(super) fn of<A: Answer>(answer: &A) -> Result<Self, ApiError> {
        let (body, revision, location) = answer.parts();
        let body = body.map(serde_json::to_string).transpose().map_err(|error| unwritten(&error))?;
        Ok(Self { status: A::STATUS, body, revision, location })
    }

    /// What its body says; `null` without one.
    pub(crate) fn body(&self) -> Value {
        self.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default()
    }

    /// The HTTP response.
    pub(super) fn into_response(self) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK));
        // What administrators see is nobody's to keep.
        response.insert_header((CACHE_CONTROL, "no-store"));
        if let Some(tag) = self.revision.and_then(etag) {
            response.insert_header((ETAG, tag));
        }
        if let Some(place) = self.location {
            response.insert_header((LOCATION, format!("{ROOT}{place}")));
        }
        match self.body {
            Some(body) => response.insert_header((CONTENT_TYPE, "application/json")).body(body),
            None => response.finish(),
        }
    }
}

/// An answer that JSON does not take, or that is kept in a form that nobody reads.
pub(super) fn unwritten(error: &serde_json::Error) -> ApiError {
    tracing::error!(%error, "an answer to an administrator could not be written or read");
    ApiError::Http { code: Code::InternalError, message: "The answer could not be written.".into() }
}
