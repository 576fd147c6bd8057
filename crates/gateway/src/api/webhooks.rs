//! Webhooks from Meta: `POST /webhooks/graph`, and `GET` for its verification challenge.

use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, X_CONTENT_TYPE_OPTIONS};
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use cams_api::Code;
use secrecy::ExposeSecret;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::render::{learn, refused, trace};
use super::{ApiError, Worker, body};
use crate::bounds;

/// Where Meta sends them.
pub(crate) const PATH: &str = "/webhooks/graph";
/// What taking one is called in its trace.
pub(super) const OPERATION: &str = "ReceiveWebhook";

static SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");

/// Takes a webhook: verified and committed, and only then answered with 200 and an empty body.
pub async fn receive(http: HttpRequest, worker: Data<Worker>, payload: Payload) -> HttpResponse {
    match take(&http, &worker, payload).await {
        Ok(()) => {
            learn(&http, |learned| learned.code = Some(Code::Ok));
            HttpResponse::Ok().finish()
        }
        Err(error) => refused(&http, &error),
    }
}

async fn take(http: &HttpRequest, worker: &Worker, payload: Payload) -> Result<(), ApiError> {
    // What cannot be the app's is refused before any of it is kept.
    let signature = worker.inbox.admit(signature(http.headers()))?;
    let body = body::read(http.headers(), payload, bounds::WEBHOOK).await?;
    let received = worker.inbox.receive(signature, &body, trace(http).as_deref()).await?;
    tracing::debug!(new = received.new, doubled = received.doubled, "webhook committed");
    Ok(())
}

/// The one signature; where there are two, there is none that could be trusted.
fn signature(headers: &HeaderMap) -> Option<&[u8]> {
    let mut sent = headers.get_all(&SIGNATURE);
    let first = sent.next()?;
    if sent.next().is_some() { Some(b"doubled") } else { Some(first.as_bytes()) }
}

/// [Meta's challenge](https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests).
#[derive(Deserialize)]
pub struct Challenge {
    #[serde(rename = "hub.mode")]
    mode: Option<String>,
    #[serde(rename = "hub.challenge")]
    question: Option<String>,
    #[serde(rename = "hub.verify_token")]
    verify_token: Option<String>,
}

/// Answers the challenge, where it carries the token that we are configured with.
pub async fn verify(http: HttpRequest, worker: Data<Worker>) -> HttpResponse {
    let Ok(sent) = Query::<Challenge>::from_query(http.query_string()) else {
        let message = "The query cannot be read, or one of `hub.mode`, `hub.challenge` and `hub.verify_token` stands in it twice.";
        return refused(&http, &ApiError::Http { code: Code::InvalidParameter, message: message.into() });
    };
    let Challenge { mode, question, verify_token } = sent.into_inner();
    let expected = worker.verify_token.as_ref().map(|token| token.expose_secret().as_bytes());
    let is_right = expected.zip(verify_token).is_some_and(|(expected, sent)| expected.ct_eq(sent.as_bytes()).into());
    match question {
        Some(question) if is_right && mode.as_deref() == Some("subscribe") && question.len() <= 256 => {
            HttpResponse::Ok()
                .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
                .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
                .body(question)
        }
        _ => HttpResponse::Forbidden().finish(),
    }
}
