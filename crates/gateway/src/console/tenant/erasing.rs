//! Erasing a tenant, for good.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use cams_api::identifiers::CustSpaceId;

use super::super::ROOT;
use super::super::error::ConsoleError;
use super::super::fields::Fields;
use super::super::notice;
use super::super::page::{Frame, Section, html};
use super::super::sent::Sent;
use super::super::visit::Visit;
use super::{MOST_SHOWN, home_of, keys_of, revision};
use crate::admin::Paging;
use crate::admin::endpoints::{self, EndpointView};
use crate::admin::keys::KeyView;
use crate::admin::numbers::{self, NumberView};
use crate::admin::tenants::{self, Confirm, TenantView};

#[derive(Template)]
#[template(path = "console/tenant_erase.html")]
struct ErasePage {
    frame: Frame,
    fields: Fields,
    tenant: TenantView,
    home: String,
    revision: i64,
    numbers: Vec<NumberView>,
    endpoints: Vec<EndpointView>,
    /// Those that are named in a grant on it, where the reader sees keys.
    keys: Vec<KeyView>,
}

/// Says what goes, and asks for the tenant's ID.
pub(super) async fn ask(visit: Visit<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    page(&visit, StatusCode::OK, Fields::default()).await
}

/// Erases it.
pub(super) async fn erase(mut sent: Sent<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = sent.visit.path.clone();
    let sure = Confirm::of(sent.fields.given("confirm"));
    let done = sent.done(async move |ctx| tenants::erase(ctx, &tenant, sure).await).await;
    let done = done.map(|done| done.leads_to(&format!("{ROOT}/tenants"), &notice::ERASED));
    sent.or_again(done, async |status, fields| page(&sent.visit, status, fields).await).await
}

async fn page(visit: &Visit<CustSpaceId>, status: StatusCode, fields: Fields) -> Result<HttpResponse, ConsoleError> {
    let (ctx, id) = (&visit.ctx, &visit.path);
    let tenant = tenants::get(ctx, id).await?;
    let frame = visit.frame(Section::Tenants, format!("Erase {}", tenant.name));
    let mut keys = if frame.sees_all { keys_of(ctx, id).await? } else { Vec::new() };
    // A grant on all tenants stays as it is.
    keys.retain(|key| key.grants.iter().any(|grant| grant.cust_space_ids.iter().any(|named| named == id.as_str())));
    let page = ErasePage {
        frame,
        fields,
        home: home_of(id.as_str()),
        revision: revision(&tenant),
        numbers: numbers::list(ctx, id, Paging::default()).await?.data,
        endpoints: endpoints::list(ctx, Some(id), Paging::default()).await?.data,
        keys,
        tenant,
    };
    Ok(html(HttpResponseBuilder::new(status), &page))
}
