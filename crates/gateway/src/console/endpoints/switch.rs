//! Enabling an endpoint, with what it missed; and disabling it.

use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use serde_json::json;
use tenant_store::EndpointId;
use url::form_urlencoded;

use super::{Subject, Whose, show};
use crate::admin::deliveries::Progress;
use crate::admin::endpoints;
use crate::api::admin::Place;
use crate::console::error::ConsoleError;
use crate::console::fields::{self, Fields};
use crate::console::notice;
use crate::console::page::{Frame, html};
use crate::console::sent::Sent;
use crate::console::visit::Visit;

#[derive(Template)]
#[template(path = "console/endpoint_disable.html")]
struct AskPage {
    frame: Frame,
    subject: Subject,
    progress: Progress,
    fields: Fields,
}

/// Enables it, and leads to the replay of what it missed.
pub(super) async fn enable<O: Place>(mut sent: Sent<(O, EndpointId)>) -> Result<HttpResponse, ConsoleError> {
    let (whose, id) = (Whose::of(&sent.visit.path), sent.visit.path.1);
    let tenant = whose.tenant.clone();
    let done = sent.done(async move |ctx| endpoints::enable(ctx, tenant.as_ref(), id).await).await;
    let done = done.map(|done| {
        let missed = done.answer["missed_since"].as_str().map(|since| to_missed(&whose.at(id), since));
        done.leads_to(&missed.unwrap_or_else(|| whose.at(id)), &notice::ENDPOINT_ENABLED)
    });
    sent.or_again(done, async |status, fields| show::page(&sent.visit, HttpResponse::build(status), fields).await).await
}

fn to_missed(at: &str, since: &str) -> String {
    let asked =
        form_urlencoded::Serializer::new(String::new()).extend_pairs([("since", since), ("only", "missed")]).finish();
    format!("{at}/replay?{asked}")
}

/// The page that asks why.
pub(super) async fn ask<O: Place>(visit: Visit<(O, EndpointId)>) -> Result<HttpResponse, ConsoleError> {
    page(&visit, HttpResponse::Ok(), Fields::default()).await
}

/// Disables it.
pub(super) async fn disable<O: Place>(mut sent: Sent<(O, EndpointId)>) -> Result<HttpResponse, ConsoleError> {
    let asked = json!({"reason": sent.fields.value("reason").trim()});
    let (whose, id) = (Whose::of(&sent.visit.path), sent.visit.path.1);
    let tenant = whose.tenant.clone();
    let done =
        sent.done(async move |ctx| endpoints::disable(ctx, tenant.as_ref(), id, fields::read(&asked)?).await).await;
    let done = done.map(|done| done.leads_to(&whose.at(id), &notice::ENDPOINT_DISABLED));
    sent.or_again(done, async |status, fields| page(&sent.visit, HttpResponse::build(status), fields).await).await
}

async fn page<O: Place>(
    visit: &Visit<(O, EndpointId)>,
    response: HttpResponseBuilder,
    fields: Fields,
) -> Result<HttpResponse, ConsoleError> {
    let subject = Subject::of(visit, visit.path.1).await?;
    let frame = visit.frame(subject.whose.section(), format!("Disable the endpoint at {}", subject.name()));
    let progress = subject.progress(visit).await?;
    Ok(html(response, &AskPage { frame, subject, progress, fields }))
}
