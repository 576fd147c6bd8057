//! What the sandbox knows, what was asked of it, and how to make it forget.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Query};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use super::answers::{Success, WrongCall};
use super::{ControlError, ControlResult, answer, page, success};
use crate::engine::Engine;
use crate::hook::HookSettings;
use crate::ids::shortened;
use crate::request_log::LoggedRequest;
use crate::state::{State, Usage};

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

/// Which calls are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Span {
    /// Those after this number, their `seq`.
    #[serde(default)]
    #[param(required = false)]
    after: u64,
    /// At most so many; 100 unless told otherwise.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Calls of Graph.
#[derive(Serialize, ToSchema)]
pub(crate) struct Requests {
    data: Vec<LoggedRequest>,
}

/// All that the sandbox knows.
#[derive(Serialize, ToSchema)]
pub(crate) struct Known {
    /// By their ID.
    #[schema(value_type = Object)]
    wabas: Value,
    #[schema(value_type = Vec<Object>)]
    numbers: Value,
    #[schema(value_type = Vec<Object>)]
    groups: Value,
    /// By their number.
    #[schema(value_type = Object)]
    users: Value,
    #[schema(value_type = Vec<Object>)]
    tokens: Value,
    /// Message templates, by their ID.
    #[schema(value_type = Object)]
    templates: Value,
    /// Uploaded files, by their ID, without their content.
    #[schema(value_type = Object)]
    media: Value,
    /// Pinned messages, by group.
    #[schema(value_type = Object)]
    pins: Value,
    /// How many changes are promised and not yet done.
    changes_under_way: usize,
    #[schema(value_type = Vec<Object>)]
    pending_webhooks: Value,
    webhook_receiver: KnownReceiver,
}

/// Who gets the webhooks.
#[derive(Serialize, ToSchema)]
pub(crate) struct KnownReceiver {
    url: Option<String>,
    /// Whether it answered Meta's challenge; `null` until it was asked.
    verified: Option<bool>,
}

/// Look at the page for people.
///
/// It lists calls, groups, users and what was asked lately.
#[utoipa::path(
    get,
    path = "/_sandbox/",
    tag = "Observation",
    operation_id = "GetPage",
    responses((status = 200, content_type = "text/html", body = String, description = "The page.")),
)]
pub(crate) async fn page(engine: Data<Engine>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"))
        .body(page::rendered(&engine))
}

/// See what was asked of Graph.
///
/// Oldest first; calls whose connection was dropped have `status: null`. The latest 10,000 are kept, until the process ends. Secrets are shortened.
#[utoipa::path(
    get,
    path = "/_sandbox/requests",
    tag = "Observation",
    operation_id = "ListRequests",
    params(Span),
    responses(
        (status = 200, body = Requests, description = "Calls of Graph."),
        WrongCall,
    ),
)]
pub(crate) async fn requests(engine: Data<Engine>, query: Query<Span>) -> ControlResult {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let message = format!("limit must be from 1 to {MAX_LIMIT}");
        return Err(ControlError::Wrong(message));
    }
    let data = engine.requests.page(query.after, limit);
    Ok(answer(&Requests { data }))
}

/// See what the sandbox knows.
///
/// Tokens are shortened.
#[utoipa::path(
    get,
    path = "/_sandbox/state",
    tag = "Observation",
    operation_id = "GetState",
    responses((status = 200, body = Known, description = "Accounts, numbers, groups, users, tokens, and webhooks that wait.")),
)]
pub(crate) async fn state(engine: Data<Engine>) -> ControlResult {
    let HookSettings { url, verified, .. } = engine.hook.get();
    let receiver = KnownReceiver { url, verified };
    Ok(answer(&engine.look(|state| known(state, receiver))))
}

fn known(state: &State, webhook_receiver: KnownReceiver) -> Known {
    Known {
        wabas: json!(state.wabas),
        numbers: shown_numbers(state),
        groups: shown_groups(state),
        users: json!(state.users),
        tokens: shown_tokens(state),
        templates: json!(state.templates),
        media: json!(state.media),
        pins: json!(state.pins),
        changes_under_way: state.schedule.len(),
        pending_webhooks: pending_webhooks(state),
        webhook_receiver,
    }
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
        shown.insert("change".to_owned(), Value::clone(&item.change));
        Value::Object(shown)
    });
    shown.collect()
}

/// Say what usage headers tell.
///
/// `X-App-Usage` and `X-Business-Use-Case-Usage` of later answers; what is absent is told no longer.
#[utoipa::path(
    put,
    path = "/_sandbox/usage",
    tag = "Faults",
    operation_id = "SetUsage",
    request_body(content = Usage, example = json!({ "app": { "call_count": 28, "total_time": 25, "total_cputime": 25 } })),
    responses(
        (status = 200, body = Usage, description = "What is told from now on."),
        WrongCall,
    ),
)]
pub(crate) async fn set_usage(engine: Data<Engine>, body: Json<Usage>) -> ControlResult {
    let usage = body.into_inner();
    engine.commit(|state| state.usage = usage.clone()).await;
    Ok(answer(&usage))
}

/// Let the sandbox be born anew.
///
/// Groups, users, tokens, faults and the log are forgotten; what it was started with comes back.
#[utoipa::path(
    delete,
    path = "/_sandbox/state",
    tag = "Observation",
    operation_id = "ForgetState",
    responses((status = 200, body = Success, description = "Done.")),
)]
pub(crate) async fn forget(engine: Data<Engine>) -> ControlResult {
    engine.be_born_anew().await;
    Ok(success())
}
