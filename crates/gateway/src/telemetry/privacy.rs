//! What no log line holds whole: phone numbers and invite links.
//!
//! Every text that is logged goes through [`shortened`], in either form of the log and whoever logs it: ourselves,
//! a dependency, or Meta in the words of an error. What is a number of its own is no text, and stays: counts,
//! durations, statuses. Message contents have no form by which they could be found; no type of ours shows them in
//! its `Debug`, and nothing logs them.

use std::borrow::Cow;

use super::phone_numbers::{DIGITS, is_of_word, length_of_date_or_address, length_of_grouped};

/// At most so many digits are shown before the gap: a country's code has up to three.
const SHOWN_BEFORE: usize = 3;
/// So many characters are shown behind the gap, to tell two apart.
const SHOWN_BEHIND: usize = 2;
/// At least so many digits are not shown.
const HIDDEN: usize = 4;

/// What invite links begin with.
pub(crate) const LINK_HOST: &str = "chat.whatsapp.com";
const DOTS_OF_LINK_HOST: usize = 2;

/// Whether the field of this name is shown as it is: it holds nothing but an ID of Meta's or of a call, which the log must
/// show whole to be of use. Some look like phone numbers.
pub(super) fn is_id(field: &str) -> bool {
    matches!(
        field,
        "phone_number_id"
            | "waba_id"
            | "request_id"
            | "caller_request_id"
            | "trace_id"
            | "access_key_id"
            | "unique_code"
            | "fbtrace_id"
    )
}

/// The text with phone numbers (`155…01`) and invite links (`chat.whatsapp.com/…xY`) shortened.
///
/// A phone number is a word of 7 to 15 digits and nothing else, or so many in groups as people write them, so that UUIDs,
/// times and the opaque IDs of groups stay.
pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    if !may_be_shortened(text) {
        return Cow::Borrowed(text);
    }
    let mut kept = Kept { text, short: String::new(), copied: 0 };
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at = match byte {
            b'%' => at + 3,
            _ if !is_of_word(byte) => at + 1,
            _ => {
                let end = at + bytes[at..].iter().take_while(|byte| is_of_word(**byte)).count();
                kept.word(at, end)
            }
        };
    }
    kept.whole()
}

/// Whether there are digits enough for a phone number, or dots enough for the host of invite links. It looks at every byte
/// without a branch, so that it looks at many at once: most texts are neither.
fn may_be_shortened(text: &str) -> bool {
    let (digits, dots) = text.bytes().fold((0, 0), |(digits, dots), byte| {
        (digits + usize::from(byte.is_ascii_digit()), dots + usize::from(byte == b'.'))
    });
    digits >= *DIGITS.start() || dots >= DOTS_OF_LINK_HOST
}

/// What is kept of a text.
struct Kept<'a> {
    text: &'a str,
    /// What is kept of the text up to `copied`; empty where all of it is.
    short: String,
    copied: usize,
}

impl<'a> Kept<'a> {
    /// Looks at the word from `start` to `end`, and says where to go on.
    fn word(&mut self, start: usize, end: usize) -> usize {
        let (before, word, here) = (&self.text[..start], &self.text[start..end], &self.text[start..]);
        let has_plus = before.ends_with('+');
        if let (false, Some(length)) = (has_plus, length_of_date_or_address(here)) {
            return end.max(start + length);
        }
        let grouped = length_of_grouped(here, has_plus);
        if let Some(length) = grouped.or_else(|| is_phone_number(word).then_some(word.len()))
            && !is_fraction(before)
        {
            return self.number(start, start + length);
        }
        match here.strip_prefix(LINK_HOST) {
            Some(rest) => self.link(self.text.len() - rest.len()),
            None => end,
        }
    }

    /// Hides the middle of a phone number, and says where to go on.
    fn number(&mut self, start: usize, end: usize) -> usize {
        let digits = self.text[start..end].bytes().zip(start..end).filter(|(byte, _)| byte.is_ascii_digit());
        let digits: Vec<usize> = digits.map(|(_, at)| at).collect();
        let behind = digits.len() - SHOWN_BEHIND;
        self.hide(digits[SHOWN_BEFORE.min(behind - HIDDEN)], digits[behind]);
        end
    }

    /// Hides what stands behind the host of an invite link, and says where to go on.
    fn link(&mut self, after_host: usize) -> usize {
        let start = after_host + length_of_separators(&self.text[after_host..]);
        let end = start + self.text[start..].bytes().take_while(|byte| is_of_word(*byte)).count();
        if start > after_host && end > start {
            self.hide(start, end - SHOWN_BEHIND.min((end - start) / 2));
        }
        end.max(after_host)
    }

