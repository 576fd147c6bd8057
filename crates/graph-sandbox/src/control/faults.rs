//! Faults on demand.

use actix_web::web::{Data, Json};
use serde_json::json;

use super::{ControlError, ControlResult, answer};
use crate::engine::Engine;
use crate::faults::Fault;

/// `POST /_sandbox/faults`.
pub(crate) async fn add(engine: Data<Engine>, body: Json<Fault>) -> ControlResult {
    let fault = body.into_inner();
    let status = fault.effect.http_status;
    if fault.effect.is_empty() {
        let message = "say what goes wrong: code, http_status, body, delay_ms, close or drip_ms";
        return Err(ControlError::Wrong(message.to_owned()));
    }
    if fault.count == 0 || status.is_some_and(|status| !(200..=599).contains(&status)) {
        let message = "count must be at least 1, and http_status from 200 to 599";
        return Err(ControlError::Wrong(message.to_owned()));
    }
    Ok(answer(&json!({ "id": engine.faults.add(fault) })))
}

/// `GET /_sandbox/faults`.
pub(crate) async fn list(engine: Data<Engine>) -> ControlResult {
    Ok(answer(&json!({ "data": engine.faults.list() })))
}

/// `DELETE /_sandbox/faults`.
pub(crate) async fn clear(engine: Data<Engine>) -> ControlResult {
    Ok(answer(&json!({ "removed": engine.faults.clear() })))
}
