//! A tenant's own limits, beside those that hold where it has none.

use std::num::NonZeroU32;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use cams_api::identifiers::CustSpaceId;
use serde_json::{Map, Value};
use tenant_store::{Limit, Limits, PerClass};

use super::error::ConsoleError;
use super::fields::{Fields, read};
use super::notice;
use super::page::{Frame, Section, html};
use super::routes::Routes;
use super::sent::Sent;
use super::tenant::revision;
use super::tenants::home_of;
use super::visit::Visit;
use crate::admin::limits::{self, LimitsView};
use crate::admin::tenants::{self, TenantView};
use crate::limits::{DefaultLimits, InForce, in_force};

/// What a limit is without one: calls at the same time.
const AS_MANY_AS_COME: &str = "as many as come";

const CALLS: PerClass<&str> =
    PerClass { all: "Calls", read: "Calls that read", write: "Calls that write", message: "Messages" };
const CALLS_TO_META: PerClass<&str> = PerClass {
    all: "Calls to Meta for each number",
    read: "Calls to Meta that read",
    write: "Calls to Meta that write",
    message: "Messages to Meta",
};

/// The page and its form.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.page("/tenants/{cust_space_id}/limits", show).form("/tenants/{cust_space_id}/limits", set)
}

/// A tenant's limits, as they are shown.
pub(super) struct OwnLimits(pub(super) Vec<OwnLimit>);

/// One of them.
pub(super) struct OwnLimit {
    /// What it limits.
    pub(super) name: &'static str,
    /// What holds.
    pub(super) holds: String,
    /// Whether that says nothing of the tenant's own.
    pub(super) is_default: bool,
    /// The gateway's.
    pub(super) default: String,
}

impl OwnLimits {
    /// Those of a tenant.
    pub(super) fn of(own: &LimitsView, defaults: &DefaultLimits) -> Self {
        let own = own.limits();
        let InForce { per_tenant, per_number } = in_force(&own, defaults);
        let limit = |(name, ((own, holds), default)): (&'static str, ((Option<Limit>, Limit), Limit))| OwnLimit {
            name,
            holds: holds.to_string(),
            is_default: own.is_none() && holds == default,
            default: default.to_string(),
        };
        let of_tenant = CALLS.zip(own.per_tenant.zip(per_tenant).zip(defaults.per_tenant)).into_iter().map(limit);
        let of_number =
            CALLS_TO_META.zip(own.per_number.zip(per_number).zip(defaults.per_number)).into_iter().map(limit);
        let own = own.in_flight.or(own.per_tenant.all.and_then(|own| own.in_flight));
        let (holds, default) = (per_tenant.all.in_flight, defaults.per_tenant.all.in_flight);
        let told = |most: Option<NonZeroU32>| most.map_or(AS_MANY_AS_COME.to_owned(), |calls| calls.to_string());
        let in_flight = OwnLimit {
            name: "Calls at the same time, on each replica",
            holds: told(holds),
            is_default: own.is_none(),
            default: told(default),
        };
        Self(of_tenant.chain(of_number).chain([in_flight]).collect())
    }
}

#[derive(Template)]
#[template(path = "console/limits.html")]
struct LimitsPage {
    frame: Frame,
    fields: Fields,
    tenant: TenantView,
    home: String,
    limits: OwnLimits,
    revision: i64,
}

/// The page.
pub(super) async fn show(visit: Visit<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let own = limits::get(&visit.ctx, &visit.path).await?;
    let limits = own.limits();
    let in_flight = (Limits::IN_FLIGHT, limits.in_flight.map(|calls| calls.to_string()).unwrap_or_default());
    let texts = limits.named().map(|(name, limit)| (name, limit.map(|limit| limit.to_string()).unwrap_or_default()));
    let fields = Fields::of(texts.chain([in_flight]));
    page(&visit, StatusCode::OK, own, fields).await
}

/// Sets all of them.
pub(super) async fn set(mut sent: Sent<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = sent.visit.path.clone();
    let names = Limits::PER_TENANT.into_iter().chain(Limits::PER_NUMBER);
    let mut asked: Map<String, Value> = names.map(|name| (name.to_owned(), sent.fields.text(name))).collect();
    asked.insert(Limits::IN_FLIGHT.to_owned(), sent.fields.number(Limits::IN_FLIGHT));
    let asked = Value::Object(asked);
    let done = sent.done(async move |ctx| limits::set(ctx, &tenant, read(&asked)?).await).await;
    let place = format!("{}/limits", home_of(sent.visit.path.as_str()));
    let done = done.map(|done| done.leads_to(&place, &notice::SAVED));
    let again = async |status, fields| {
        let own = limits::get(&sent.visit.ctx, &sent.visit.path).await?;
        page(&sent.visit, status, own, fields).await
    };
    sent.or_again(done, again).await
}

async fn page(
    visit: &Visit<CustSpaceId>,
    status: StatusCode,
    own: LimitsView,
    fields: Fields,
) -> Result<HttpResponse, ConsoleError> {
    let tenant = tenants::get(&visit.ctx, &visit.path).await?;
    let page = LimitsPage {
        frame: visit.frame(Section::Tenants, format!("Limits of {}", tenant.name)),
        fields,
        home: home_of(&tenant.cust_space_id),
        limits: OwnLimits::of(&own, limits::defaults(&visit.ctx)),
        revision: revision(&own),
        tenant,
    };
    Ok(html(HttpResponseBuilder::new(status), &page))
}
