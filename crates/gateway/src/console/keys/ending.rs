//! A key that is revoked or removed: what stops working is said before it is done.

use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;

use super::words::{self, KeyRow};
use super::{KEYS, titled};
use crate::admin::keys::{self, AccessKeyId, State};
use crate::console::badge::Badge;
use crate::console::error::ConsoleError;
use crate::console::fields::Fields;
use crate::console::notice;
use crate::console::page::{Frame, Section, html};
use crate::console::sent::Sent;
use crate::console::tenant::revision;
use crate::console::visit::Visit;

/// What is done to a key for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Revoke,
    Remove,
}

impl End {
    fn verb(self) -> &'static str {
        match self {
            Self::Revoke => "Revoke",
            Self::Remove => "Remove",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Revoke => "revoke",
            Self::Remove => "remove",
        }
    }
}

#[derive(Template)]
#[template(path = "console/keys/end.html")]
struct EndPage {
    frame: Frame,
    row: KeyRow,
    revision: i64,
    /// Where the form is sent.
    action: String,
    /// What its button says.
    button: String,
    /// Where to go instead.
    back: String,
    is_removal: bool,
    is_active: bool,
    is_own: bool,
    fields: Fields,
}

/// Asks.
pub(in crate::console) async fn ask_to_revoke(visit: Visit<AccessKeyId>) -> Result<HttpResponse, ConsoleError> {
    page(&visit, HttpResponse::Ok(), End::Revoke, Fields::default()).await
}

/// Asks.
pub(in crate::console) async fn ask_to_remove(visit: Visit<AccessKeyId>) -> Result<HttpResponse, ConsoleError> {
    page(&visit, HttpResponse::Ok(), End::Remove, Fields::default()).await
}

/// Revokes it.
pub(in crate::console) async fn revoke(mut sent: Sent<AccessKeyId>) -> Result<HttpResponse, ConsoleError> {
    let id = sent.visit.path.clone();
    let place = format!("{KEYS}/{}", id.as_str());
    let done = sent.done(async move |ctx| keys::revoke(ctx, &id).await).await;
    let done = done.map(|done| done.leads_to(&place, &notice::REVOKED));
    sent.or_again(done, async |status, fields| {
        page(&sent.visit, HttpResponse::build(status), End::Revoke, fields).await
    })
    .await
}

/// Removes it.
pub(in crate::console) async fn remove(mut sent: Sent<AccessKeyId>) -> Result<HttpResponse, ConsoleError> {
    let id = sent.visit.path.clone();
    let done = sent.done(async move |ctx| keys::remove(ctx, &id).await).await;
    let done = done.map(|done| done.leads_to(KEYS, &notice::REMOVED));
    sent.or_again(done, async |status, fields| {
        page(&sent.visit, HttpResponse::build(status), End::Remove, fields).await
    })
    .await
}

async fn page(
    visit: &Visit<AccessKeyId>,
    response: HttpResponseBuilder,
    end: End,
    fields: Fields,
) -> Result<HttpResponse, ConsoleError> {
    let key = keys::get(&visit.ctx, &visit.path).await?;
    let (button, back) = (format!("{} {}", end.verb(), titled(&key)), format!("{KEYS}/{}", key.access_key_id));
    let frame = visit.frame(Section::Keys, format!("{button}?"));
    let page = EndPage {
        revision: revision(&key),
        is_active: key.state == State::Active,
        is_own: frame.who.as_ref() == Some(&key.access_key_id),
        row: words::row(&visit.ctx, key).await?,
        action: format!("{back}/{}", end.path()),
        button,
        back,
        is_removal: end == End::Remove,
        frame,
        fields,
    };
    Ok(html(response, &page))
}
