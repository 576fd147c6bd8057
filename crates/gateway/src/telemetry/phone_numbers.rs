//! Phone numbers as people write them: digits in groups, `+1 (650) 555-1234`, and what only looks so.

use std::ops::RangeInclusive;

/// A phone number has 7 to 15 digits ([E.164](https://www.itu.int/rec/T-REC-E.164) has 15 at the most).
pub(super) const DIGITS: RangeInclusive<usize> = 7..=15;
/// What stands between two groups has at most so many characters: ` - `, `) (`.
const LONGEST_GAP: usize = 3;

/// Whether the byte may be in the middle of a word, so that no word ends before it.
pub(super) fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// How long the phone number in groups is that the text begins with, in bytes; `None` where it begins with none.
/// `has_plus`: a `+` stands before it. Without one, two groups with a space or dot between them are taken for two numbers
/// and for a decimal.
pub(super) fn length_of_grouped(text: &str, has_plus: bool) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut digits, mut groups, mut is_bound) = (0, 0, 0, has_plus);
    let mut longest = None;
    loop {
        let group = length_of(&bytes[at..], |byte| byte.is_ascii_digit());
        (at, digits, groups) = (at + group, digits + group, groups + 1);
        // Only a country's code has a single digit.
        if group == 0 || (group == 1 && groups > 1) || digits > *DIGITS.end() {
            return longest;
        }
        if groups > 1 && DIGITS.contains(&digits) && (is_bound || groups > 2) && ends_here(&bytes[at..]) {
            longest = Some(at);
        }
        let gap = length_of(&bytes[at..], |byte| b" -()+.".contains(&byte));
        let between = &text[at..at + gap];
        if gap == 0 || gap > LONGEST_GAP || between.contains(". ") {
            return longest;
        }
        is_bound |= between.contains(['-', '(', ')']);
        at += gap;
    }
}

/// How long the date (`2026-11-21`) or the IPv4 address is that the text begins with, in bytes.
pub(super) fn length_of_date_or_address(text: &str) -> Option<usize> {
    let is_digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(date) = text.get(..10)
        && ["19", "20"].contains(&&date[..2])
        && is_digits(&date[..4], 4)
        && ["-", "."].iter().any(|gap| date[4..].starts_with(gap) && date[7..].starts_with(gap))
        && is_digits(&date[5..7], 2)
        && is_digits(&date[8..], 2)
    {
        return Some(date.len());
    }
    let length = length_of(text.as_bytes(), |byte| byte.is_ascii_digit() || byte == b'.');
    let address = text[..length].trim_end_matches('.');
    address.parse::<std::net::Ipv4Addr>().is_ok().then_some(address.len())
}

fn length_of(bytes: &[u8], is_part: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| is_part(**byte)).count()
}

/// Whether a number may end before this: no word goes on, and no time of day.
fn ends_here(rest: &[u8]) -> bool {
    match rest {
        [b':', next, ..] => !next.is_ascii_digit(),
        [next, ..] => !is_of_word(*next),
        [] => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{length_of_date_or_address, length_of_grouped};

    #[test]
    fn a_number_in_groups_is_seen_as_a_whole() {
        for (text, number) in [
            ("1 631-555-5555 is busy", "1 631-555-5555"),
            ("650) 555-1234", "650) 555-1234"),
            ("1 (650) 555-1234,", "1 (650) 555-1234"),
            ("631.555.5555.", "631.555.5555"),
            ("01 23 45 67 89", "01 23 45 67 89"),
            ("0151-12345678", "0151-12345678"),
            ("1 631-555-5555 15550000001", "1 631-555-5555"),
        ] {
            assert_eq!(length_of_grouped(text, false).map(|length| &text[..length]), Some(number));
        }
        assert_eq!(length_of_grouped("49 15112345678", true), Some(14));
    }

    #[test]
    fn other_groups_of_digits_are_no_number() {
        for text in [
            "",
            "15550000001",
            "429 131026",
            "33.123456",
            "131026. 429 000",
            "01990123-7123-7123-8123-123456789012",
            "12345678-1234-1234-1234-1234567890ab",
            "33.123456 +00:00",
            "1 2 3 4 5 6 7 8",
            "1    234    567",
        ] {
            assert_eq!(length_of_grouped(text, false), None, "{text}");
        }
    }

    #[test]
    fn dates_and_addresses_are_told_apart() {
        for (text, length) in [
            ("2026-11-21 06:46:33", Some(10)),
            ("2026.11.21", Some(10)),
            ("192.168.100.200:8080", Some(15)),
            ("192.168.100.200.", Some(15)),
            ("2026-1121", None),
            ("6505-55-12", None),
            ("631.555.5555", None),
            ("ü", None),
        ] {
            assert_eq!(length_of_date_or_address(text), length, "{text}");
        }
    }
}
