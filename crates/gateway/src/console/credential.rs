//! A tenant's token: what Meta says of it, replacing it, asking Meta now, removing it. It is never shown.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use cams_api::identifiers::CustSpaceId;
use serde_json::json;

use super::badge::Badge;
use super::error::ConsoleError;
use super::fields::{Fields, read};
use super::notice;
use super::page::{Frame, Section, html};
use super::routes::Routes;
use super::sent::Sent;
use super::tenant::revision;
use super::tenants::home_of;
use super::visit::Visit;
use crate::admin::credentials::{self, CredentialView, ShownState};
use crate::admin::tenants::{self, TenantView};

/// The page and its forms.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .page("/tenants/{cust_space_id}/credential", show)
        .form("/tenants/{cust_space_id}/credential", set)
        .form("/tenants/{cust_space_id}/credential/check", check)
        .page("/tenants/{cust_space_id}/credential/remove", ask)
        .form("/tenants/{cust_space_id}/credential/remove", remove)
}

#[derive(Template)]
#[template(path = "console/credential.html")]
struct CredentialPage {
    frame: Frame,
    fields: Fields,
    tenant: TenantView,
    home: String,
    credential: CredentialView,
    revision: i64,
    /// Whether Meta can be asked about tokens here.
    can_ask: bool,
}

#[derive(Template)]
#[template(path = "console/credential_remove.html")]
struct RemovePage {
    frame: Frame,
    fields: Fields,
    tenant: TenantView,
    home: String,
    credential: CredentialView,
    revision: i64,
}

impl CredentialPage {
    fn check(&self) -> String {
        format!("{}/credential/check", self.home)
    }
}

impl RemovePage {
    fn action(&self) -> String {
        format!("{}/credential/remove", self.home)
    }

    fn button(&self) -> String {
        format!("Remove the token of {}", self.tenant.name)
    }

    fn back(&self) -> String {
        format!("{}/credential", self.home)
    }
}

/// The page.
pub(super) async fn show(visit: Visit<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    page(&visit, StatusCode::OK, Fields::default()).await
}

/// Stores a token in place of the one before.
pub(super) async fn set(mut sent: Sent<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = sent.visit.path.clone();
    let new = json!({"access_token": sent.fields.given("access_token").unwrap_or_default()});
    let done = sent.done(async move |ctx| credentials::set(ctx, &tenant, read(&new)?).await).await;
    let done = done.map(|done| done.leads_to(&place(&sent.visit.path), &notice::TOKEN_STORED));
    sent.or_again(done, async |status, fields| page(&sent.visit, status, fields).await).await
}

/// Asks Meta about it, now.
pub(super) async fn check(mut sent: Sent<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = sent.visit.path.clone();
    let done = sent.done(async move |ctx| credentials::check(ctx, &tenant).await).await;
    let done = done.map(|done| done.leads_to(&place(&sent.visit.path), &notice::TOKEN_CHECKED));
    sent.or_again(done, async |status, fields| page(&sent.visit, status, fields).await).await
}

async fn page(visit: &Visit<CustSpaceId>, status: StatusCode, fields: Fields) -> Result<HttpResponse, ConsoleError> {
    let tenant = tenants::get(&visit.ctx, &visit.path).await?;
    let credential = credentials::get(&visit.ctx, &visit.path).await?;
    let page = CredentialPage {
        frame: visit.frame(Section::Tenants, format!("Token of {}", tenant.name)),
        fields,
        home: home_of(&tenant.cust_space_id),
        revision: revision(&credential),
        can_ask: credentials::can_ask(&visit.ctx),
        tenant,
        credential,
    };
    Ok(html(HttpResponseBuilder::new(status), &page))
}

/// Says what stops working.
pub(super) async fn ask(visit: Visit<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    asked(&visit, StatusCode::OK, Fields::default()).await
}

/// Removes it.
pub(super) async fn remove(mut sent: Sent<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = sent.visit.path.clone();
    let done = sent.done(async move |ctx| credentials::remove(ctx, &tenant).await).await;
    let done = done.map(|done| done.leads_to(&place(&sent.visit.path), &notice::REMOVED));
    sent.or_again(done, async |status, fields| asked(&sent.visit, status, fields).await).await
}

async fn asked(visit: &Visit<CustSpaceId>, status: StatusCode, fields: Fields) -> Result<HttpResponse, ConsoleError> {
    let tenant = tenants::get(&visit.ctx, &visit.path).await?;
    let credential = credentials::get(&visit.ctx, &visit.path).await?;
    let page = RemovePage {
        frame: visit.frame(Section::Tenants, format!("Remove the token of {}", tenant.name)),
        fields,
        home: home_of(&tenant.cust_space_id),
        revision: revision(&credential),
        tenant,
        credential,
    };
    Ok(html(HttpResponseBuilder::new(status), &page))
}

fn place(tenant: &CustSpaceId) -> String {
    format!("{}/credential", home_of(tenant.as_str()))
}
