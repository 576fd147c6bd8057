//! The tenants: searched and filtered, each with how it is.

use actix_web::HttpResponse;
use askama::Template;

use super::ROOT;
use super::badge::Badge;
use super::error::ConsoleError;
use super::list::Shown;
use super::page::{Frame, Section, html};
use super::visit::Anywhere;
use crate::admin::tenants::{self, ListTenants, ListedTenantView};
use crate::admin::traffic::{self, Counts};

const STATUSES: [(&str, &str); 4] =
    [("", "Any"), ("active", "active"), ("pending", "pending"), ("suspended", "suspended")];
const TOKENS: [(&str, &str); 5] =
    [("", "Any"), ("valid", "valid"), ("expiring", "expiring"), ("invalid", "invalid"), ("missing", "missing")];

#[derive(Template)]
#[template(path = "console/tenants.html")]
struct TenantsPage {
    frame: Frame,
    list: Shown<Row>,
}

/// A tenant, with its calls of the last 24 hours.
struct Row {
    listed: ListedTenantView,
    calls: Counts,
}

/// The list.
pub(super) async fn list(Anywhere(visit): Anywhere) -> Result<HttpResponse, ConsoleError> {
    let listed = Shown::of(&visit, async |asked: ListTenants| tenants::list(&visit.ctx, asked).await).await?;
    let ids: Vec<String> = listed.rows.iter().map(|listed| listed.tenant.cust_space_id.clone()).collect();
    let calls = traffic::of_tenants(&visit.ctx, &ids).await?;
    let calls_of = |id: &str| calls.get(id).copied().unwrap_or_default();
    let list = listed.filter_map(|listed| Some(Row { calls: calls_of(&listed.tenant.cust_space_id), listed }));
    let frame = visit.frame(Section::Tenants, "Tenants");
    Ok(html(list.response(), &TenantsPage { frame, list }))
}

/// Where a tenant's pages stand.
pub(super) fn home_of(cust_space_id: &str) -> String {
    format!("{ROOT}/tenants/{cust_space_id}")
}
