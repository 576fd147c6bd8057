//! Headers that a caller may send with any call.

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use cams_api::idempotency::IdempotencyKey;
use cams_api::parameters::{ParameterError, WrongValue};
use tokio::time::Instant;

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The caller's own ID of the request, kept in the log: 8 to 64 of `[A-Za-z0-9-]`; anything else is ignored.
pub(super) fn caller_request_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    ((8..=64).contains(&id.len()) && id.bytes().all(allowed)).then_some(id)
}

/// The caller's name for this one call, by `Idempotency-Key`.
///
/// # Errors
/// [`ParameterError::Wrong`] where it is there and wrong, [`ParameterError::Repeated`] where it was sent twice.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, ParameterError> {
    const NAME: &str = "Idempotency-Key";
    let mut sent = headers.get_all(&IDEMPOTENCY_KEY);
    let Some(first) = sent.next() else { return Ok(None) };
    if sent.next().is_some() {
        return Err(ParameterError::Repeated { parameter: NAME.to_owned() });
    }
    // What is not UTF-8 is as wrong as nothing.
    let text = std::str::from_utf8(first.as_bytes()).unwrap_or_default();
    let wrong = |WrongValue { rule }| ParameterError::Wrong {
        parameter: NAME.to_owned(),
        value: shortened(first),
        rule: rule.to_owned(),
    };
    text.parse().map(Some).map_err(wrong)
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
            value: shortened(sent),
            rule: "an integer from 100 to 60000, in milliseconds".to_owned(),
        }),
    }
}

/// As much of what was sent as a message shows.
fn shortened(sent: &HeaderValue) -> String {
    String::from_utf8_lossy(sent.as_bytes()).chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IDEMPOTENCY_KEY.clone(), HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_key_is_utf_8_and_there_once() {
        let key = |values: &[&[u8]]| idempotency_key(&sent(values));
        assert_eq!(key(&[]), Ok(None));
        assert_eq!(key(&["Bestellung-\u{e4}".as_bytes()]).unwrap().unwrap().as_str(), "Bestellung-\u{e4}");
        for wrong in [&[&b"\xff"[..]][..], &[&b"a\xc3"[..]], &[&b""[..]], &[&b"a"[..], &b"a"[..]]] {
            let told = key(wrong).unwrap_err().to_string();
            assert!(told.contains("`Idempotency-Key`"), "{told}");
        }
    }
}
