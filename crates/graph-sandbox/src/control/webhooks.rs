//! How webhooks are sent.

use std::time::Duration;

use actix_web::web::{Bytes, Data, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

use super::answers::WrongCall;
use super::{ControlError, ControlResult, answer};
use crate::courier;
use crate::engine::Engine;
use crate::state::queue::{Mode, ReleaseOrder};

/// How long a release waits until what it let go has been tried.
const TRYING: Duration = Duration::from_secs(5);

/// What is to be changed; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Setting {
    /// The receiver, by `http`.
    #[schema(pattern = "^http://", example = "http://127.0.0.1:8080/webhooks/graph")]
    url: Option<String>,
    #[schema(inline)]
    mode: Option<Mode>,
    /// How many changes one request carries at most.
    #[schema(minimum = 1, maximum = 1000)]
    batch: Option<usize>,
    /// What signs them.
    secret: Option<String>,
}

/// How webhooks are sent from now on.
#[derive(Serialize, ToSchema)]
pub(crate) struct InForce {
    url: Option<String>,
    mode: Mode,
    batch: usize,
}

/// Which of those held back may go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Release {
    /// At most so many; all, unless told otherwise.
    count: Option<usize>,
    #[serde(default)]
    #[schema(inline)]
    order: ReleaseOrder,
}

/// How many webhooks went.
#[derive(Serialize, ToSchema)]
pub(crate) struct Released {
    sent: usize,
}

/// A payload of any content.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Send {
    #[schema(example = "group_lifecycle_update")]
    field: String,
    /// What the payload's change holds.
    #[schema(value_type = Object)]
    value: Value,
    /// The account; the first, unless told otherwise.
    waba_id: Option<String>,
}

/// What the receiver said.
#[derive(Serialize, ToSchema)]
pub(crate) struct Received {
    #[schema(example = 200)]
    status: u16,
}

/// Say where and how webhooks are sent.
///
/// What is absent stays. A new address or secret lets what waits for another try go at once.
#[utoipa::path(
    put,
    path = "/_sandbox/webhooks",
    tag = "Webhooks",
    operation_id = "SetWebhooks",
    request_body(content = Setting, example = json!({ "mode": "hold" })),
    responses(
        (status = 200, body = InForce, description = "The setting."),
        WrongCall,
    ),
)]
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
    let url = engine.hook.get().url;
    Ok(answer(&engine.change(|state| {
        let queue = &mut state.webhooks;
        queue.mode = new.mode.unwrap_or(queue.mode);
        queue.batch = new.batch.unwrap_or(queue.batch);
        InForce { url, mode: queue.mode, batch: queue.batch.max(1) }
    })))
}

fn check_url(url: &str) -> Result<(), ControlError> {
    let is_http = Url::parse(url).is_ok_and(|url| url.scheme() == "http");
    let wrong = || ControlError::Wrong(format!("url: {url:?} is no http:// address"));
    is_http.then_some(()).ok_or_else(wrong)
}

/// Let held webhooks go.
///
/// Answers when each that goes was tried once.
#[utoipa::path(
    post,
    path = "/_sandbox/webhooks/release",
    tag = "Webhooks",
    operation_id = "ReleaseWebhooks",
    request_body(content = Option<Release>, example = json!({ "order": "lifo" })),
    responses(
        (status = 200, body = Released, description = "How many went."),
        WrongCall,
    ),
)]
pub(crate) async fn release(engine: Data<Engine>, body: Bytes) -> ControlResult {
    let body: &[u8] = if body.is_empty() { b"{}" } else { &body };
    let wrong = |error| ControlError::Wrong(format!("the body: {error}"));
    let asked: Release = serde_json::from_slice(body).map_err(wrong)?;
    let now_ms = engine.nature.now_ms();
    let count = asked.count.unwrap_or(usize::MAX);
    let keys = engine.commit(|state| state.webhooks.release(count, asked.order, now_ms)).await;
    if engine.hook.get().url.is_some() {
        let tried = |state: &crate::state::State| !state.webhooks.is_untried(&keys);
        engine.until(TRYING, tried).await;
    }
    Ok(answer(&Released { sent: keys.len() }))
}

/// Send any payload, signed.
///
/// In the envelope of one account, once, whatever the mode.
#[utoipa::path(
    post,
    path = "/_sandbox/webhooks/send",
    tag = "Webhooks",
    operation_id = "SendWebhook",
    request_body(content = Send, example = json!({ "field": "group_lifecycle_update", "value": { "groups": [] } })),
    responses(
        (status = 200, body = Received, description = "What the receiver said."),
        WrongCall,
    ),
)]
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
    Ok(answer(&Received { status: sent.map_err(unreachable)? }))
}
