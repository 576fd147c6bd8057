//! Headers that a caller may send with any call.

use std::time::Duration;

use actix_web::http::header::HeaderMap;
use cams_api::parameters::ParameterError;
use tokio::time::Instant;

/// The caller's own ID of the request, kept in the log: 8 to 64 of `[A-Za-z0-9-]`; anything else is ignored.
pub(super) fn caller_request_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    ((8..=64).contains(&id.len()) && id.bytes().all(allowed)).then_some(id)
}

/// When the caller's time is over, by `x-request-timeout-ms`: 100 to 60,000.
///
/// # Errors
/// [`ParameterError::Wrong`] where it is there and wrong.
pub(super) fn deadline(headers: &HeaderMap) -> Result<Option<Instant>, ParameterError> {
    const NAME: &str = "x-request-timeout-ms";
    let Some(sent) = headers.get(NAME) else { return Ok(None) };
    let milliseconds = sent.to_str().ok().and_then(|text| text.parse().ok()).filter(|ms| (100..=60_000).contains(ms));
    match milliseconds {
        Some(milliseconds) => Ok(Some(Instant::now() + Duration::from_millis(milliseconds))),
        None => Err(ParameterError::Wrong {
            parameter: NAME.to_owned(),
            value: String::from_utf8_lossy(sent.as_bytes()).chars().take(32).collect(),
            rule: "an integer from 100 to 60000, in milliseconds".to_owned(),
        }),
    }
}
