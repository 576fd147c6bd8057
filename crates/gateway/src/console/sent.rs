//! A form that an administrator has sent.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, ORIGIN};
use actix_web::web;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use aws_lc_rs::digest::{SHA256, digest};
use cams_api::Scope;
use serde_json::Value;
use tenant_store::{Actor, Revision};

use super::cookie::Secret;
use super::error::ConsoleError;
use super::fields::Fields;
use super::notice::{self, Notice};
use super::page::see_other;
use super::session;
use super::visit::{Visit, worker};
use crate::admin::{AdminContext, AdminError, Answer};
use crate::api::ApiError;
use crate::api::admin::{Keyed, Place, Reply, to_its_end};

/// The largest form, in bytes.
const LARGEST_FORM: usize = 64 * 1024;
/// Which site a request was made from, as browsers say
/// ([Fetch Metadata](https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header)).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A form about what the path names, from somebody who is signed in: it takes `admin.write` where a look takes `admin.read`.
pub(super) struct Sent<P = ()> {
    /// Who, and about what.
    pub(super) visit: Visit<P>,
    /// What it says.
    pub(super) fields: Fields,
    keyed: Option<Keyed>,
}

/// A form that changes nothing but the session that it is sent in, whatever became of who began that.
pub(super) struct OfSession {
    /// What the browser's cookie holds.
    pub(super) secret: Secret,
    /// Who began the session.
    pub(super) actor: Actor,
}

/// What a form has done.
pub(super) struct Done {
    /// What the administrator's API answers.
    pub(super) answer: Value,
    /// Whether it had been done by the same form before. What is shown once is `null` then.
    pub(super) is_repeated: bool,
}

impl Done {
    /// The answer that leads to the page to look at next, which tells of it.
    pub(super) fn leads_to(&self, path: &str, told: &'static Notice) -> HttpResponse {
        see_other(path, Some(if self.is_repeated { &notice::DONE_BEFORE } else { told }))
    }
}

impl<P> Sent<P> {
    /// Does what the form asks for, once however often it is sent, and to its end also where the browser is closed.
    ///
    /// # Errors
    /// [`Sent::again`] tells the page to show for it.
    pub(super) async fn done<A: Answer>(
        &mut self,
        change: impl AsyncFnOnce(&AdminContext) -> Result<A, AdminError> + 'static,
    ) -> Result<Done, ConsoleError> {
        let (ctx, keyed) = (self.visit.ctx.clone(), self.keyed.take());
        let services = ctx.services.clone();
        let reply = to_its_end(&services, keyed, async move { change(&ctx).await }).await?;
        Ok(match reply {
            Reply::Done(said) => Done { answer: said.body(), is_repeated: false },
            Reply::Replayed(said, _) => Done { answer: said.body(), is_repeated: true },
        })
    }

    /// What is answered where it is `done`; or the page with the form again, for what whoever sent it can mend.
    ///
    /// # Errors
    /// [`ConsoleError`] for all that they cannot, and of `page`.
    pub(super) async fn or_again(
        &self,
        done: Result<HttpResponse, ConsoleError>,
        page: impl AsyncFnOnce(StatusCode, Fields) -> Result<HttpResponse, ConsoleError>,
    ) -> Result<HttpResponse, ConsoleError> {
        match done {
            Ok(response) => Ok(response),
            Err(error) => {
                let (status, fields) = self.again(error)?;
                page(status, fields).await
            }
        }
    }

    /// The form to show again for what whoever sent it can mend, and the status that goes with it.
    ///
    /// # Errors
    /// Everything else.
    pub(super) fn again(&self, error: ConsoleError) -> Result<(StatusCode, Fields), ConsoleError> {
        let told = error.into_mendable()?;
        self.visit.tell_refused(&told);
        let status = StatusCode::from_u16(told.code().1).unwrap_or(StatusCode::BAD_REQUEST);
        Ok((status, self.fields.clone().refused(&told)))
    }
}

impl<P: Place> Sent<P> {
    async fn of(http: &HttpRequest, payload: web::Payload) -> Result<Self, ConsoleError> {
        let mut visit = Visit::of(http, Scope::AdminWrite, false).await?;
        let fields = carried(http, payload, &visit.secret).await?;
        let revision = fields.given("revision").map(|text| text.parse().map_err(|_| ConsoleError::ForeignForm));
        let expected = revision.transpose()?.map(Revision);
        // Nobody else has it yet.
        Rc::get_mut(&mut visit.ctx).ok_or(ConsoleError::ForeignForm)?.expected = expected;
        let keyed = fields.given("form_id").and_then(|id| keyed(http, &visit.ctx, id, &fields));
        Ok(Self { visit, fields, keyed })
    }
}

/// The form's fields, where it comes from a page of this session.
async fn carried(http: &HttpRequest, payload: web::Payload, secret: &Secret) -> Result<Fields, ConsoleError> {
    let fields = Fields::sent(&body(http, payload).await?);
    if secret.made(fields.value("form_token")) { Ok(fields) } else { Err(ConsoleError::ForeignForm) }
}

/// One form, sent twice, has one key; what was changed in it between has another.
fn keyed(http: &HttpRequest, ctx: &AdminContext, form_id: &str, fields: &Fields) -> Option<Keyed> {
    let sum = hex::encode(digest(&SHA256, fields.written().as_bytes()));
    let key = format!("console {form_id:.64} {sum}").parse().ok()?;
    Some(Keyed::of_form(http, &ctx.caller.key().access_key_id, key))
}

impl<P: Place> FromRequest for Sent<P> {
    type Error = ConsoleError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ConsoleError>>>>;

    fn from_request(http: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (http, payload) = (http.clone(), web::Payload::from_request(http, payload));
        Box::pin(async move { Self::of(&http, payload.await.map_err(|_| ConsoleError::ForeignForm)?).await })
    }
}

impl FromRequest for OfSession {
    type Error = ConsoleError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ConsoleError>>>>;

    fn from_request(http: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (http, payload) = (http.clone(), web::Payload::from_request(http, payload));
        Box::pin(async move {
            let worker = worker(&http)?;
            let secret = Secret::sent(&http, worker.is_over_tls).ok_or(ConsoleError::SignedOut)?;
            carried(&http, payload.await.map_err(|_| ConsoleError::ForeignForm)?, &secret).await?;
            let actor = session::begun_by(&http, worker, &secret).await?;
            Ok(Self { secret, actor })
        })
    }
}

/// A form's body, where it was sent from a page of ours.
pub(super) async fn body(http: &HttpRequest, payload: web::Payload) -> Result<web::Bytes, ConsoleError> {
    if !is_from_here(http.headers(), http.connection_info().host()) {
        return Err(ConsoleError::ForeignForm);
    }
    let read = crate::api::read_body(http.headers(), payload, LARGEST_FORM).await;
    Ok(read.map_err(ApiError::from)?)
}

/// Whether the browser says that the form was sent from this site. One that says nothing is no browser of today, and what
/// it sends is told by its token.
fn is_from_here(headers: &HeaderMap, host: &str) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let Some(origin) = headers.get(ORIGIN) else { return true };
    origin.to_str().ok().and_then(|origin| origin.split_once("://")).is_some_and(|(_, from)| from == host)
}
