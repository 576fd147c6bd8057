//! A customer that has no tenant yet: the tenant is made, and its onboarding begun, by one form.

use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use cams_api::identifiers::CustSpaceId;

use super::{beginning, progress};
use crate::admin::onboarding;
use crate::console::error::{ConsoleError, no_page};
use crate::console::fields::{self, Fields};
use crate::console::page::{Frame, Section, html};
use crate::console::sent::Sent;
use crate::console::visit::Visit;

#[derive(Template)]
#[template(path = "console/onboarding/new.html")]
struct NewPage {
    frame: Frame,
    fields: Fields,
}

/// The form.
pub(in crate::console) async fn show(visit: Visit) -> Result<HttpResponse, ConsoleError> {
    Ok(page(&visit, HttpResponse::Ok(), Fields::default()))
}

/// Makes the tenant, once for the form, and begins.
pub(in crate::console) async fn begin(mut sent: Sent) -> Result<HttpResponse, ConsoleError> {
    let (mut tenant, beginning) = (sent.fields.filled(&["cust_space_id"]), beginning(&sent.fields));
    tenant.insert("name".to_owned(), sent.fields.value("name").into());
    let (tenant, asked) = (tenant.into(), beginning.clone());
    let made =
        sent.done(async move |ctx| onboarding::take_on(ctx, fields::read(&tenant)?, &fields::read(&asked)?).await);
    let made = match made.await {
        Ok(made) => made,
        Err(error) => {
            let (status, fields) = sent.again(error)?;
            return Ok(page(&sent.visit, HttpResponse::build(status), fields));
        }
    };
    let id = made.answer["cust_space_id"].as_str().and_then(|id| id.parse::<CustSpaceId>().ok()).ok_or_else(no_page)?;
    if made.is_repeated { Ok(progress::shown(&id)) } else { progress::set_off(&mut sent, &id, beginning).await }
}

fn page(visit: &Visit, response: HttpResponseBuilder, fields: Fields) -> HttpResponse {
    html(response, &NewPage { frame: visit.frame(Section::Onboarding, "Onboard a tenant"), fields })
}
