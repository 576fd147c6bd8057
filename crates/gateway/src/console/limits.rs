//! A tenant's own limits, beside those that hold where it has none.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use cams_api::identifiers::CustSpaceId;
use serde_json::json;

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
use crate::limits::DefaultRates;

/// What a limit is without one: calls at the same time.
const AS_MANY_AS_COME: &str = "as many as come";

/// The page and its form.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.page("/tenants/{cust_space_id}/limits", show).form("/tenants/{cust_space_id}/limits", set)
}

/// A tenant's limits, as they are shown.
pub(super) struct OwnLimits(pub(super) [OwnLimit; 3]);

/// One of them.
pub(super) struct OwnLimit {
    /// What it limits.
    pub(super) name: &'static str,
    /// The tenant's own; none where the gateway's holds.
    pub(super) own: Option<String>,
    /// The gateway's.
    pub(super) default: String,
}

impl OwnLimit {
    /// What holds.
    pub(super) fn holds(&self) -> &str {
        self.own.as_deref().unwrap_or(&self.default)
    }
}

impl OwnLimits {
    /// Those of a tenant.
    pub(super) fn of(own: &LimitsView, defaults: &DefaultRates) -> Self {
        let limit = |name, own: Option<String>, default| OwnLimit { name, own, default };
        Self([
            limit("Calls", own.per_tenant.map(|rate| rate.to_string()), defaults.per_tenant.to_string()),
            limit(
                "Calls to Meta for each number",
                own.per_number.map(|rate| rate.to_string()),
                defaults.per_number.to_string(),
            ),
            limit(
                "Calls at the same time, on each replica",
                own.in_flight.map(|calls| calls.to_string()),
                AS_MANY_AS_COME.to_owned(),
            ),
        ])
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
    let fields = Fields::of([
        ("per_tenant", own.per_tenant.map(|rate| rate.to_string()).unwrap_or_default()),
        ("per_number", own.per_number.map(|rate| rate.to_string()).unwrap_or_default()),
        ("in_flight", own.in_flight.map(|calls| calls.to_string()).unwrap_or_default()),
    ]);
    page(&visit, StatusCode::OK, own, fields).await
}

/// Sets all of them.
pub(super) async fn set(mut sent: Sent<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = sent.visit.path.clone();
    let asked = json!({
        "per_tenant": sent.fields.text("per_tenant"),
        "per_number": sent.fields.text("per_number"),
        "in_flight": sent.fields.number("in_flight"),
    });
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
        limits: OwnLimits::of(&own, &limits::defaults(&visit.ctx)),
        revision: revision(&own),
        tenant,
    };
    Ok(html(HttpResponseBuilder::new(status), &page))
}
