//! How one line of the JSON log is written, piece by piece, into a byte buffer.

use std::cell::RefCell;
use std::error::Error;
use std::fmt::{self, Debug, Write as _};
use std::io::Write as _;

use time::OffsetDateTime;
use tracing::Level;
use tracing::field::{Field, Visit};

use super::privacy;

thread_local! {
    /// Where a value is formatted before it is written: what is to be shortened may come in pieces.
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The line's own keys. A field of such a name gets an underscore behind it, so that no key stands twice.
const RESERVED: [&str; 5] = ["timestamp", "level", "target", "spans", "span"];

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
        if RESERVED.contains(&name) {
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
    written(&serde_json::to_writer(line, text));
}

/// Writing a number or a string into memory cannot fail.
fn written(outcome: &serde_json::Result<()>) {
    debug_assert!(outcome.is_ok(), "{outcome:?}");
}

/// `2026-11-21T14:30:26.123Z`, written by hand: `time`'s own formatting allocates.
fn timestamp(line: &mut Vec<u8>, now: OffsetDateTime) {
    let (year, month, day) = now.to_calendar_date();
    let (hour, minute, second, milli) = now.to_hms_milli();
    let month = u8::from(month);
    let written = write!(line, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z");
    debug_assert!(written.is_ok(), "memory takes every byte");
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
