//! The list of keys: all of them, and those that may act for one tenant.

use actix_web::HttpResponse;
use askama::Template;
use cams_api::identifiers::CustSpaceId;

use super::words::{self, KeyRow};
use crate::admin::keys::{self, ListKeys};
use crate::admin::tenants::{self, TenantView};
use crate::console::badge::Badge;
use crate::console::error::ConsoleError;
use crate::console::list::Shown;
use crate::console::page::{Frame, Section, html};
use crate::console::tenants::home_of;
use crate::console::visit::Visit;

const STATES: [(&str, &str); 4] = [("", "Any"), ("active", "Active"), ("expired", "Expired"), ("revoked", "Revoked")];

#[derive(Template)]
#[template(path = "console/keys/list.html")]
struct ListPage {
    frame: Frame,
    states: &'static [(&'static str, &'static str)],
    list: Shown<KeyRow>,
}

#[derive(Template)]
#[template(path = "console/keys/of_tenant.html")]
struct OfTenantPage {
    frame: Frame,
    tenant: TenantView,
    /// Where the list stands.
    place: String,
    states: &'static [(&'static str, &'static str)],
    list: Shown<KeyRow>,
}

/// All keys.
pub(in crate::console) async fn show(visit: Visit) -> Result<HttpResponse, ConsoleError> {
    let list = found(&visit, |asked| asked).await?;
    let frame = visit.frame(Section::Keys, "Access keys");
    Ok(html(list.response(), &ListPage { frame, states: &STATES, list }))
}

/// Those that may act for a tenant. Keys are no single tenant's, so they are shown to who administers all.
pub(in crate::console) async fn of_tenant(visit: Visit<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = tenants::get(&visit.ctx, &visit.path).await?;
    let frame = visit.frame(Section::Tenants, format!("Keys of {}", tenant.name));
    let list = if frame.sees_all {
        found(&visit, |asked| ListKeys { cust_space_id: Some(visit.path.to_string()), ..asked }).await?
    } else {
        Shown::default()
    };
    let place = format!("{}/keys", home_of(visit.path.as_str()));
    Ok(html(list.response(), &OfTenantPage { frame, tenant, place, states: &STATES, list }))
}

/// The keys that are asked for, as far as `narrow` lets them be.
async fn found<P>(visit: &Visit<P>, narrow: impl FnOnce(ListKeys) -> ListKeys) -> Result<Shown<KeyRow>, ConsoleError> {
    let list = Shown::of(visit, async |asked: ListKeys| keys::list(&visit.ctx, narrow(asked)).await).await?;
    let Shown { rows, filters, next, first } = list;
    Ok(Shown { rows: words::rows(&visit.ctx, rows).await?, filters, next, first })
}
