//! A tenant's events: the newest first, each as it is delivered.

use actix_web::HttpResponse;
use askama::Template;
use cams_api::events::EventId;
use cams_api::identifiers::CustSpaceId;
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;

use super::error::{ConsoleError, no_page};
use super::legible::{legible, without_links};
use super::list::Shown;
use super::page::{Frame, Section, html};
use super::routes::Routes;
use super::tenants::home_of;
use super::visit::Visit;
use crate::admin::Paging;
use crate::admin::endpoints::{self, EndpointView};
use crate::admin::events::{self, EventView, ListEvents};
use crate::admin::tenants::{self, TenantView};

/// The pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.page("/tenants/{cust_space_id}/events", list).page("/tenants/{cust_space_id}/events/{event_id}", show)
}

#[derive(Template)]
#[template(path = "console/events.html")]
struct EventsPage {
    frame: Frame,
    tenant: TenantView,
    list: Shown<Row>,
}

#[derive(Template)]
#[template(path = "console/event.html")]
struct EventPage {
    frame: Frame,
    tenant: TenantView,
    event: Row,
    endpoints: Vec<EndpointView>,
}

/// An event, to be read by people.
struct Row {
    told: Told,
    /// All of it in JSON, but for invite links, which are shown by nothing but a group's own page.
    json: String,
}

/// What stands around every event.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Told {
    id: String,
    sequence: Option<i64>,
    #[serde(rename = "Type")]
    event_type: String,
    #[serde(with = "time::serde::rfc3339")]
    occurred_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    received_at: OffsetDateTime,
    business_number: Option<String>,
    group_id: Option<String>,
}

impl Row {
    fn read(event: &EventView) -> Option<Self> {
        let mut whole: Value = serde_json::from_str(event.json()).ok()?;
        hide_links(&mut whole);
        Some(Self {
            json: legible(&serde_json::to_string_pretty(&whole).ok()?),
            told: serde_json::from_value(whole).ok()?,
        })
    }
}

fn hide_links(value: &mut Value) {
    match value {
        Value::String(text) => *text = without_links(text).into_owned(),
        Value::Array(members) => members.iter_mut().for_each(hide_links),
        Value::Object(members) => members.values_mut().for_each(hide_links),
        _ => {}
    }
}

/// The list.
async fn list(visit: Visit<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = tenants::get(&visit.ctx, &visit.path).await?;
    let newest = async |asked: ListEvents| events::list(&visit.ctx, &visit.path, asked.newest_first()).await;
    let list = Shown::of(&visit, newest).await?.filter_map(|event| Row::read(&event));
    let frame = visit.frame(Section::Tenants, "Events");
    Ok(html(list.response(), &EventsPage { frame, tenant, list }))
}

/// One event, and where it went.
async fn show(visit: Visit<(CustSpaceId, EventId)>) -> Result<HttpResponse, ConsoleError> {
    let (tenant, id) = &visit.path;
    let event = Row::read(&events::get(&visit.ctx, tenant, *id).await?).ok_or_else(no_page)?;
    let endpoints = endpoints::list(&visit.ctx, Some(tenant), Paging::default()).await?.data;
    let tenant = tenants::get(&visit.ctx, tenant).await?;
    let frame = visit.frame(Section::Tenants, event.told.event_type.clone());
    Ok(html(HttpResponse::Ok(), &EventPage { frame, tenant, event, endpoints }))
}
