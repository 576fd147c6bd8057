//! One tenant: what it is, what needs a person, and the way to everything that is its own.

mod details;
mod erasing;
mod standing;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use cams_api::identifiers::CustSpaceId;

use super::badge::Badge;
use super::error::ConsoleError;
use super::fields::Fields;
use super::limits::OwnLimits;
use super::needs::NeedShown;
use super::page::{Frame, Section, html};
use super::routes::Routes;
use super::tenants::home_of;
use super::traffic::TrafficShown;
use super::visit::Visit;
use crate::admin::credentials::{self, CredentialView};
use crate::admin::endpoints::{self, EndpointView};
use crate::admin::keys::{self, KeyView, ListKeys};
use crate::admin::numbers::{self, NumberView};
use crate::admin::tenants::{self, Status, TenantView};
use crate::admin::{AdminContext, Paging, View, attention, limits, traffic};

/// How many of a tenant's own are shown before its page sends to their list.
const MOST_SHOWN: usize = 10;

/// The pages of what a tenant is and how it stands.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .page("/tenants/{cust_space_id}", show)
        .page("/tenants/{cust_space_id}/edit", details::show)
        .form("/tenants/{cust_space_id}/edit", details::save)
        .page("/tenants/{cust_space_id}/suspend", standing::ask)
        .form("/tenants/{cust_space_id}/suspend", standing::suspend)
        .form("/tenants/{cust_space_id}/resume", standing::resume)
        .page("/tenants/{cust_space_id}/erase", erasing::ask)
        .form("/tenants/{cust_space_id}/erase", erasing::erase)
}

#[derive(Template)]
#[template(path = "console/tenant.html")]
struct OverviewPage {
    frame: Frame,
    /// Why a form of this page did nothing.
    fields: Fields,
    tenant: TenantView,
    revision: i64,
    needs: Vec<NeedShown>,
    numbers: Vec<NumberView>,
    credential: CredentialView,
    limits: OwnLimits,
    endpoints: Vec<EndpointView>,
    /// Those that may act for it; of whoever may not see keys, none.
    keys: Option<Vec<KeyView>>,
    traffic: TrafficShown,
}

impl OverviewPage {
    fn home(&self) -> String {
        home_of(&self.tenant.cust_space_id)
    }
}

/// The page.
pub(super) async fn show(visit: Visit<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    overview(&visit, StatusCode::OK, Fields::default()).await
}

async fn overview(
    visit: &Visit<CustSpaceId>,
    status: StatusCode,
    fields: Fields,
) -> Result<HttpResponse, ConsoleError> {
    let (ctx, id) = (&visit.ctx, &visit.path);
    let tenant = tenants::get(ctx, id).await?;
    let frame = visit.frame(Section::Tenants, &tenant.name);
    let numbers = numbers::list(ctx, id, Paging::default()).await?.data;
    let credential = credentials::get(ctx, id).await?;
    let endpoints = endpoints::list(ctx, Some(id), Paging::default()).await?.data;
    let page = OverviewPage {
        fields,
        revision: revision(&tenant),
        needs: attention::of_tenant(ctx, id).await?.needs.into_iter().map(NeedShown::from).collect(),
        limits: OwnLimits::of(&limits::get(ctx, id).await?, limits::defaults(ctx)),
        keys: if frame.sees_all { Some(keys_of(ctx, id).await?) } else { None },
        traffic: traffic::of_day(ctx, Some(id)).await?.into(),
        frame,
        tenant,
        numbers,
        credential,
        endpoints,
    };
    Ok(html(HttpResponseBuilder::new(status), &page))
}

async fn keys_of(ctx: &AdminContext, id: &CustSpaceId) -> Result<Vec<KeyView>, ConsoleError> {
    Ok(keys::list(ctx, ListKeys::of(id)).await?.data)
}

/// The revision that a page shows, for the form that decides on it.
pub(super) fn revision(view: &impl View) -> i64 {
    view.revision().map_or(0, |revision| revision.0)
}
