//! Answers that no handler makes, in the envelope: to what is no request, where `actix-http` writes a bare status line, and
//! to what comes behind a connection's last answer.

use actix_web::HttpResponse;
use cams_api::Code;
use cams_api::envelope::{Envelope, Refusal};
use uuid::Uuid;

/// What `actix-http` writes where the first head of a connection has not come in time.
const TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\n";

/// The statuses with which `actix-http` answers by itself.
const BARE: [(&[u8], Code, &str); 3] = [
    (
        b"HTTP/1.1 400 Bad Request\r\n",
        Code::InvalidParameter,
        "This is no request of HTTP/1.1 that is understood here.",
    ),
    (TOO_SLOW, Code::InvalidParameter, "The head of the request did not come in time."),
    (
        b"HTTP/1.1 431 Request Header Fields Too Large\r\n",
        Code::RequestTooLarge,
        "The head of the request has more than 96 headers, or more than 128 KiB.",
    ),
];

/// The answer in the envelope, where these bytes are one that `actix-http` wrote by itself: the head of an error without
/// a body, which no handler has made, since it has no ID.
pub(super) fn in_envelope(bytes: &[u8]) -> Option<Vec<u8>> {
    let (status, code, message) = BARE.iter().find(|(status, ..)| bytes.starts_with(status))?;
    let has = |part: &str| bytes.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()));
    let is_bare = bytes.ends_with(b"\r\n\r\n") && has("\r\ncontent-length: 0\r\n") && !has("\r\nx-request-id: ");
    is_bare.then(|| write(status, *code, message)).flatten()
}

/// Whether it is for a head that has not come in time that this is answered.
pub(super) fn is_too_slow(bytes: &[u8]) -> bool {
    bytes.starts_with(TOO_SLOW)
}

/// The answer to a request behind the connection's last answer.
pub(super) fn too_late() -> HttpResponse {
    let id = Uuid::now_v7();
    let message = "The connection had its last answer before this request, which was not done: send it on another one.";
    let refusal = Refusal { retry_safe: Some(true), ..Refusal::default() };
    let mut response = HttpResponse::ServiceUnavailable();
    for name in ["x-acs-request-id", "x-request-id"] {
        response.insert_header((name, id.to_string()));
    }
    response.json(Envelope::refused(id, Code::ServiceUnavailable, message, None, refusal))
}

fn write(status: &[u8], code: Code, message: &str) -> Option<Vec<u8>> {
    let id = Uuid::now_v7();
    let body = serde_json::to_vec(&Envelope::refused(id, code, message, None, Refusal::default())).ok()?;
    let length = body.len();
    let headers = format!(
        "content-length: {length}\r\ncontent-type: application/json\r\nconnection: close\r\nx-acs-request-id: {id}\r\nx-request-id: {id}\r\n\r\n"
    );
    tracing::debug!(request_id = %id, message, "what came is no request");
    Some([status, headers.as_bytes(), &body].concat())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::in_envelope;

    #[test]
    fn a_bare_error_is_put_into_the_envelope() {
        let bare = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\ndate: Sun, 22 Nov 2026 07:00:00 GMT\r\n\r\n";
        let answer = String::from_utf8(in_envelope(bare).unwrap()).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 431 ") && head.contains(&format!("content-length: {}", body.len())),
            "{head}"
        );
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["Code"], "RequestTooLarge");
    }

    #[test]
    fn answers_of_handlers_stay_as_they_are() {
        for answer in [
            &b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nx-request-id: 0199\r\n\r\n"[..],
            b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
            b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        ] {
            assert_eq!(in_envelope(answer), None, "{}", answer.escape_ascii());
        }
    }
}
