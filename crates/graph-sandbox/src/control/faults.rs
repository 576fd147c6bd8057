//! Faults on demand.

use actix_web::web::{Data, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::WrongCall;
use super::{ControlError, ControlResult, answer};
use crate::engine::Engine;
use crate::faults::Fault;

/// A fault that was added.
#[derive(Serialize, ToSchema)]
pub(crate) struct Added {
    id: u64,
}

/// Faults that wait for calls.
#[derive(Serialize, ToSchema)]
pub(crate) struct Waiting {
    data: Vec<Fault>,
}

/// How many faults were dropped.
#[derive(Serialize, ToSchema)]
pub(crate) struct Removed {
    removed: usize,
}

/// Let the next matching calls fail.
///
/// Say which calls (all, where nothing is said), how often, and what happens: at least one of `code`, `http_status`, `body`, `delay_ms`, `close`, `drip_ms`, `retry_after`, `later`.
#[utoipa::path(
    post,
    path = "/_sandbox/faults",
    tag = "Faults",
    operation_id = "AddFault",
    request_body(content = Fault, example = json!({ "method": "POST", "path": "*/invite_link", "count": 1, "code": 131_016 })),
    responses(
        (status = 200, body = Added, description = "It waits for a call that it fits."),
        WrongCall,
    ),
)]
pub(crate) async fn add(engine: Data<Engine>, body: Json<Fault>) -> ControlResult {
    let fault = body.into_inner();
    let status = fault.effect.http_status;
    if fault.effect.is_empty() {
        let message = "say what goes wrong: code, http_status, body, delay_ms, close, drip_ms, retry_after or later";
        return Err(ControlError::Wrong(message.to_owned()));
    }
    if fault.count == 0 || status.is_some_and(|status| !(200..=599).contains(&status)) {
        let message = "count must be at least 1, and http_status from 200 to 599";
        return Err(ControlError::Wrong(message.to_owned()));
    }
    Ok(answer(&Added { id: engine.faults.add(fault) }))
}

/// See the faults that are still to come.
///
/// Tokens are shortened.
#[utoipa::path(
    get,
    path = "/_sandbox/faults",
    tag = "Faults",
    operation_id = "ListFaults",
    responses((status = 200, body = Waiting, description = "Oldest first.")),
)]
pub(crate) async fn list(engine: Data<Engine>) -> ControlResult {
    Ok(answer(&Waiting { data: engine.faults.list() }))
}

/// Drop all faults.
///
/// Calls that a fault delays go on at once.
#[utoipa::path(
    delete,
    path = "/_sandbox/faults",
    tag = "Faults",
    operation_id = "ClearFaults",
    responses((status = 200, body = Removed, description = "How many there were.")),
)]
pub(crate) async fn clear(engine: Data<Engine>) -> ControlResult {
    Ok(answer(&Removed { removed: engine.faults.clear() }))
}
