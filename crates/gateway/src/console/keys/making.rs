//! A new key.

use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;

use super::form::Form;
use super::secret;
use crate::admin::keys;
use crate::console::error::ConsoleError;
use crate::console::fields;
use crate::console::page::{Frame, Section, html};
use crate::console::sent::Sent;
use crate::console::visit::Visit;

#[derive(Template)]
#[template(path = "console/keys/new.html")]
struct NewPage {
    frame: Frame,
    form: Form,
}

/// The form; for the tenant that the address names.
pub(in crate::console) async fn show(visit: Visit) -> Result<HttpResponse, ConsoleError> {
    let tenant = visit.filters().given("cust_space_id").map(str::to_owned);
    Ok(page(&visit, HttpResponse::Ok(), Form::new(tenant.as_deref())))
}

/// Makes it, and shows its secret; or shows the form with one more grant, where that is asked for.
pub(in crate::console) async fn make(mut sent: Sent) -> Result<HttpResponse, ConsoleError> {
    let form = Form { fields: sent.fields.clone() };
    if sent.fields.given("more").is_some() {
        return Ok(page(&sent.visit, HttpResponse::Ok(), form));
    }
    let (body, placing) = (form.to_create(), form.clone());
    let done = sent.done(async move |ctx| {
        let made = async { keys::create(ctx, fields::read(&body)?).await }.await;
        made.map_err(|error| placing.placed(error))
    });
    let done = done.await;
    let done = done.map(|done| secret::shown(sent.visit.frame(Section::Keys, "The key is made"), &done, false));
    let again = async |status, fields| Ok(page(&sent.visit, HttpResponse::build(status), Form { fields }));
    sent.or_again(done, again).await
}

fn page(visit: &Visit, response: HttpResponseBuilder, form: Form) -> HttpResponse {
    html(response, &NewPage { frame: visit.frame(Section::Keys, "New access key"), form })
}
