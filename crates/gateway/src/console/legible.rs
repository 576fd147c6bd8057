//! Text that others wrote, such as what an endpoint answered: shown as it is, but for what would change how the page around
//! it reads.

use std::borrow::Cow;

use crate::telemetry::privacy::{LINK_HOST, shortened};

/// The text, in which control characters, and those that turn the direction of writing or cannot be seen, stand as their
/// numbers. New lines and tabs stay.
pub(super) fn legible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.replace("\r\n", "\n").chars() {
        if is_harmless(char) { shown.push(char) } else { shown.extend(char.escape_unicode()) }
    }
    shown
}

/// The text, with invite links shortened where it has any: whoever holds one may enter.
pub(super) fn without_links(text: &str) -> Cow<'_, str> {
    if text.contains(LINK_HOST) { shortened(text) } else { text.into() }
}

/// Of formats, by [UAX #9, 2](https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters) those of directions;
/// and those that end a line or are never seen.
fn is_harmless(char: char) -> bool {
    match char {
        '\n' | '\t' => true,
        '\u{061c}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => false,
        other => !other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_turn_or_hide_text_stands_as_its_number() {
        assert_eq!(legible("a\u{202e}b\0c\u{1b}[31m\r\nd\u{85}"), "a\\u{202e}b\\u{0}c\\u{1b}[31m\nd\\u{85}");
        assert_eq!(legible("safe\u{2066}\u{200f}\u{feff}"), "safe\\u{2066}\\u{200f}\\u{feff}");
    }

    #[test]
    fn text_of_any_script_stays() {
        for text in ["שלום", "مرحبا", "日本\t語\n", "👩‍👧", "\u{fffd}", "<script>"] {
            assert_eq!(legible(text), text);
        }
    }
}
