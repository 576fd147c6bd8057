//! A key's secret, which is shown on the answer to the form that made it, and never again.

use actix_web::HttpResponse;
use askama::Template;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::console::page::{Frame, html};
use crate::console::sent::Done;

#[derive(Template)]
#[template(path = "console/keys/secret.html")]
struct SecretPage {
    frame: Frame,
    access_key_id: String,
    name: String,
    /// `None` where the form was sent before.
    secret: Option<String>,
    /// Until when the secret before is good; `None` where it no longer is.
    previous_until: Option<OffsetDateTime>,
    is_rotated: bool,
    is_own: bool,
}

/// The page of a key that was just made, or given a new secret.
pub(super) fn shown(frame: Frame, done: &Done, is_rotated: bool) -> HttpResponse {
    let text = |name: &str| done.answer[name].as_str().unwrap_or_default().to_owned();
    let access_key_id = text("access_key_id");
    let page = SecretPage {
        is_own: frame.who.as_deref() == Some(&access_key_id),
        frame,
        name: text("name"),
        secret: done.answer["access_key_secret"].as_str().map(str::to_owned),
        previous_until: instant(&done.answer["previous_until"]),
        access_key_id,
        is_rotated,
    };
    html(HttpResponse::Ok(), &page)
}

fn instant(value: &Value) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(value.as_str()?, &Rfc3339).ok()
}
