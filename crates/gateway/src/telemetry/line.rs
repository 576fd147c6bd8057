//! How one line of the JSON log is written, piece by piece, into a byte buffer.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt::{self, Debug, Write as _};

use time::OffsetDateTime;
use tracing::Level;
use tracing::field::{Field, Visit};

use super::privacy;

thread_local! {
    /// Where a value is formatted before it is written: what is to be shortened may come in pieces.
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
    /// The second of the thread's last line, since 1970, and how it is written: `2026-11-21T14:30:26`.
    static SECOND: Cell<(i64, [u8; SECOND_LENGTH])> = const { Cell::new((i64::MIN, [0; SECOND_LENGTH])) };
}

/// In bytes.
const SECOND_LENGTH: usize = 19;

/// Whether it is one of the line's own keys. A field of such a name gets an underscore behind it, so that no key stands
/// twice.
fn is_reserved(name: &str) -> bool {
    matches!(name, "timestamp" | "level" | "target" | "spans" | "span")
}

/// Opens a line: time in UTC to the millisecond (RFC 3339), level and target.
pub(super) fn begin(line: &mut Vec<u8>, now: OffsetDateTime, level: Level, target: &str) {
    line.extend_from_slice(b"{\"timestamp\":\"");
    timestamp(line, now);
    line.extend_from_slice(b"\",\"level\":\"");
    line.extend_from_slice(level.as_str().as_bytes());
    line.extend_from_slice(b"\",\"target\":");
    string(line, target);
}

/// Closes a line.
pub(super) fn end(line: &mut Vec<u8>) {
    line.extend_from_slice(b"}\n");
}

/// Writes the list of spans, where there are any.
pub(super) fn spans<T>(line: &mut Vec<u8>, spans: impl Iterator<Item = T>, write: impl Fn(&mut Vec<u8>, T)) {
    let mut separator = &b",\"spans\":["[..];
    for span in spans {
        line.extend_from_slice(separator);
        write(line, span);
        separator = b",";
    }
    if separator == b"," {
        line.push(b']');
    }
}

/// Writes one span; `fields` come from [`Fields`].
pub(super) fn span(line: &mut Vec<u8>, name: &str, fields: &[u8]) {
    line.extend_from_slice(b"{\"span\":");
    string(line, name);
    line.extend_from_slice(fields);
    line.push(b'}');
}

/// Writes fields as `,"key":value`, in the order in which they are recorded.
pub(super) struct Fields<'line>(pub(super) &'line mut Vec<u8>);

