//! Home: what needs a person now, and the traffic of the last day.

use actix_web::HttpResponse;
use askama::Template;
use tenant_store::TrafficOrder;

use super::error::ConsoleError;
use super::needs::{self, NeedShown};
use super::page::{Frame, Section, html};
use super::traffic::TrafficShown;
use super::visit::Anywhere;
use crate::admin::tenants::{self, ListTenants};
use crate::admin::traffic::{self, TenantCounts};
use crate::admin::{AdminContext, AdminError, attention};

/// How many tenants stand in a ranking.
const RANKED: i64 = 5;

#[derive(Template)]
#[template(path = "console/home.html")]
struct HomePage {
    frame: Frame,
    /// Whether there is a tenant that the reader may see.
    has_tenants: bool,
    needs: Vec<NeedShown>,
    /// What else there is of these kinds.
    more: Vec<String>,
    traffic: TrafficShown,
    busiest: Vec<TenantCounts>,
    erring: Vec<TenantCounts>,
}

/// The page.
pub(super) async fn show(Anywhere(visit): Anywhere) -> Result<HttpResponse, ConsoleError> {
    let page = read(&visit.ctx, visit.frame(Section::Home, "Home")).await?;
    Ok(html(HttpResponse::Ok(), &page))
}

async fn read(ctx: &AdminContext, frame: Frame) -> Result<HomePage, AdminError> {
    let found = attention::list(ctx).await?;
    let one = ListTenants { limit: Some(1), ..ListTenants::default() };
    Ok(HomePage {
        frame,
        has_tenants: !tenants::list(ctx, one).await?.data.is_empty(),
        needs: found.needs.into_iter().map(NeedShown::from).collect(),
        more: found.more.into_iter().map(needs::more).collect(),
        traffic: traffic::of_day(ctx, None).await?.into(),
        busiest: traffic::first(ctx, TrafficOrder::Calls, RANKED).await?,
        erring: traffic::first(ctx, TrafficOrder::Errors, RANKED).await?,
    })
}
