//! One endpoint, and a test of it.

use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use tenant_store::EndpointId;

use super::{Subject, Whose};
use crate::admin::deliveries::{self, DeliveryView, ListDeliveries, Progress};
use crate::api::admin::Place;
use crate::console::badge::Badge;
use crate::console::error::ConsoleError;
use crate::console::fields::Fields;
use crate::console::notice;
use crate::console::page::{Frame, html};
use crate::console::sent::Sent;
use crate::console::visit::Visit;

/// How many of its deliveries stand on its page.
const DELIVERIES: i64 = 10;

#[derive(Template)]
#[template(path = "console/endpoint.html")]
struct EndpointPage {
    frame: Frame,
    subject: Subject,
    progress: Progress,
    deliveries: Vec<DeliveryView>,
    fields: Fields,
}

/// The page.
pub(super) async fn show<O: Place>(visit: Visit<(O, EndpointId)>) -> Result<HttpResponse, ConsoleError> {
    page(&visit, HttpResponse::Ok(), Fields::default()).await
}

/// Sends a test event, and leads to its delivery.
pub(super) async fn test<O: Place>(mut sent: Sent<(O, EndpointId)>) -> Result<HttpResponse, ConsoleError> {
    let (whose, id) = (Whose::of(&sent.visit.path), sent.visit.path.1);
    let tenant = whose.tenant.clone();
    let done = sent.done(async move |ctx| deliveries::test(ctx, tenant.as_ref(), id).await).await?;
    let delivery = done.answer["delivery_id"].as_str().unwrap_or_default();
    Ok(done.leads_to(&format!("{}/deliveries/{delivery}", whose.at(id)), &notice::TEST_SENT))
}

/// The page, with why a button of it did nothing.
pub(super) async fn page<O: Place>(
    visit: &Visit<(O, EndpointId)>,
    response: HttpResponseBuilder,
    fields: Fields,
) -> Result<HttpResponse, ConsoleError> {
    let subject = Subject::of(visit, visit.path.1).await?;
    let newest = ListDeliveries::newest(DELIVERIES);
    let listed = deliveries::list(&visit.ctx, subject.whose.tenant.as_ref(), visit.path.1, newest).await?;
    let frame = visit.frame(subject.whose.section(), format!("Endpoint at {}", subject.name()));
    let progress = subject.progress(visit).await?;
    Ok(html(response, &EndpointPage { frame, subject, progress, deliveries: listed.data, fields }))
}
