//! Text as PostgreSQL takes it.

use std::borrow::Cow;

use aws_lc_rs::digest;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

/// PostgreSQL's `text` cannot hold NUL, which Meta's JSON can (`\u0000`): it becomes U+FFFD, the replacement character.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// The same for what may be absent.
pub(crate) fn storable_option(text: Option<&str>) -> Option<String> {
    text.map(|text| storable(text).into_owned())
}

/// Text as it is compared where case does not matter: `ß` is `ss`, `ς` is `σ`, and a letter with its accent is one letter
/// however it was written. Upper case first, since several letters of lower case share one of upper case.
pub(crate) fn folded(text: &str) -> String {
    text.nfd().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc().collect()
}

/// JSON for a `$n::text::json` parameter. As a JSON parameter it would go through `jsonb`, which refuses `\u0000`.
pub(crate) fn json_text(value: Option<&Value>) -> Option<String> {
    value.map(Value::to_string)
}

/// Meta's ID of a change as it is kept. It is opaque, and nothing bounds it; one that no index would take is kept as
/// its hash.
pub(crate) fn request_key(request_id: &str) -> String {
    const LONGEST: usize = 256;
    if request_id.len() <= LONGEST {
        return storable(request_id).into_owned();
    }
    format!("sha256:{}", hex::encode(digest::digest(&digest::SHA256, request_id.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::{folded, request_key, storable};

    #[test]
    fn a_long_request_id_is_kept_as_its_hash() {
        assert_eq!(request_key("784D93D0"), "784D93D0");
        assert_eq!(request_key(&"x".repeat(16_000)).len(), "sha256:".len() + 64);
        assert_ne!(request_key(&"x".repeat(16_000)), request_key(&"y".repeat(16_000)));
    }

    #[test]
    fn case_does_not_matter_in_any_script() {
        for (one, other) in [
            ("Straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("ΟΔΟΣ", "οδοσ"),
            ("Ärger", "a\u{308}rger"),
            ("ЗАКАЗ", "заказ"),
            ("\u{fb01}n", "FIN"),
        ] {
            assert_eq!(folded(one), folded(other));
        }
        assert_ne!(folded("e"), folded("é"));
    }

    #[test]
    fn nul_is_replaced_and_all_else_is_kept() {
        assert_eq!(storable("a\0b"), "a\u{fffd}b");
        assert_eq!(storable("🎉 plain"), "🎉 plain");
    }
}