    fn hide(&mut self, from: usize, to: usize) {
        self.short.push_str(&self.text[self.copied..from]);
        self.short.push('…');
        self.copied = to;
    }

    fn whole(mut self) -> Cow<'a, str> {
        if self.short.is_empty() {
            return Cow::Borrowed(self.text);
        }
        self.short.push_str(&self.text[self.copied..]);
        Cow::Owned(self.short)
    }
}

fn is_phone_number(word: &str) -> bool {
    DIGITS.contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether what follows stands behind a decimal point.
fn is_fraction(before: &str) -> bool {
    before.strip_suffix('.').is_some_and(|integer| integer.ends_with(|char: char| char.is_ascii_digit()))
}

/// The slash behind a host, as JSON, `Debug` and a query write it: `/`, `\/`, `\\/`, `%2F`.
fn length_of_separators(text: &str) -> usize {
    let plain = text.trim_start_matches(['\\', '/']);
    let plain = plain.strip_prefix("%2F").or_else(|| plain.strip_prefix("%2f")).unwrap_or(plain);
    text.len() - plain.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_shows_where_it_is_from_and_its_end() {
        for (text, short) in [
            ("15550000001", "155…01"),
            ("+15550000001 is busy", "+155…01 is busy"),
            ("to=\"15550000001\"", "to=\"155…01\""),
            ("15550000001,16505551234;", "155…01,165…34;"),
            ("(\"wa_id\": 16505551234)", "(\"wa_id\": 165…34)"),
            ("to%2B15550000001", "to%2B155…01"),
            ("1234567", "1…67"),
            ("123456789012345", "123…45"),
            ("number 15550000001.", "number 155…01."),
            ("\"+1 631-555-5555\"", "\"+1 63…55\""),
            ("+1 (650) 555-1234 is busy", "+1 (65…34 is busy"),
            ("(650) 555-1234", "(650) …34"),
            ("at 2026-11-21 06:46:33 by 0151 12345678", "at 2026-11-21 06:46:33 by 0151 12…78"),
        ] {
            assert_eq!(shortened(text), short);
        }
    }

    #[test]
    fn the_host_of_links_has_as_many_dots_as_a_text_is_looked_through_for() {
        assert_eq!(LINK_HOST.matches('.').count(), DOTS_OF_LINK_HOST);
    }

    #[test]
    fn an_invite_link_shows_its_last_two_characters() {
        for (text, short) in [
            ("https://chat.whatsapp.com/AbC123dEf-_9", "https://chat.whatsapp.com/…_9"),
            (r"https:\/\/chat.whatsapp.com\/AbC123dEf9", r"https:\/\/chat.whatsapp.com\/…f9"),
            (r#""https:\\/\\/chat.whatsapp.com\\/AbC123dEf9\"}"#, r#""https:\\/\\/chat.whatsapp.com\\/…f9\"}"#),
            ("/x?u=https%3A%2F%2Fchat.whatsapp.com%2FAbC123dEf9", "/x?u=https%3A%2F%2Fchat.whatsapp.com%2F…f9"),
            ("chat.whatsapp.com/A and chat.whatsapp.com/", "chat.whatsapp.com/… and chat.whatsapp.com/"),
            ("chat.whatsapp.com/AbC123/15550000001", "chat.whatsapp.com/…23/155…01"),
        ] {
            assert_eq!(shortened(text), short);
        }
    }

    #[test]
    fn what_is_neither_stays_as_it_is() {
        for text in [
            "",
            "a call failed",
            "0199aa0e-7c1d-7c44-9d0e-8a4f5a1b2c3d",
            "01990123-7123-7123-8123-123456789012",
            "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMToxMjAzNjMwMDAwMDAwMDAwMTEZD",
            "1.234567891s",
            "2026-11-21T06:46:33.123Z",
            "2026-11-21 06:46:33.123456 +00:00",
            "192.168.100.200:8080",
            "HTTP 429 131026",
            "01234567-7123-4123-8123-123456789012",
            "0.123456789",
            "/v1/AddChatGroup",
            "127.0.0.1:65535",
            "code 131215, subcode 249401",
            "US.13491208655302741918",
            "chat.whatsapp.com",
            "50 % of 100",
            "%",
        ] {
            assert!(matches!(shortened(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn any_text_goes_through() {
        for text in ["ü 15550000001 ü", "%ü15550000001", "chat.whatsapp.com/ü", "%2", "…15550000001…"] {
            assert!(!shortened(text).is_empty());
        }
        assert_eq!(shortened("ü 15550000001 ü"), "ü 155…01 ü");
    }
}
