//! The tenants: searched and filtered, each with how it is.

use std::collections::HashMap;

use actix_web::HttpResponse;
use askama::Template;

use super::ROOT;
use super::badge::Badge;
use super::error::ConsoleError;
use super::fields::Fields;
use super::page::{Frame, Section, html};
use super::visit::Anywhere;
use crate::admin::tenants::{self, ListTenants, ListedTenantView};
use crate::admin::traffic::{self, Counts};
use crate::admin::{AdminError, Listed};

/// What the list is filtered by, in the words of the administrator's API.
const FILTERS: [&str; 3] = ["q", "status", "credential_state"];
const STATUSES: [(&str, &str); 4] =
    [("", "Any"), ("active", "active"), ("pending", "pending"), ("suspended", "suspended")];
const TOKENS: [(&str, &str); 5] =
    [("", "Any"), ("valid", "valid"), ("expiring", "expiring"), ("invalid", "invalid"), ("missing", "missing")];

#[derive(Template)]
#[template(path = "console/tenants.html")]
struct TenantsPage {
    frame: Frame,
    filters: Fields,
    rows: Vec<Row>,
    next: Option<String>,
    first: Option<String>,
}

/// A tenant, with its calls of the last 24 hours.
struct Row {
    listed: ListedTenantView,
    calls: Counts,
}

impl TenantsPage {
    fn is_filtered(&self) -> bool {
        FILTERS.iter().any(|name| self.filters.given(name).is_some())
    }
}

/// The list.
pub(super) async fn list(Anywhere(visit): Anywhere) -> Result<HttpResponse, ConsoleError> {
    let filters = visit.filters();
    let listed = match visit.query::<ListTenants>() {
        Ok(asked) => tenants::list(&visit.ctx, asked).await,
        Err(error) => Err(error),
    };
    let (answer, filters, listed) = match listed {
        Ok(listed) => (HttpResponse::Ok(), filters, listed),
        Err(error @ AdminError::Invalid(_)) => {
            let nothing = Listed { data: Vec::new(), next: None };
            (HttpResponse::BadRequest(), filters.refused(&error), nothing)
        }
        Err(error) => return Err(error.into()),
    };
    let (next, first) = (visit.next(listed.next.as_deref()), visit.first());
    let ids: Vec<String> = listed.data.iter().map(|listed| listed.tenant.cust_space_id.clone()).collect();
    let rows = rows(listed.data, &traffic::of_tenants(&visit.ctx, &ids).await?);
    let frame = visit.frame(Section::Tenants, "Tenants");
    Ok(html(answer, &TenantsPage { frame, filters, rows, next, first }))
}

fn rows(tenants: Vec<ListedTenantView>, calls: &HashMap<String, Counts>) -> Vec<Row> {
    let of = |listed: &ListedTenantView| calls.get(&listed.tenant.cust_space_id).copied().unwrap_or_default();
    tenants.into_iter().map(|listed| Row { calls: of(&listed), listed }).collect()
}

/// Where a tenant's pages stand.
pub(super) fn home_of(cust_space_id: &str) -> String {
    format!("{ROOT}/tenants/{cust_space_id}")
}
