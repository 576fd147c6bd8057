//! Suspending a tenant, and ending that.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use cams_api::identifiers::CustSpaceId;
use serde_json::json;

use super::super::error::ConsoleError;
use super::super::fields::{Fields, read};
use super::super::notice;
use super::super::page::{Frame, Section, html};
use super::super::sent::Sent;
use super::super::visit::Visit;
use super::{home_of, overview, revision};
use crate::admin::tenants::{self, TenantView};

#[derive(Template)]
#[template(path = "console/tenant_suspend.html")]
struct SuspendPage {
    frame: Frame,
    fields: Fields,
    tenant: TenantView,
    home: String,
    revision: i64,
}

/// Asks for the reason, and says what stops working.
pub(super) async fn ask(visit: Visit<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    page(&visit, StatusCode::OK, Fields::default()).await
}

/// Suspends it.
pub(super) async fn suspend(mut sent: Sent<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = sent.visit.path.clone();
    let why = json!({"reason": sent.fields.value("reason")});
    let done = sent.done(async move |ctx| tenants::suspend(ctx, &tenant, read(&why)?).await).await;
    let done = done.map(|done| done.leads_to(&home_of(sent.visit.path.as_str()), &notice::SUSPENDED));
    sent.or_again(done, async |status, fields| page(&sent.visit, status, fields).await).await
}

/// Ends the suspension.
pub(super) async fn resume(mut sent: Sent<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = sent.visit.path.clone();
    let done = sent.done(async move |ctx| tenants::resume(ctx, &tenant).await).await;
    let done = done.map(|done| done.leads_to(&home_of(sent.visit.path.as_str()), &notice::RESUMED));
    sent.or_again(done, async |status, fields| overview(&sent.visit, status, fields).await).await
}

async fn page(visit: &Visit<CustSpaceId>, status: StatusCode, fields: Fields) -> Result<HttpResponse, ConsoleError> {
    let tenant = tenants::get(&visit.ctx, &visit.path).await?;
    let page = SuspendPage {
        frame: visit.frame(Section::Tenants, format!("Suspend {}", tenant.name)),
        fields,
        home: home_of(&tenant.cust_space_id),
        revision: revision(&tenant),
        tenant,
    };
    Ok(html(HttpResponseBuilder::new(status), &page))
}
