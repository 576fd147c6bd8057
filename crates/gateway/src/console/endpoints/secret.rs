//! The secret that deliveries are signed with: shown once, and replaced with an overlap in which both sign.

use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use serde_json::json;
use tenant_store::EndpointId;
use time::OffsetDateTime;

use super::{Subject, Whose};
use crate::admin::endpoints;
use crate::api::admin::Place;
use crate::console::error::ConsoleError;
use crate::console::fields::{self, Fields};
use crate::console::page::{Frame, html};
use crate::console::sent::{Done, Sent};
use crate::console::visit::Visit;

/// How long both secrets may sign, in seconds.
const OVERLAPS: &[(&str, &str)] =
    &[("86400", "for a day"), ("3600", "for an hour"), ("604800", "for a week"), ("0", "not at all: it has leaked")];

#[derive(Template)]
#[template(path = "console/endpoint_rotate.html")]
struct AskPage {
    frame: Frame,
    subject: Subject,
    overlaps: &'static [(&'static str, &'static str)],
    fields: Fields,
}

#[derive(Template)]
#[template(path = "console/endpoint_secret.html")]
struct SecretPage {
    frame: Frame,
    whose: Whose,
    at: String,
    test: String,
    /// `None` where it was shown before.
    secret: Option<String>,
    shown: Shown,
    previous_until: Option<OffsetDateTime>,
}

/// Why a secret is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// The endpoint is new.
    Added,
    /// The secret is.
    Rotated,
}

/// The page that asks how.
pub(super) async fn ask<O: Place>(visit: Visit<(O, EndpointId)>) -> Result<HttpResponse, ConsoleError> {
    page(&visit, HttpResponse::Ok(), Fields::default()).await
}

/// Replaces it, and shows the new one.
pub(super) async fn rotate<O: Place>(mut sent: Sent<(O, EndpointId)>) -> Result<HttpResponse, ConsoleError> {
    let asked = json!({"overlap_seconds": sent.fields.number("overlap_seconds")});
    let (whose, id) = (Whose::of(&sent.visit.path), sent.visit.path.1);
    let tenant = whose.tenant.clone();
    let done = sent
        .done(async move |ctx| endpoints::rotate_secret(ctx, tenant.as_ref(), id, fields::read(&asked)?).await)
        .await;
    let done = done.map(|done| shown(&sent.visit, whose, &done, Shown::Rotated));
    sent.or_again(done, async |status, fields| page(&sent.visit, HttpResponse::build(status), fields).await).await
}

/// The page with the secret that was just made.
pub(super) fn shown<P>(visit: &Visit<P>, whose: Whose, done: &Done, shown: Shown) -> HttpResponse {
    let title = match shown {
        Shown::Added => "The endpoint is added",
        Shown::Rotated => "The endpoint has a new secret",
    };
    let text = |field: &str| done.answer[field].as_str();
    let at = format!("{}/{}", whose.root(), text("endpoint_id").unwrap_or_default());
    let previous_until = text("previous_until")
        .and_then(|text| OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok());
    let (frame, secret) = (visit.frame(whose.section(), title), text("secret").map(str::to_owned));
    html(
        HttpResponse::Ok(),
        &SecretPage { frame, whose, test: format!("{at}/test"), at, secret, shown, previous_until },
    )
}

async fn page<O: Place>(
    visit: &Visit<(O, EndpointId)>,
    response: HttpResponseBuilder,
    fields: Fields,
) -> Result<HttpResponse, ConsoleError> {
    let subject = Subject::of(visit, visit.path.1).await?;
    let frame = visit.frame(subject.whose.section(), format!("Rotate the secret of {}", subject.name()));
    Ok(html(response, &AskPage { frame, subject, overlaps: OVERLAPS, fields }))
}
