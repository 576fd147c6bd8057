//! A key for a tenant that was just onboarded, and the call that makes its first invite link.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use cams_api::identifiers::CustSpaceId;
use serde_json::json;

use super::curl::{self, FirstCall};
use super::progress::{self, Forms};
use crate::admin::numbers::{self, NumberView};
use crate::admin::tenants::{self, TenantView};
use crate::admin::{AdminError, Paging, keys};
use crate::console::error::{ConsoleError, no_page};
use crate::console::fields;
use crate::console::page::{Frame, Section, html};
use crate::console::sent::{Done, Sent};
use crate::console::visit::{Visit, worker};

/// Every operation, for this tenant.
const EVERY_OPERATION: &str = "cams:*";

#[derive(Template)]
#[template(path = "console/onboarding/first_key.html")]
struct FirstKeyPage {
    frame: Frame,
    tenant: TenantView,
    access_key_id: String,
    /// `None` where the form was sent before.
    secret: Option<String>,
    /// `None` where there is no secret to call with, or no number to call from.
    curl: Option<String>,
}

/// Makes it, and shows its secret with a call that uses it. A key is no single tenant's, so that takes an administrator of
/// all of them.
pub(in crate::console) async fn make(http: HttpRequest, mut sent: Sent) -> Result<HttpResponse, ConsoleError> {
    let tenant: CustSpaceId = sent.fields.value("cust_space_id").parse().map_err(|_| no_page())?;
    // What the page needs is read before there is a secret that would be lost with it.
    let (view, number) = called(&sent.visit, &tenant).await?;
    let grants = json!([{"cust_space_ids": [&tenant], "scopes": [EVERY_OPERATION]}]);
    let body = json!({"name": sent.fields.value("name"), "grants": grants});
    let base_url = curl::base_url(&http, worker(&http)?);
    let done = sent.done(async move |ctx| keys::create(ctx, fields::read(&body)?).await).await.map(|done| {
        let frame = sent.visit.frame(Section::Onboarding, format!("{} has a key", view.name));
        page(frame, view, number.as_ref(), &done, &base_url)
    });
    let again = async |status, key| {
        let forms = Forms { key, ..Forms::default() };
        progress::page(&sent.visit, &tenant, HttpResponse::build(status), forms).await
    };
    sent.or_again(done, again).await
}

/// The tenant, and the number that its first group is made from: one that may have groups, where there is one.
async fn called(visit: &Visit, tenant: &CustSpaceId) -> Result<(TenantView, Option<NumberView>), AdminError> {
    let view = tenants::get(&visit.ctx, tenant).await?;
    let mut numbers = numbers::list(&visit.ctx, tenant, Paging::default()).await?.data;
    numbers.sort_by_key(|number| number.groups_eligible != Some(true));
    Ok((view, numbers.into_iter().next()))
}

fn page(frame: Frame, tenant: TenantView, number: Option<&NumberView>, done: &Done, base_url: &str) -> HttpResponse {
    let access_key_id = done.answer["access_key_id"].as_str().unwrap_or_default().to_owned();
    let secret = done.answer["access_key_secret"].as_str().map(str::to_owned);
    let call = secret.as_deref().zip(number).map(|(secret, number)| FirstCall {
        base_url,
        access_key_id: &access_key_id,
        secret,
        cust_space_id: &tenant.cust_space_id,
        business_number: &number.business_number,
        subject: &tenant.name,
    });
    let curl = call.map(|call| call.to_shell());
    html(HttpResponse::Ok(), &FirstKeyPage { frame, tenant, access_key_id, secret, curl })
}
