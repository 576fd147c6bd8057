//! A new secret for a key, with some time in which both work.

use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;
use serde_json::{Value, json};

use super::{secret, titled};
use crate::admin::AdminError;
use crate::admin::keys::{self, AccessKeyId, KeyView, State};
use crate::console::error::ConsoleError;
use crate::console::fields::{self, Fields};
use crate::console::page::{Frame, Section, html};
use crate::console::sent::Sent;
use crate::console::tenant::revision;
use crate::console::visit::Visit;

const OTHER: &str = "other";
const USUAL: &str = "86400";
const OVERLAPS: [(&str, &str); 5] = [
    ("0", "None: the secret of now ends at once, for when it has leaked"),
    ("3600", "One hour"),
    (USUAL, "24 hours"),
    ("604800", "7 days"),
    (OTHER, "Other: the hours below"),
];

#[derive(Template)]
#[template(path = "console/keys/rotate.html")]
struct RotatePage {
    frame: Frame,
    title: String,
    key: KeyView,
    revision: i64,
    is_own: bool,
    is_revoked: bool,
    overlaps: &'static [(&'static str, &'static str)],
    fields: Fields,
}

/// The form.
pub(in crate::console) async fn show(visit: Visit<AccessKeyId>) -> Result<HttpResponse, ConsoleError> {
    page(&visit, HttpResponse::Ok(), Fields::of([("overlap_seconds", USUAL.to_owned())])).await
}

/// Makes the secret, and shows it.
pub(in crate::console) async fn rotate(mut sent: Sent<AccessKeyId>) -> Result<HttpResponse, ConsoleError> {
    let (id, overlap) = (sent.visit.path.clone(), overlap(&sent.fields));
    let done = sent.done(async move |ctx| {
        let body = json!({"overlap_seconds": overlap?});
        keys::rotate(ctx, &id, fields::read(&body)?).await
    });
    let done = done.await.map(|done| {
        let frame = sent.visit.frame(Section::Keys, "The key has a new secret");
        secret::shown(frame, &done, true)
    });
    sent.or_again(done, async |status, fields| page(&sent.visit, HttpResponse::build(status), fields).await).await
}

/// How long both are good, in seconds.
fn overlap(fields: &Fields) -> Result<Value, AdminError> {
    match fields.given("overlap_seconds") {
        None => Err(AdminError::field("overlap_seconds", "one of these")),
        Some(OTHER) => {
            let hours: Option<i64> = fields.given("hours").and_then(|hours| hours.parse().ok());
            let seconds = hours
                .and_then(|hours| hours.checked_mul(3600))
                .filter(|seconds| (0..=i64::from(u32::MAX)).contains(seconds));
            seconds
                .map(Value::from)
                .ok_or_else(|| AdminError::field("hours", "a whole number of hours, at most ten years"))
        }
        Some(_) => Ok(fields.number("overlap_seconds")),
    }
}

async fn page(
    visit: &Visit<AccessKeyId>,
    response: HttpResponseBuilder,
    fields: Fields,
) -> Result<HttpResponse, ConsoleError> {
    let key = keys::get(&visit.ctx, &visit.path).await?;
    let frame = visit.frame(Section::Keys, format!("New secret for {}", titled(&key)));
    let page = RotatePage {
        revision: revision(&key),
        is_own: frame.who.as_ref() == Some(&key.access_key_id),
        is_revoked: key.state == State::Revoked,
        overlaps: &OVERLAPS,
        title: titled(&key).to_owned(),
        frame,
        key,
        fields,
    };
    Ok(html(response, &page))
}
