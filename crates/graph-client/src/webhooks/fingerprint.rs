//! What makes two events the same one: Meta gives them no ID, and repeats them for seven days.

use aws_lc_rs::digest::{Context, SHA256};
use serde_json::{Value, value::RawValue};

/// What an event is about, as far as that tells it from another of the same content.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Subject<'a> {
    /// Meta's ID of the number.
    pub(super) phone_number_id: Option<&'a str>,
    /// The account, where there is no number.
    pub(super) waba_id: Option<&'a str>,
    /// The entry's time in Unix seconds, where the event is a change as a whole: often that is a word, which is told again
    /// when it is true again, while a double has the time that the first had. An element of a list has a time of its own.
    pub(super) entry_time: Option<i64>,
}

/// SHA-256 over field, subject, and the element's JSON with sorted keys. JSON that has no such form (a lone surrogate, a
/// number without bounds, 128 levels) counts as it is written.
pub(super) fn fingerprint(field: &str, subject: Subject<'_>, element: &RawValue) -> [u8; 32] {
    let mut hash = Context::new(&SHA256);
    let Subject { phone_number_id, waba_id, entry_time } = subject;
    let entry_time = entry_time.map(|at| at.to_string());
    let about = [Some(phone_number_id.unwrap_or_default()), waba_id, entry_time.as_deref()];
    for part in [Some(field)].into_iter().chain(about).flatten() {
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
        let subject = Subject { phone_number_id: Some(number), ..Subject::default() };
        fingerprint(field, subject, serde_json::from_str(json).unwrap())
    }

    #[test]
    fn the_same_word_of_another_account_or_at_another_time_is_another_event() {
        let of = |waba_id, entry_time| {
            let json = serde_json::from_str(r#"{"decision":"APPROVED"}"#).unwrap();
            let subject = Subject { waba_id: Some(waba_id), entry_time, ..Subject::default() };
            fingerprint("account_review_update", subject, json)
        };
        assert_eq!(of("200", Some(1)), of("200", Some(1)));
        assert_ne!(of("200", Some(1)), of("201", Some(1)));
        assert_ne!(of("200", Some(1)), of("200", Some(2)));
        assert_ne!(of("200", None), of("200", Some(1)));
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
