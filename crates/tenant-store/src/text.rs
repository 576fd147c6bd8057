//! Text as PostgreSQL takes it.

use std::borrow::Cow;

use serde_json::Value;

/// PostgreSQL's `text` cannot hold NUL, which Meta's JSON can (`\u0000`): it becomes U+FFFD, the replacement character.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// The same for what may be absent.
pub(crate) fn storable_option(text: Option<&str>) -> Option<String> {
    text.map(|text| storable(text).into_owned())
}

/// JSON for a `$n::text::json` parameter. As a JSON parameter it would go through `jsonb`, which refuses `\u0000`.
pub(crate) fn json_text(value: Option<&Value>) -> Option<String> {
    value.map(Value::to_string)
}

#[cfg(test)]
mod tests {
    use super::storable;

    #[test]
    fn nul_is_replaced_and_all_else_is_kept() {
        assert_eq!(storable("a\0b"), "a\u{fffd}b");
        assert_eq!(storable("🎉 plain"), "🎉 plain");
    }
}