impl Fields<'_> {
    fn key(&mut self, field: &Field) -> &mut Vec<u8> {
        let name = field.name();
        self.0.push(b',');
        string(self.0, name.strip_prefix("r#").unwrap_or(name));
        if is_reserved(name) {
            self.0.pop();
            self.0.extend_from_slice(b"_\"");
        }
        self.0.push(b':');
        self.0
    }

    fn text(&mut self, field: &Field, text: &str) {
        let line = self.key(field);
        if privacy::is_id(field.name()) { string(line, text) } else { string(line, &privacy::shortened(text)) }
    }

    fn display(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        with_text(|text| {
            // A `Display` that fails ends its own text; the line goes on.
            let _ = text.write_fmt(value);
            self.text(field, text);
        });
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        number(self.key(field), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        number(self.key(field), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        number(self.key(field), value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        number(self.key(field), value);
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        number(self.key(field), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.key(field).extend_from_slice(if value { b"true" } else { b"false" });
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.display(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.display(field, format_args!("{value:?}"));
    }
}

/// The thread's text, emptied; a new one where the thread is at its end, or where the formatting of a value logs
/// something itself.
fn with_text(make: impl FnOnce(&mut String)) {
    let mut make = Some(make);
    let _ = TEXT.try_with(|text| {
        if let Ok(mut text) = text.try_borrow_mut()
            && let Some(make) = make.take()
        {
            text.clear();
            make(&mut text);
        }
    });
    if let Some(make) = make {
        make(&mut String::new());
    }
}

/// What `serde_json` makes of a number; `null` for what JSON has no number for, such as NaN.
fn number(line: &mut Vec<u8>, value: impl serde::Serialize) {
    written(&serde_json::to_writer(line, &value));
}

fn string(line: &mut Vec<u8>, text: &str) {
    if is_plain(text) {
        line.reserve(text.len() + 2);
        line.push(b'"');
        line.extend_from_slice(text.as_bytes());
        line.push(b'"');
    } else {
        written(&serde_json::to_writer(line, text));
    }
}

/// Whether JSON has the text as it is ([RFC 8259, section 7](https://www.rfc-editor.org/rfc/rfc8259#section-7)): eight bytes at
/// a time, since all texts of all lines are looked at.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_escaped = |word: &[u8; 8]| has_escaped(u64::from_le_bytes(*word));
    match bytes.last_chunk() {
        // What is left of whole words is looked at with what stands before it.
        Some(last) => !bytes.as_chunks().0.iter().any(is_escaped) && !is_escaped(last),
        None => !bytes.iter().any(|byte| *byte < b' ' || matches!(byte, b'"' | b'\\')),
    }
}

/// Whether one of eight bytes is a quotation mark, a backslash or a control character
/// ([how a byte is found in a word](https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord)).
const fn has_escaped(word: u64) -> bool {
    const fn each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    const fn below(word: u64, limit: u8) -> u64 {
        word.wrapping_sub(each(limit)) & !word
    }
    let found = below(word, b' ') | below(word ^ each(b'"'), 1) | below(word ^ each(b'\\'), 1);
    found & each(0x80) != 0
}

/// Writing a number or a string into memory cannot fail.
fn written(outcome: &serde_json::Result<()>) {
    debug_assert!(outcome.is_ok(), "{outcome:?}");
}

/// `2026-11-21T14:30:26.123Z`, written by hand: `time`'s own formatting allocates. Most lines are of the same second as the
/// one before.
fn timestamp(line: &mut Vec<u8>, now: OffsetDateTime) {
    let (mut second, mut text) = SECOND.get();
    if second != now.unix_timestamp() {
        (second, text) = (now.unix_timestamp(), second_of(now));
        SECOND.set((second, text));
    }
    line.extend_from_slice(&text);
    line.push(b'.');
    line.extend(decimal::<3>(now.millisecond().into()));
    line.push(b'Z');
}

/// `2026-11-21T14:30:26`
fn second_of(now: OffsetDateTime) -> [u8; SECOND_LENGTH] {
    let (year, month, day) = now.to_calendar_date();
    let (hour, minute, second) = now.to_hms();
    let mut text = *b"0000-00-00T00:00:00";
    text[..4].copy_from_slice(&decimal::<4>(year.unsigned_abs()));
    let pairs = [u8::from(month), day, hour, minute, second];
    for (at, pair) in [5, 8, 11, 14, 17].into_iter().zip(pairs) {
        text[at..at + 2].copy_from_slice(&decimal::<2>(pair.into()));
    }
    text
}

/// The last digits of a number.
fn decimal<const DIGITS: usize>(mut number: u32) -> [u8; DIGITS] {
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        // A remainder of ten is no more than nine.
        *digit += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut line = Vec::new();
        write(&mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn a_timestamp_has_fixed_width_and_milliseconds() {
        let at = |milliseconds: i128| {
            let now = OffsetDateTime::from_unix_timestamp_nanos(milliseconds * 1_000_000 + 999_999);
            text(|line| timestamp(line, now.unwrap()))
        };
        assert_eq!(at(1_795_271_426_123), "2026-11-21T14:30:26.123Z");
        assert_eq!(at(0), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn what_json_escapes_is_found_wherever_it_stands() {
        let before = "plain \u{7f}~ ü€🎉 ";
        for escaped in (0..0x20).map(char::from).chain(['"', '\\']) {
            for length in 0..before.chars().count() {
                let text: String = before.chars().take(length).chain([escaped, 'x']).collect();
                assert!(!is_plain(&text), "{text:?}");
            }
        }
        for length in 0..before.chars().count() {
            assert!(is_plain(&before.chars().take(length).collect::<String>()), "{length}");
        }
    }

    #[test]
    fn a_line_without_spans_has_no_list_of_them() {
        assert_eq!(text(|line| spans(line, std::iter::empty::<&str>(), |_, _| ())), "");
        let two = text(|line| {
            spans(line, ["a", "b"].into_iter(), |line, name| {
                span(line, name, b",\"n\":1");
            });
        });
        assert_eq!(two, r#","spans":[{"span":"a","n":1},{"span":"b","n":1}]"#);
    }
}
