//! How webhooks are sent.

use std::time::Duration;

use actix_web::web::{Bytes, Data, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{ControlError, ControlResult, answer};
use crate::courier;
use crate::engine::Engine;
use crate::state::queue::{Mode, ReleaseOrder};

/// How long a release waits until what it let go has been tried.
const TRYING: Duration = Duration::from_secs(5);

/// What is to be changed; what is absent stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Setting {
    url: Option<String>,
    mode: Option<Mode>,
    batch: Option<usize>,
    secret: Option<String>,
}

/// Which of those held back may go.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    count: Option<usize>,
    #[serde(default)]
    order: ReleaseOrder,
}

/// A payload of any content.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Send {
    field: String,
    value: Value,
    waba_id: Option<String>,
}

/// `PUT /_sandbox/webhooks`.
pub(crate) async fn set(engine: Data<Engine>, body: Json<Setting>) -> ControlResult {
    let new = body.into_inner();
    if let Some(url) = &new.url {
        check_url(url)?;
    }
    if new.batch.is_some_and(|n| !(1..=1000).contains(&n)) {
        let message = "batch must be from 1 to 1000, which is Meta's limit";
        return Err(ControlError::Wrong(message.to_owned()));
    }
    if new.url.is_some() || new.secret.is_some() {
        engine.aim_webhooks(new.url, new.secret);
    }
    let set = engine.change(|state| {
        let queue = &mut state.webhooks;
        queue.mode = new.mode.unwrap_or(queue.mode);
        queue.batch = new.batch.unwrap_or(queue.batch);
        json!({ "mode": queue.mode, "batch": queue.batch.max(1) })
    });
    let url = engine.hook.get().url;
    Ok(answer(&json!({ "url": url, "mode": set["mode"], "batch": set["batch"] })))
}

fn check_url(url: &str) -> Result<(), ControlError> {
    let is_http = Url::parse(url).is_ok_and(|url| url.scheme() == "http");
    let wrong = || ControlError::Wrong(format!("url: {url:?} is no http:// address"));
    is_http.then_some(()).ok_or_else(wrong)
}

/// `POST /_sandbox/webhooks/release`: answers when each that goes was tried once.
pub(crate) async fn release(engine: Data<Engine>, body: Bytes) -> ControlResult {
    let body: &[u8] = if body.is_empty() { b"{}" } else { &body };
    let wrong = |error| ControlError::Wrong(format!("the body: {error}"));
    let asked: Release = serde_json::from_slice(body).map_err(wrong)?;
    let now_ms = engine.nature.now_ms();
    let count = asked.count.unwrap_or(usize::MAX);
    let keys = engine.change(|state| state.webhooks.release(count, asked.order, now_ms));
    if engine.hook.get().url.is_some() {
        let tried = |state: &crate::state::State| !state.webhooks.is_untried(&keys);
        engine.until(TRYING, tried).await;
    }
    Ok(answer(&json!({ "sent": keys.len() })))
}

/// `POST /_sandbox/webhooks/send`.
pub(crate) async fn send(engine: Data<Engine>, body: Json<Send>) -> ControlResult {
    let hook = engine.hook.get();
    let no_url = || ControlError::Wrong("no webhook url is set: PUT /_sandbox/webhooks".to_owned());
    let url = hook.url.ok_or_else(no_url)?;
    let Send { field, value, waba_id } = body.into_inner();
    let first = || engine.look(|state| state.wabas.keys().next().map(ToString::to_string));
    let payload = json!({
        "object": "whatsapp_business_account",
        "entry": [{
            "id": waba_id.or_else(first).unwrap_or_default(),
            "changes": [{ "field": field, "value": value }],
        }],
    });
    let sent = courier::send(&courier::client(), &url, &hook.secret, &payload).await;
    let unreachable = |error| ControlError::Wrong(format!("{url} cannot be reached: {error}"));
    Ok(answer(&json!({ "status": sent.map_err(unreachable)? })))
}
