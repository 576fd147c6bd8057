//! What the gateway itself is to blame for, as the log has it.

use std::fmt::Debug;

use actix_web::HttpRequest;
use cams_api::Code;

use super::render::{request_id, trace};

/// Tells why a call failed, with its ID and that of its trace.
pub(super) fn tell(http: &HttpRequest, code: Code, reason: &dyn Debug) {
    let trace_id = trace(http).and_then(|trace| trace.id());
    tracing::warn!(request_id = %request_id(http), trace_id, %code, ?reason, "a call failed");
}
