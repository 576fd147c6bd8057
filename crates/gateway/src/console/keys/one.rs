//! One key: how it stands, and what to change of it.

use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;

use super::form::Form;
use super::words::{self, KeyRow};
use super::{KEYS, titled};
use crate::admin::keys::{self, AccessKeyId, KeyView, State};
use crate::console::badge::Badge;
use crate::console::error::ConsoleError;
use crate::console::page::{Frame, Section, html};
use crate::console::sent::Sent;
use crate::console::tenant::revision;
use crate::console::visit::Visit;
use crate::console::{fields, notice};

#[derive(Template)]
#[template(path = "console/keys/one.html")]
struct OnePage {
    frame: Frame,
    row: KeyRow,
    revision: i64,
    is_own: bool,
    is_revoked: bool,
    form: Form,
}

/// The page.
pub(in crate::console) async fn show(visit: Visit<AccessKeyId>) -> Result<HttpResponse, ConsoleError> {
    let key = keys::get(&visit.ctx, &visit.path).await?;
    let form = Form::of(&key);
    page(&visit, HttpResponse::Ok(), key, form).await
}

/// Changes it; or shows the form with one more grant, where that is asked for.
pub(in crate::console) async fn change(mut sent: Sent<AccessKeyId>) -> Result<HttpResponse, ConsoleError> {
    let id = sent.visit.path.clone();
    let (before, form) = (keys::get(&sent.visit.ctx, &id).await?, Form { fields: sent.fields.clone() });
    if sent.fields.given("more").is_some() {
        return page(&sent.visit, HttpResponse::Ok(), before, form).await;
    }
    let (body, placing, changed) = (form.to_change(&before), form.clone(), id.clone());
    let done = sent.done(async move |ctx| {
        let done = async { keys::change(ctx, &changed, fields::read(&body)?).await }.await;
        done.map_err(|error| placing.placed(error))
    });
    let done = done.await.map(|done| done.leads_to(&format!("{KEYS}/{}", id.as_str()), &notice::SAVED));
    let again = async |status, fields| {
        let now = keys::get(&sent.visit.ctx, &id).await?;
        page(&sent.visit, HttpResponse::build(status), now, Form { fields }).await
    };
    sent.or_again(done, again).await
}

async fn page(
    visit: &Visit<AccessKeyId>,
    response: HttpResponseBuilder,
    key: KeyView,
    form: Form,
) -> Result<HttpResponse, ConsoleError> {
    let frame = visit.frame(Section::Keys, titled(&key));
    let page = OnePage {
        revision: revision(&key),
        is_own: frame.who.as_ref() == Some(&key.access_key_id),
        is_revoked: key.state == State::Revoked,
        row: words::row(&visit.ctx, key).await?,
        frame,
        form,
    };
    Ok(html(response, &page))
}
