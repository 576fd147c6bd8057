//! What the sandbox knows, what was asked of it, and how to make it forget.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Query};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{ControlError, ControlResult, answer, page, success};
use crate::engine::Engine;
use crate::ids::shortened;
use crate::state::{State, Usage};

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

/// Which calls are asked for.
#[derive(Deserialize)]
pub(crate) struct Span {
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
}

/// `GET /_sandbox/`.
pub(crate) async fn page(engine: Data<Engine>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"))
        .body(page::rendered(&engine))
}

/// `GET /_sandbox/requests`.
pub(crate) async fn requests(engine: Data<Engine>, query: Query<Span>) -> ControlResult {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let message = format!("limit must be from 1 to {MAX_LIMIT}");
        return Err(ControlError::Wrong(message));
    }
    let data = engine.requests.page(query.after, limit);
    Ok(answer(&json!({ "data": data })))
}

/// `GET /_sandbox/state`.
pub(crate) async fn state(engine: Data<Engine>) -> ControlResult {
    let mut shown = engine.look(shown_state);
    let hook = engine.hook.get();
    shown["webhook_receiver"] = json!({ "url": hook.url, "verified": hook.verified });
    Ok(answer(&shown))
}

fn shown_state(state: &State) -> Value {
    json!({
        "wabas": state.wabas,
        "numbers": shown_numbers(state),
        "groups": shown_groups(state),
        "users": state.users,
        "tokens": shown_tokens(state),
        "pins": state.pins,
        "changes_under_way": state.schedule.len(),
        "pending_webhooks": pending_webhooks(state),
    })
}

fn shown_numbers(state: &State) -> Value {
    let shown = state.numbers.iter().map(|(id, number)| {
        json!({
            "phone_number_id": id,
            "waba_id": number.waba_id,
            "display_phone_number": number.display_phone_number,
            "official": number.official,
            "groups_eligible": number.groups_eligible,
            "group_count": number.groups.len(),
        })
    });
    shown.collect()
}

fn shown_groups(state: &State) -> Value {
    let shown = state.groups.iter().map(|(id, group)| {
        let mut shown = json!(group);
        shown["group_id"] = json!(id);
        shown
    });
    shown.collect()
}

fn shown_tokens(state: &State) -> Value {
    let shown = state.tokens.iter().map(|(text, token)| {
        let mut shown = json!(token);
        shown["token"] = shortened(text).into();
        shown
    });
    shown.collect()
}

fn pending_webhooks(state: &State) -> Value {
    let shown = state.webhooks.waiting().map(|(key, item)| {
        let mut shown = Map::new();
        shown.insert("key".to_owned(), key.into());
        shown.insert("waba_id".to_owned(), json!(item.waba_id));
        shown.insert("attempts".to_owned(), item.attempts.into());
        shown.insert("held".to_owned(), item.is_held().into());
        shown.insert("change".to_owned(), item.change.clone());
        Value::Object(shown)
    });
    shown.collect()
}

/// `PUT /_sandbox/usage`: what is absent is told no longer.
pub(crate) async fn set_usage(engine: Data<Engine>, body: Json<Usage>) -> ControlResult {
    let usage = body.into_inner();
    engine.change(|state| state.usage = usage.clone());
    Ok(answer(&json!(usage)))
}

/// `DELETE /_sandbox/state`.
pub(crate) async fn forget(engine: Data<Engine>) -> ControlResult {
    engine.be_born_anew();
    Ok(success())
}
