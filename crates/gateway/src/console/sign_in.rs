//! Signing in with an access key, or with a token of an external issuer; and out.

use actix_web::http::header::SET_COOKIE;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use cams_api::Class;
use serde::Deserialize;
use tenant_store::Actor;
use zeroize::Zeroizing;

use super::cookie::Secret;
use super::error::ConsoleError;
use super::page::{Frame, html, see_other};
use super::sent::{OfSession, body};
use super::session::{self, Proof};
use super::visit::worker;
use super::{ROOT, cookie};
use crate::api::admin::{Witness, actor};
use crate::api::{ApiError, Worker, count, refused_by};

/// The query of who is signed in and asks for the form all the same.
const ANEW: &str = "anew";

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignInPage<'a> {
    frame: Frame,
    refusal: Option<String>,
    access_key_id: &'a str,
}

/// What somebody typed.
#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    access_key_id: String,
    #[serde(default)]
    access_key_secret: String,
    #[serde(default)]
    token: String,
}

impl Typed {
    fn proof(&self) -> Proof {
        if !self.token.is_empty() {
            return Proof::new(format!("Bearer {}", self.token.trim()));
        }
        let pair = Zeroizing::new(format!("{}:{}", self.access_key_id.trim(), self.access_key_secret.trim()));
        Proof::new(format!("Basic {}", BASE64_STANDARD.encode(pair.as_bytes())))
    }
}

/// The form. Whoever is signed in is led home, but for who asks to sign in anew.
pub(super) async fn show(http: HttpRequest) -> Result<HttpResponse, ConsoleError> {
    let worker = worker(&http)?;
    if http.query_string() != ANEW
        && let Some(secret) = Secret::sent(&http, worker.is_over_tls)
        && session::who(&http, worker, &secret).await.is_ok()
    {
        return Ok(see_other(ROOT, None));
    }
    Ok(html(HttpResponse::Ok(), &page("", None)))
}

/// Begins a session, and ends the one that the browser had.
pub(super) async fn submit(http: HttpRequest, payload: Payload) -> Result<HttpResponse, ConsoleError> {
    let worker = worker(&http)?;
    let text = body(&http, payload).await?;
    let typed: Typed = serde_urlencoded::from_bytes(&text).map_err(|_| ConsoleError::ForeignForm)?;
    let proof = typed.proof();
    let actor = match entering(&http, worker, &proof).await {
        Ok(actor) => actor,
        Err(error) => {
            refused_by(&http, error.throttled());
            let refused = HttpResponse::build(error.status_code());
            return Ok(html(refused, &page(&typed.access_key_id, Some(error.to_string()))));
        }
    };
    if let Some(former) = Secret::sent(&http, worker.is_over_tls) {
        session::end(worker, &former, &actor).await?;
    }
    let secret = session::begin(worker, &proof, &actor).await?;
    let mut response = see_other(ROOT, None);
    if let Some(cookie) = secret.set(worker.is_over_tls) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Who wants to sign in. That somebody who is known may not is told to the audit log.
async fn entering(http: &HttpRequest, worker: &Worker, proof: &Proof) -> Result<Actor, ConsoleError> {
    let caller = proof.caller(http, worker).await?;
    let _taken = count(http, worker, caller.key(), Some(Class::Read)).await.map_err(ApiError::from)?;
    let actor = actor(http, worker, &caller);
    match session::administrator(caller) {
        Ok(_) => Ok(actor),
        Err(error) => {
            let witness = Witness { actor: Some(actor), tenant: None };
            witness.tell(&worker.services.audit, http, Some(error.code()));
            Err(error)
        }
    }
}

/// Ends the session.
pub(super) async fn sign_out(http: HttpRequest, sent: OfSession) -> Result<HttpResponse, ConsoleError> {
    let worker = worker(&http)?;
    session::end(worker, &sent.secret, &sent.actor).await?;
    let mut response = see_other(&format!("{ROOT}/sign-in"), None);
    if let Some(cookie) = cookie::clear(worker.is_over_tls) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

fn page(access_key_id: &str, refusal: Option<String>) -> SignInPage<'_> {
    SignInPage { frame: Frame::of_nobody("Sign in"), refusal, access_key_id }
}
