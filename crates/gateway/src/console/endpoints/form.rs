//! Adding an endpoint, and changing one.

use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use serde_json::{Value, json};
use tenant_store::EndpointId;

use super::secret::{self, Shown};
use super::types::{self, Offered};
use super::{Subject, Whose};
use crate::admin::endpoints::{self, EndpointView};
use crate::api::admin::Place;
use crate::console::error::ConsoleError;
use crate::console::fields::{self, Fields};
use crate::console::notice;
use crate::console::page::{Frame, html};
use crate::console::sent::Sent;
use crate::console::visit::Visit;

#[derive(Template)]
#[template(path = "console/endpoint_form.html")]
struct FormPage {
    frame: Frame,
    whose: Whose,
    /// The endpoint that is changed; `None` where one is added.
    standing: Option<Standing>,
    back: String,
    offered: Vec<Offered>,
    fields: Fields,
}

/// What an endpoint is now.
struct Standing {
    revision: i64,
    endpoint: EndpointView,
}

/// The form for a new one.
pub(super) async fn new<O: Place>(visit: Visit<O>) -> Result<HttpResponse, ConsoleError> {
    Ok(empty(&visit, HttpResponse::Ok(), Fields::default()))
}

/// Adds one, and shows its secret.
pub(super) async fn add<O: Place>(mut sent: Sent<O>) -> Result<HttpResponse, ConsoleError> {
    let mut asked = sent.fields.filled(&["url", "description"]);
    asked.insert("types".to_owned(), types::named(&sent.fields).into());
    let (asked, whose) = (Value::from(asked), Whose::of(&sent.visit.path));
    let tenant = whose.tenant.clone();
    let done = sent
        .done(async move |ctx| {
            let added = endpoints::add(ctx, tenant.as_ref(), fields::read(&asked)?).await;
            added.map_err(types::beside_their_field)
        })
        .await;
    let done = done.map(|done| secret::shown(&sent.visit, whose, &done, Shown::Added));
    sent.or_again(done, async |status, fields| Ok(empty(&sent.visit, HttpResponse::build(status), fields))).await
}

/// The form for one that is there.
pub(super) async fn standing<O: Place>(visit: Visit<(O, EndpointId)>) -> Result<HttpResponse, ConsoleError> {
    filled(&visit, HttpResponse::Ok(), None).await
}

/// Changes it.
pub(super) async fn change<O: Place>(mut sent: Sent<(O, EndpointId)>) -> Result<HttpResponse, ConsoleError> {
    let form = &sent.fields;
    let (url, description) = (form.value("url").trim(), form.text("description"));
    let asked = json!({"url": url, "description": description, "types": types::named(form)});
    let (whose, id) = (Whose::of(&sent.visit.path), sent.visit.path.1);
    let tenant = whose.tenant.clone();
    let done = sent
        .done(async move |ctx| {
            let changed = endpoints::change(ctx, tenant.as_ref(), id, fields::read(&asked)?).await;
            changed.map_err(types::beside_their_field)
        })
        .await;
    let done = done.map(|done| done.leads_to(&whose.at(id), &notice::SAVED));
    sent.or_again(done, async |status, fields| filled(&sent.visit, HttpResponse::build(status), Some(fields)).await)
        .await
}

fn empty<O: Place>(visit: &Visit<O>, response: HttpResponseBuilder, fields: Fields) -> HttpResponse {
    let whose = Whose::of(&visit.path);
    let (frame, back) = (visit.frame(whose.section(), "Add an endpoint"), whose.root());
    let offered = types::offered(whose.tenant.is_some());
    html(response, &FormPage { frame, whose, standing: None, back, offered, fields })
}

/// With what was typed, or else with what stands.
async fn filled<O: Place>(
    visit: &Visit<(O, EndpointId)>,
    response: HttpResponseBuilder,
    typed: Option<Fields>,
) -> Result<HttpResponse, ConsoleError> {
    let subject = Subject::of(visit, visit.path.1).await?;
    let frame = visit.frame(subject.whose.section(), format!("Change the endpoint at {}", subject.name()));
    let is_of_tenant = subject.whose.tenant.is_some();
    let revision = subject.revision();
    let Subject { whose, at: back, endpoint, .. } = subject;
    let fields = typed.unwrap_or_else(|| stands(&endpoint, is_of_tenant));
    let (offered, standing) = (types::offered(is_of_tenant), Some(Standing { revision, endpoint }));
    Ok(html(response, &FormPage { frame, whose, standing, back, offered, fields }))
}

fn stands(endpoint: &EndpointView, is_of_tenant: bool) -> Fields {
    let description = endpoint.description.clone().unwrap_or_default();
    let own = [("url", endpoint.url.clone()), ("description", description)];
    Fields::of(own.into_iter().chain(types::fields(&endpoint.types, is_of_tenant)))
}
