//! What makes two events the same one: Meta gives them no ID, and repeats them for seven days.

use aws_lc_rs::digest::{Context, SHA256};
use serde_json::{Value, value::RawValue};

/// SHA-256 over field, phone number ID, and the element's JSON with sorted keys. JSON that has no
/// such form (a lone surrogate, a number without bounds, 128 levels) counts as it is written.
pub(super) fn fingerprint(field: &str, phone_number_id: Option<&str>, element: &RawValue) -> [u8; 32] {
    let mut hash = Context::new(&SHA256);
    for part in [field, phone_number_id.unwrap_or_default()] {
        // The length keeps apart what would run together.
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    match serde_json::from_str(element.get()) {
        Ok(value) => hash_sorted(&mut hash, &value),
        Err(_) => hash.update(element.get().as_bytes()),
    }
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(hash.finish().as_ref());
    fingerprint
}

/// Sorts by itself, since a feature of `serde_json` that any crate may switch on keeps Meta's order.
fn hash_sorted(hash: &mut Context, value: &Value) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            hash.update(b"{");
            for (name, value) in members {
                hash.update(Value::from(name.as_str()).to_string().as_bytes());
                hash.update(b":");
                hash_sorted(hash, value);
                hash.update(b",");
            }
            hash.update(b"}");
        }
        Value::Array(elements) => {
            hash.update(b"[");
            for element in elements {
                hash_sorted(hash, element);
                hash.update(b",");
            }
            hash.update(b"]");
        }
        leaf => hash.update(leaf.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(field: &str, number: &str, json: &str) -> [u8; 32] {
        fingerprint(field, Some(number), serde_json::from_str(json).unwrap())
    }

    #[test]
    fn order_and_spelling_do_not_make_another_event() {
        let one = of("messages", "1", r#"{"a":{"c":"é","b":[1,2]},"d":null}"#);
        let other = of("messages", "1", " { \"d\":null, \"a\":{\"b\":[1, 2],\"c\":\"\\u00e9\"}}");
        assert_eq!(one, other);
    }

    #[test]
    fn field_number_and_content_make_another_event() {
        let one = of("messages", "1", r#"{"a":[1,2]}"#);
        assert_ne!(one, of("message", "s1", r#"{"a":[1,2]}"#));
        assert_ne!(one, of("messages", "2", r#"{"a":[1,2]}"#));
        assert_ne!(one, of("messages", "1", r#"{"a":[2,1]}"#));
        assert_ne!(one, of("messages", "1", r#"{"a":["1",2]}"#));
    }

    #[test]
    fn json_without_a_sorted_form_still_has_a_fingerprint() {
        for json in [r#"{"a":"\ud800"}"#.to_owned(), r#"{"a":1e999}"#.to_owned(), "[".repeat(5000) + &"]".repeat(5000)]
        {
            assert_eq!(of("f", "1", &json), of("f", "1", &json));
            assert_ne!(of("f", "1", &json), of("f", "2", &json));
        }
    }
}
