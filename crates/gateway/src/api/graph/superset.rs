//! `request_id` in the answer to every change: clients wait for one where Meta gives none. The event of the change carries
//! both.

use std::collections::BTreeMap;

use actix_web::web::Bytes;
use serde_json::value::RawValue;
use tenant_store::UniqueCode;

/// The body with our ID of the change as its first member, where it has no `request_id` of Meta's. The rest stays as Meta
/// wrote it.
pub(super) fn with_request_id(body: Bytes, unique_code: UniqueCode) -> Bytes {
    let text = body.trim_ascii();
    if text.is_empty() {
        return format!(r#"{{"request_id":"{unique_code}"}}"#).into();
    }
    let Ok(members) = serde_json::from_slice::<BTreeMap<String, &RawValue>>(text) else { return body };
    let Some(rest) = text.strip_prefix(b"{").filter(|_| !members.contains_key("request_id")) else { return body };
    let comma = if members.is_empty() { "" } else { "," };
    [format!(r#"{{"request_id":"{unique_code}"{comma}"#).as_bytes(), rest].concat().into()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ID: &str = "00000000-0000-0000-0000-000000000000";

    fn with(body: &'static str) -> String {
        let bytes = with_request_id(Bytes::from_static(body.as_bytes()), UniqueCode(Uuid::nil()));
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn an_answer_without_a_request_id_gets_ours_and_keeps_the_rest_to_the_byte() {
        assert_eq!(with(""), format!(r#"{{"request_id":"{ID}"}}"#));
        assert_eq!(with(" {} "), format!(r#"{{"request_id":"{ID}"}}"#));
        assert_eq!(
            with(r#"{ "b":1.0, "a" : "é\u00e9"}"#),
            format!(r#"{{"request_id":"{ID}", "b":1.0, "a" : "é\u00e9"}}"#)
        );
    }

    #[test]
    fn metas_own_is_never_replaced() {
        for body in [r#"{"request_id":"R"}"#, r#"{"a":{},"request_id":null}"#, "[1]", "no JSON", "true"] {
            assert_eq!(with(body), body);
        }
    }
}
