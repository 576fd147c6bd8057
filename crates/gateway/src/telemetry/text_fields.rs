//! Fields as the text form of the log writes them: the message, then `name=value`.

use std::fmt::{self, Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;

use super::privacy;

/// Writes fields as `tracing-subscriber` does, with texts shortened by [`privacy`].
pub(super) struct TextFields;

impl<'writer> FormatFields<'writer> for TextFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut line = Line { writer, is_begun: false, outcome: Ok(()) };
        fields.record(&mut line);
        line.outcome
    }
}

struct Line<'writer> {
    writer: Writer<'writer>,
    is_begun: bool,
    outcome: fmt::Result,
}

impl Line<'_> {
    fn text(&mut self, field: &Field, text: &str) {
        let short = if privacy::is_id(field.name()) { text.into() } else { privacy::shortened(text) };
        self.write(field, &harmless(&short));
    }

    fn write(&mut self, field: &Field, value: &str) {
        self.outcome = self.outcome.and_then(|()| self.try_write(field.name(), value));
    }

    fn try_write(&mut self, name: &str, value: &str) -> fmt::Result {
        if std::mem::replace(&mut self.is_begun, true) {
            self.writer.write_char(' ')?;
        }
        match name.strip_prefix("r#").unwrap_or(name) {
            "message" => self.writer.write_str(value),
            name if self.writer.has_ansi_escapes() => {
                write!(self.writer, "\x1b[3m{name}\x1b[0m\x1b[2m=\x1b[0m{value}")
            }
            name => write!(self.writer, "{name}={value}"),
        }
    }
}

impl Visit for Line<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.write(field, &value.to_string());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field, &value.to_string());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, &value.to_string());
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.write(field, &value.to_string());
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.write(field, &value.to_string());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field, if value { "true" } else { "false" });
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.text(field, value),
            _ => self.text(field, &format!("{value:?}")),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        // A value that cannot be formatted ends its own text; the line goes on.
        let _ = write!(text, "{value:?}");
        self.text(field, &text);
    }
}

/// Without characters by which a terminal could be told what to do; line feeds and tabs stay.
fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    let is_harmful = |char: char| char.is_control() && !matches!(char, '\n' | '\t');
    if !text.contains(is_harmful) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        if is_harmful(char) {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    shown.into()
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::super::{memory::Memory, text_layer};

    fn logged(run: impl FnOnce()) -> String {
        let memory = Memory::default();
        let output = memory.clone();
        let text = text_layer(move || output.clone(), false).without_time();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(text), run);
        memory.text()
    }

    #[test]
    fn the_message_comes_as_it_is_and_fields_with_their_names() {
        let line =
            logged(|| tracing::info!(target: "t", status = 200, who = "me", shown = %"it", r#type = true, "call"));
        assert_eq!(line, " INFO t: call status=200 who=\"me\" shown=it type=true\n");
    }

    #[test]
    fn spans_stand_before_the_event_with_what_was_recorded_later() {
        let line = logged(|| {
            let span = tracing::info_span!("delivery", endpoint = "e1", to = tracing::field::Empty);
            span.record("to", "15550000001");
            span.in_scope(|| tracing::info!(target: "t", "sent"));
        });
        assert_eq!(line, " INFO delivery{endpoint=\"e1\" to=\"155…01\"}: t: sent\n");
    }

    #[test]
    fn texts_are_shortened_and_numbers_and_ids_are_not() {
        let line = logged(|| {
            tracing::info!(target: "t", to = "15550000001", phone_number_id = "100000000000001", microseconds = 12_345_678, "to 15550000001");
        });
        assert_eq!(
            line,
            " INFO t: to 155…01 to=\"155…01\" phone_number_id=\"100000000000001\" microseconds=12345678\n"
        );
    }

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        let line = logged(|| tracing::info!(target: "t", why = %"\u{1b}[31mred\u{7}", "call\nmore"));
        assert_eq!(line, " INFO t: call\nmore why=\\u{1b}[31mred\\u{7}\n");
    }
}
