//! The list of keys: all of them, and those that may act for one tenant.

use actix_web::HttpResponse;
use askama::Template;
use cams_api::identifiers::CustSpaceId;

use super::words::{self, KeyRow};
use crate::admin::keys::{self, ListKeys};
use crate::admin::tenants::{self, TenantView};
use crate::admin::{AdminError, Listed};
use crate::console::badge::Badge;
use crate::console::error::ConsoleError;
use crate::console::fields::Fields;
use crate::console::page::{Frame, Section, html};
use crate::console::visit::Visit;

const STATES: [(&str, &str); 4] = [("", "Any"), ("active", "Active"), ("expired", "Expired"), ("revoked", "Revoked")];

#[derive(Template)]
#[template(path = "console/keys/list.html")]
struct ListPage {
    frame: Frame,
    filters: Fields,
    states: &'static [(&'static str, &'static str)],
    rows: Vec<KeyRow>,
    next: Option<String>,
    first: Option<String>,
}

#[derive(Template)]
#[template(path = "console/keys/of_tenant.html")]
struct OfTenantPage {
    frame: Frame,
    tenant: TenantView,
    /// Where the list stands.
    place: String,
    filters: Fields,
    states: &'static [(&'static str, &'static str)],
    rows: Vec<KeyRow>,
    next: Option<String>,
    first: Option<String>,
}

/// What a list shows.
struct Found {
    rows: Vec<KeyRow>,
    next: Option<String>,
    filters: Fields,
}

/// All keys.
pub(in crate::console) async fn show(visit: Visit) -> Result<HttpResponse, ConsoleError> {
    let (response, Found { rows, next, filters }) = found(&visit, visit.query()).await?;
    let (frame, first) = (visit.frame(Section::Keys, "Access keys"), visit.first());
    Ok(html(response, &ListPage { frame, filters, states: &STATES, rows, next, first }))
}

/// Those that may act for a tenant. Keys are no single tenant's, so they are shown to who administers all.
pub(in crate::console) async fn of_tenant(visit: Visit<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = tenants::get(&visit.ctx, &visit.path).await?;
    let frame = visit.frame(Section::Tenants, format!("Keys of {}", tenant.name));
    let (response, Found { rows, next, filters }) = if frame.sees_all {
        let asked = visit.query::<ListKeys>();
        let of = |asked| ListKeys { cust_space_id: Some(visit.path.to_string()), ..asked };
        found(&visit, asked.map(of)).await?
    } else {
        (HttpResponse::Ok(), Found { rows: Vec::new(), next: None, filters: Fields::default() })
    };
    let (first, place) = (visit.first(), format!("/console/tenants/{}/keys", visit.path));
    Ok(html(response, &OfTenantPage { frame, tenant, place, filters, states: &STATES, rows, next, first }))
}

/// The keys that are asked for; none, with what is wrong, where that cannot be told.
async fn found<P>(
    visit: &Visit<P>,
    asked: Result<ListKeys, AdminError>,
) -> Result<(actix_web::HttpResponseBuilder, Found), ConsoleError> {
    let filters = visit.filters();
    match asked {
        Ok(asked) => {
            let Listed { data, next } = keys::list(&visit.ctx, asked).await?;
            let rows = words::rows(&visit.ctx, data).await?;
            let next = visit.next(next.as_deref());
            Ok((HttpResponse::Ok(), Found { rows, next, filters }))
        }
        Err(error) => {
            let filters = filters.refused(&error);
            Ok((HttpResponse::BadRequest(), Found { rows: Vec::new(), next: None, filters }))
        }
    }
}
