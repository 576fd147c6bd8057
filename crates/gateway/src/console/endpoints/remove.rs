//! Removing an endpoint.

use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use tenant_store::EndpointId;

use super::{Subject, Whose};
use crate::admin::deliveries::Progress;
use crate::admin::endpoints;
use crate::api::admin::Place;
use crate::console::error::ConsoleError;
use crate::console::fields::Fields;
use crate::console::notice;
use crate::console::page::{Frame, html};
use crate::console::sent::Sent;
use crate::console::visit::Visit;

#[derive(Template)]
#[template(path = "console/endpoint_remove.html")]
struct AskPage {
    frame: Frame,
    subject: Subject,
    progress: Progress,
    fields: Fields,
}

/// The page that says what stops.
pub(super) async fn ask<O: Place>(visit: Visit<(O, EndpointId)>) -> Result<HttpResponse, ConsoleError> {
    page(&visit, HttpResponse::Ok(), Fields::default()).await
}

/// Removes it.
pub(super) async fn remove<O: Place>(mut sent: Sent<(O, EndpointId)>) -> Result<HttpResponse, ConsoleError> {
    let (whose, id) = (Whose::of(&sent.visit.path), sent.visit.path.1);
    let tenant = whose.tenant.clone();
    let done = sent.done(async move |ctx| endpoints::remove(ctx, tenant.as_ref(), id).await).await;
    let done = done.map(|done| done.leads_to(&whose.root(), &notice::REMOVED));
    sent.or_again(done, async |status, fields| page(&sent.visit, HttpResponse::build(status), fields).await).await
}

async fn page<O: Place>(
    visit: &Visit<(O, EndpointId)>,
    response: HttpResponseBuilder,
    fields: Fields,
) -> Result<HttpResponse, ConsoleError> {
    let subject = Subject::of(visit, visit.path.1).await?;
    let frame = visit.frame(subject.whose.section(), format!("Remove the endpoint at {}", subject.name()));
    let progress = subject.progress(visit).await?;
    Ok(html(response, &AskPage { frame, subject, progress, fields }))
}
