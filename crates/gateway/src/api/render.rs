//! Answers in the contract's envelope.

use std::rc::Rc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{Handler, HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};
use cams_api::Code;
use cams_api::envelope::{Envelope, Refusal};
use cams_api::operation::Answer;
use tenant_store::StoredAnswer;
use uuid::Uuid;

use super::track::{Learned, Tracked};
use super::{ApiError, Worker, failures};
use crate::limits::{self, Throttled};
use crate::operations::Reply;
use crate::telemetry::metrics::Called;
use crate::traces::CallTrace;

static JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Tells an answer that an earlier call got from one that was made now.
pub(super) static IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
static X_ACS_RETRY_AFTER: HeaderName = HeaderName::from_static("x-acs-retry-after");

/// An answer, or why there is none.
pub(super) fn render<T: Answer>(http: &HttpRequest, result: Result<T, ApiError>) -> HttpResponse {
    match result {
        Ok(answer) => done(http, &answer),
        Err(error) => refused(http, &error),
    }
}

/// The same of a call that may have had a key.
pub(super) fn render_once<T: Answer>(http: &HttpRequest, result: Result<Reply<T>, ApiError>) -> HttpResponse {
    match result {
        Ok(Reply::Done(answer)) => done(http, &answer),
        Ok(Reply::Replayed(answer)) => replayed(http, answer),
        Err(error) => refused(http, &error),
    }
}

/// The first answer again, to the byte.
pub(super) fn replayed(http: &HttpRequest, answer: StoredAnswer) -> HttpResponse {
    learn(http, |learned| {
        learned.code = Code::named(&answer.code);
        learned.replayed = Some(answer.request_id);
    });
    let status = StatusCode::from_u16(answer.http_status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponseBuilder::new(status)
        .insert_header((CONTENT_TYPE, JSON.clone()))
        .insert_header((IDEMPOTENCY_REPLAYED.clone(), HeaderValue::from_static("true")))
        .body(answer.body)
}

fn done<T: Answer>(http: &HttpRequest, answer: &T) -> HttpResponse {
    let code = answer.code();
    learn(http, |learned| learned.code = Some(code));
    json(status(code), serde_json::to_vec(&Envelope::done(request_id(http), code, answer)))
}

/// Why a call was refused. What the gateway itself is to blame for goes into the log.
pub(super) fn refused(http: &HttpRequest, error: &ApiError) -> HttpResponse {
    refused_as(http, error, |refusal| serde_json::to_vec(&refusal))
}

/// The same in a face that writes its refusals in a way of its own.
pub(super) fn refused_as(
    http: &HttpRequest,
    error: &ApiError,
    write: impl FnOnce(Envelope<'_, Refusal>) -> serde_json::Result<Vec<u8>>,
) -> HttpResponse {
    if error.code().http_status() >= 500 {
        failures::tell(http, error.code(), error);
    }
    written_as(http, error, write)
}

/// The same, of which nothing is to be said in the log.
pub(super) fn refused_quietly(http: &HttpRequest, error: &ApiError) -> HttpResponse {
    written_as(http, error, |refusal| serde_json::to_vec(&refusal))
}

fn written_as(
    http: &HttpRequest,
    error: &ApiError,
    write: impl FnOnce(Envelope<'_, Refusal>) -> serde_json::Result<Vec<u8>>,
) -> HttpResponse {
    let (id, code, refusal) = (request_id(http), error.code(), error.refusal());
    learn(http, |learned| {
        learned.code = Some(code);
        learned.throttled = error.throttled();
        learned.upstream = refusal.upstream.as_ref().map(|upstream| (upstream.code, upstream.fbtrace_id.clone()));
    });
    let message = error.to_string();
    let missing = error.access_denied_detail();
    let envelope = Envelope::refused(id, code, &message, missing.as_deref(), refusal);
    let mut response = json(status(code), write(envelope));
    add_headers(&mut response, error);
    response
}

fn add_headers(response: &mut HttpResponse, error: &ApiError) {
    let headers = response.headers_mut();
    if let Some(challenge) = error.challenge() {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    if let Some(wait) = error.retry_after() {
        add_retry_after(headers, wait);
    }
}

/// When to come back: in seconds for everybody, in milliseconds for the SDKs of CAMS.
pub(super) fn add_retry_after(headers: &mut HeaderMap, wait: Duration) {
    headers.insert(RETRY_AFTER, HeaderValue::from(limits::seconds(wait).max(1)));
    headers.insert(X_ACS_RETRY_AFTER.clone(), HeaderValue::from(limits::milliseconds(wait)));
}

fn json(status: StatusCode, written: serde_json::Result<Vec<u8>>) -> HttpResponse {
    match written {
        Ok(bytes) => HttpResponseBuilder::new(status).insert_header((CONTENT_TYPE, JSON.clone())).body(bytes),
        // Answers are made of strings and numbers; one that cannot be written is a mistake of ours.
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

fn status(code: Code) -> StatusCode {
    StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The ID of this request.
pub(crate) fn request_id(http: &HttpRequest) -> Uuid {
    http.extensions().get::<Tracked>().map_or_else(Uuid::nil, |tracked| tracked.id)
}

/// The trace of this request, where it has one.
pub(super) fn trace(http: &HttpRequest) -> Option<Rc<CallTrace>> {
    http.extensions().get::<Tracked>()?.learned.borrow().trace.clone()
}

/// Notes what a handler learned, for the request's line in the log.
pub(super) fn learn(http: &HttpRequest, note: impl FnOnce(&mut Learned)) {
    if let Some(tracked) = http.extensions().get::<Tracked>() {
        note(&mut tracked.learned.borrow_mut());
    }
}

/// Notes that a call of an operation has begun, whose name may not be known yet: it is in flight until it is answered or
/// given up.
pub(super) fn begin(http: &HttpRequest, worker: &Worker, called: Called, operation: Option<&'static str>) {
    learn(http, |learned| {
        learned.operation = operation;
        if learned.called.replace(called).is_none() {
            worker.services.metrics.calls().begun();
        }
    });
}

/// Notes which limit refused a call, if one did.
pub(crate) fn refused_by(http: &HttpRequest, throttled: Option<Throttled>) {
    if throttled.is_some() {
        learn(http, |learned| learned.throttled = throttled);
    }
}

/// There is nothing at this path.
pub async fn not_found(http: HttpRequest) -> HttpResponse {
    let operation = http.path().strip_prefix("/v1/").filter(|name| !name.contains('/'));
    let error = match operation {
        Some(_) => ApiError::Http {
            code: Code::InvalidActionNotFound,
            message: "There is no operation of this name; /docs/ lists them all.".into(),
        },
        None => ApiError::Http {
            code: Code::NotFound,
            message: "There is nothing at this path; /docs/ lists what there is.".into(),
        },
    };
    refused(&http, &error)
}

/// The path exists, and not with this method.
pub fn method_not_allowed(allowed: &'static str) -> impl Handler<(HttpRequest,), Output = HttpResponse> {
    move |http: HttpRequest| async move { not_allowed(&http, allowed) }
}

/// The same for a request at hand.
pub(super) fn not_allowed(http: &HttpRequest, allowed: &'static str) -> HttpResponse {
    let message = format!("This path takes {allowed}.").into();
    let mut response = refused(http, &ApiError::Http { code: Code::MethodNotAllowed, message });
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}
