//! The idempotency key: a caller's name for one call, under which that call is made once however often it is sent.
//!
//! Over REST it is the header `Idempotency-Key`, over RPC the parameter `ClientToken`.

use std::fmt;

use utoipa::openapi::ObjectBuilder;

use crate::Code;
use crate::value::text_parameter;

/// Codes that every operation that changes something can give where the caller sent a key.
pub const IDEMPOTENCY_CODES: &[Code] = &[Code::IdempotentParameterMismatch, Code::IdempotentProcessing];

/// 1 to 255 characters, whichever they are, but no control characters. Kept for 24 hours.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The longest key, in characters.
    pub const LONGEST: usize = 255;

    fn parse(text: &str) -> Option<Self> {
        let fits = (1..=Self::LONGEST).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    /// The key as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_parameter!(
    IdempotencyKey,
    rule: "1 to 255 characters without control characters, sent once, such as a UUID",
    schema: ObjectBuilder::new()
        .description(Some("The caller's name for this one call."))
        .min_length(Some(1))
        .max_length(Some(Self::LONGEST))
        .pattern(Some(r"^[^\x00-\x1f\x7f-\x9f]+$"))
        .examples(["order-1042-group"])
);

// A caller may have made it of anything: an order, a phone number.
impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(_)")
    }
}

#[cfg(test)]
mod tests {
    use super::IdempotencyKey;

    #[test]
    fn a_key_is_counted_in_characters_and_not_in_bytes() {
        for key in ["a", "order 1042", "\u{fc}", &"\u{1f389}".repeat(255)] {
            assert_eq!(key.parse::<IdempotencyKey>().map(|key| key.as_str().to_owned()).as_deref(), Ok(key));
        }
        for key in ["", &"x".repeat(256), &"\u{1f389}".repeat(256), "a\0b", "a\tb", "a\u{85}b"] {
            assert!(key.parse::<IdempotencyKey>().is_err(), "{key:?}");
        }
    }

    #[test]
    fn a_key_is_not_shown_in_a_log() {
        let key: IdempotencyKey = "16505551234".parse().unwrap();
        assert_eq!(format!("{key:?}"), "IdempotencyKey(_)");
    }
}
