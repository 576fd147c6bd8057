//! Events that an endpoint gets once more: first how many they are, then to send them.

use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use serde_json::{Value, json};
use tenant_store::{EndpointId, ReplaySize};

use super::{Subject, Whose};
use crate::admin::{AdminError, replays};
use crate::api::admin::Place;
use crate::console::error::ConsoleError;
use crate::console::fields::{self, Fields, in_utc};
use crate::console::notice;
use crate::console::page::{Frame, html};
use crate::console::sent::Sent;
use crate::console::visit::Visit;

/// Which events of a span.
const WHICH: &[(&str, &str)] = &[
    ("missed", "what it missed: not delivered yet, and not on its way"),
    ("failed", "what failed: given up after its last try"),
    ("all", "all, also what was delivered before"),
];

#[derive(Template)]
#[template(path = "console/endpoint_replay.html")]
struct ReplayPage {
    frame: Frame,
    subject: Subject,
    which: &'static [(&'static str, &'static str)],
    fields: Fields,
    size: Option<ReplaySize>,
}

/// The page; with how much it would be, where the address names a span.
pub(super) async fn ask<O: Place>(visit: Visit<(O, EndpointId)>) -> Result<HttpResponse, ConsoleError> {
    let typed = visit.filters();
    if typed.is_empty() {
        let usual = Fields::of([("only", "missed".to_owned())]);
        return page(&visit, HttpResponse::Ok(), usual, None).await;
    }
    let tenant = visit.path.tenant();
    match async { replays::size(&visit.ctx, tenant, visit.path.1, fields::read(&asked(&typed))?).await }.await {
        Ok(size) => page(&visit, HttpResponse::Ok(), typed, Some(size)).await,
        Err(error) => refused(&visit, typed, error).await,
    }
}

/// Sends them.
pub(super) async fn replay<O: Place>(mut sent: Sent<(O, EndpointId)>) -> Result<HttpResponse, ConsoleError> {
    let asked = asked(&sent.fields);
    let (whose, id) = (Whose::of(&sent.visit.path), sent.visit.path.1);
    let tenant = whose.tenant.clone();
    let done = sent.done(async move |ctx| replays::replay(ctx, tenant.as_ref(), id, fields::read(&asked)?).await).await;
    let done = done.map(|done| done.leads_to(&format!("{}/deliveries", whose.at(id)), &notice::REPLAYED));
    sent.or_again(done, async |status, fields| page(&sent.visit, HttpResponse::build(status), fields, None).await).await
}

/// The body of the administrator's API: sequences are numbers there, and times text.
fn asked(form: &Fields) -> Value {
    let point = |name| match form.number(name) {
        Value::String(text) => Value::from(in_utc(&text)),
        other => other,
    };
    let only = form.value("only");
    json!({
        "since": point("since"), "until": point("until"),
        "only_failed": only == "failed", "only_missed": only == "missed",
    })
}

async fn refused<O: Place>(
    visit: &Visit<(O, EndpointId)>,
    typed: Fields,
    error: AdminError,
) -> Result<HttpResponse, ConsoleError> {
    if !matches!(error, AdminError::Invalid(_)) {
        return Err(error.into());
    }
    visit.tell_refused(&error);
    page(visit, HttpResponse::BadRequest(), typed.refused(&error), None).await
}

async fn page<O: Place>(
    visit: &Visit<(O, EndpointId)>,
    response: HttpResponseBuilder,
    fields: Fields,
    size: Option<ReplaySize>,
) -> Result<HttpResponse, ConsoleError> {
    let subject = Subject::of(visit, visit.path.1).await?;
    let frame = visit.frame(subject.whose.section(), format!("Deliver once more to {}", subject.name()));
    Ok(html(response, &ReplayPage { frame, subject, which: WHICH, fields, size }))
}
