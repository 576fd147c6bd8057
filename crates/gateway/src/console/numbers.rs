//! A tenant's business numbers: which there are, what Meta says of them; adding, changing, removing.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use cams_api::identifiers::{BusinessNumber, CustSpaceId};
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
use crate::admin::numbers::{self, NumberView};
use crate::admin::tenants::{self, TenantView};
use crate::admin::{Listed, Paging};

type OneNumber = (CustSpaceId, BusinessNumber);

/// The pages and their forms.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .page("/tenants/{cust_space_id}/numbers", list)
        .form("/tenants/{cust_space_id}/numbers", add)
        .page("/tenants/{cust_space_id}/numbers/{business_number}", show)
        .form("/tenants/{cust_space_id}/numbers/{business_number}", change)
        .page("/tenants/{cust_space_id}/numbers/{business_number}/remove", ask)
        .form("/tenants/{cust_space_id}/numbers/{business_number}/remove", remove)
}

#[derive(Template)]
#[template(path = "console/numbers.html")]
struct NumbersPage {
    frame: Frame,
    fields: Fields,
    tenant: TenantView,
    home: String,
    numbers: Vec<NumberView>,
    next: Option<String>,
    first: Option<String>,
    /// Whether what was to be added is somebody's already.
    is_taken: bool,
}

#[derive(Template)]
#[template(path = "console/number.html")]
struct NumberPage {
    frame: Frame,
    fields: Fields,
    tenant: TenantView,
    home: String,
    number: NumberView,
    revision: i64,
    /// Whether somebody else has changed it since the form was opened.
    is_stale: bool,
}

#[derive(Template)]
#[template(path = "console/number_remove.html")]
struct RemovePage {
    frame: Frame,
    fields: Fields,
    tenant: TenantView,
    home: String,
    number: NumberView,
    revision: i64,
    /// Whether the tenant has no other.
    is_last: bool,
}

impl RemovePage {
    fn action(&self) -> String {
        format!("{}/numbers/{}/remove", self.home, self.number.business_number)
    }

    fn button(&self) -> String {
        format!("Remove {}", self.number.business_number)
    }

    fn back(&self) -> String {
        format!("{}/numbers", self.home)
    }
}

/// The tenant's numbers.
pub(super) async fn list(visit: Visit<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let asked = visit.query()?;
    listed(&visit, asked, StatusCode::OK, Fields::default()).await
}

/// Adds one.
pub(super) async fn add(mut sent: Sent<CustSpaceId>) -> Result<HttpResponse, ConsoleError> {
    let tenant = sent.visit.path.clone();
    let typed = |name| sent.fields.given(name).unwrap_or_default();
    let new = json!({
        "business_number": typed("business_number"),
        "phone_number_id": typed("phone_number_id"),
        "waba_id": typed("waba_id"),
    });
    let done = sent.done(async move |ctx| numbers::add(ctx, &tenant, read(&new)?).await).await;
    let place = format!("{}/numbers", home_of(sent.visit.path.as_str()));
    let done = done.map(|done| done.leads_to(&place, &notice::NUMBER_ADDED));
    sent.or_again(done, async |status, fields| listed(&sent.visit, Paging::default(), status, fields).await).await
}

async fn listed(
    visit: &Visit<CustSpaceId>,
    asked: Paging,
    status: StatusCode,
    fields: Fields,
) -> Result<HttpResponse, ConsoleError> {
    let tenant = tenants::get(&visit.ctx, &visit.path).await?;
    let Listed { data: numbers, next } = numbers::list(&visit.ctx, &visit.path, asked).await?;
    let page = NumbersPage {
        frame: visit.frame(Section::Tenants, format!("Numbers of {}", tenant.name)),
        fields,
        home: home_of(&tenant.cust_space_id),
        numbers,
        next: visit.next(next.as_deref()),
        first: visit.first(),
        is_taken: status == StatusCode::CONFLICT,
        tenant,
    };
    Ok(html(HttpResponseBuilder::new(status), &page))
}

/// One number, and what may be changed of it.
pub(super) async fn show(visit: Visit<OneNumber>) -> Result<HttpResponse, ConsoleError> {
    let number = numbers::get(&visit.ctx, &visit.path.0, &visit.path.1).await?;
    let fields = Fields::of([("waba_id", number.waba_id.clone())]);
    one(&visit, number, StatusCode::OK, fields).await
}

/// Changes it.
pub(super) async fn change(mut sent: Sent<OneNumber>) -> Result<HttpResponse, ConsoleError> {
    let (tenant, number) = sent.visit.path.clone();
    let asked = json!({"waba_id": sent.fields.given("waba_id").unwrap_or_default()});
    let done = sent.done(async move |ctx| numbers::change(ctx, &tenant, &number, read(&asked)?).await).await;
    let done = done.map(|done| done.leads_to(&place(&sent.visit.path), &notice::SAVED));
    let again = async |status, fields| {
        let number = numbers::get(&sent.visit.ctx, &sent.visit.path.0, &sent.visit.path.1).await?;
        one(&sent.visit, number, status, fields).await
    };
    sent.or_again(done, again).await
}

async fn one(
    visit: &Visit<OneNumber>,
    number: NumberView,
    status: StatusCode,
    fields: Fields,
) -> Result<HttpResponse, ConsoleError> {
    let tenant = tenants::get(&visit.ctx, &visit.path.0).await?;
    let page = NumberPage {
        frame: visit.frame(Section::Tenants, format!("Number {}", number.business_number)),
        fields,
        home: home_of(&tenant.cust_space_id),
        revision: revision(&number),
        is_stale: status == StatusCode::PRECONDITION_FAILED,
        tenant,
        number,
    };
    Ok(html(HttpResponseBuilder::new(status), &page))
}

/// Says what stops working.
pub(super) async fn ask(visit: Visit<OneNumber>) -> Result<HttpResponse, ConsoleError> {
    asked(&visit, StatusCode::OK, Fields::default()).await
}

/// Removes it.
pub(super) async fn remove(mut sent: Sent<OneNumber>) -> Result<HttpResponse, ConsoleError> {
    let (tenant, number) = sent.visit.path.clone();
    let done = sent.done(async move |ctx| numbers::remove(ctx, &tenant, &number).await).await;
    let place = format!("{}/numbers", home_of(sent.visit.path.0.as_str()));
    let done = done.map(|done| done.leads_to(&place, &notice::REMOVED));
    sent.or_again(done, async |status, fields| asked(&sent.visit, status, fields).await).await
}

async fn asked(visit: &Visit<OneNumber>, status: StatusCode, fields: Fields) -> Result<HttpResponse, ConsoleError> {
    let (ctx, (id, number)) = (&visit.ctx, &visit.path);
    let tenant = tenants::get(ctx, id).await?;
    let number = numbers::get(ctx, id, number).await?;
    let page = RemovePage {
        frame: visit.frame(Section::Tenants, format!("Remove number {}", number.business_number)),
        fields,
        home: home_of(&tenant.cust_space_id),
        revision: revision(&number),
        is_last: numbers::list(ctx, id, Paging::default()).await?.data.len() == 1,
        tenant,
        number,
    };
    Ok(html(HttpResponseBuilder::new(status), &page))
}

fn place((tenant, number): &OneNumber) -> String {
    format!("{}/numbers/{}", home_of(tenant.as_str()), number.as_str())
}
