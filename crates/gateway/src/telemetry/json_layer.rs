//! Events as JSON lines, cheaply enough for one on every call.
//!
//! A line is `{"timestamp":…,"level":…,"target":…,"message":…}`, then the event's fields, then `spans` from
//! the outermost to the innermost where the event has any:
//!
//! ```json
//! {"timestamp":"2026-11-21T14:30:26.123Z","level":"INFO","target":"gateway::access","message":"call","status":200}
//! ```
//!
//! Formatting and handing on allocate nothing once a thread has written its first lines: the line is made in
//! a buffer of the thread and appended to the thread's share of [`Lines`](super::lines). A span costs one
//! allocation, when it is made.

use std::cell::RefCell;

use time::OffsetDateTime;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope};

use super::line::{self, Fields};
use super::lines::Lines;

thread_local! {
    /// Where a thread makes a line before it is appended, whole, to what other threads may take.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A span's fields, formatted when it was made.
struct SpanFields(Vec<u8>);

/// Writes each event as one line of JSON.
#[derive(Debug)]
pub(super) struct JsonLayer {
    lines: Lines,
}

impl JsonLayer {
    /// A layer whose lines go to `lines`.
    pub(super) fn new(lines: Lines) -> Self {
        Self { lines }
    }
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for JsonLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        let mut fields = Vec::new();
        attributes.record(&mut Fields(&mut fields));
        span.extensions_mut().insert(SpanFields(fields));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        if let Some(SpanFields(fields)) = span.extensions_mut().get_mut() {
            values.record(&mut Fields(fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        with_scratch(|line| {
            line::begin(line, OffsetDateTime::now_utc(), *metadata.level(), metadata.target());
            event.record(&mut Fields(line));
            let spans = context.event_scope(event).into_iter().flat_map(Scope::from_root);
            line::spans(line, spans, |line, span| {
                let extensions = span.extensions();
                let fields = extensions.get().map_or(&[][..], |SpanFields(fields)| fields);
                line::span(line, span.name(), fields);
            });
            line::end(line);
            // What comes after an error may be the process's end.
            self.lines.append(line, *metadata.level() == Level::ERROR);
        });
    }
}

/// The thread's buffer, emptied; a new one where the thread is at its end, or where the formatting of a
/// field logs something itself.
fn with_scratch(make: impl FnOnce(&mut Vec<u8>)) {
    let mut make = Some(make);
    let _ = SCRATCH.try_with(|scratch| {
        if let Ok(mut buffer) = scratch.try_borrow_mut()
            && let Some(make) = make.take()
        {
            buffer.clear();
            make(&mut buffer);
        }
    });
    if let Some(make) = make {
        make(&mut Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::super::memory::Memory;
    use super::*;

    /// What is logged in `run`, line by line, without the timestamps, which are checked for their form.
    fn logged(run: impl FnOnce()) -> Vec<Value> {
        let memory = Memory::default();
        let lines = Lines::to(memory.clone()).unwrap();
        let subscriber = tracing_subscriber::registry().with(JsonLayer::new(lines.clone()));
        tracing::subscriber::with_default(subscriber, run);
        lines.flush();
        memory.text().lines().map(without_timestamp).collect()
    }

    fn without_timestamp(line: &str) -> Value {
        let mut line: Value = serde_json::from_str(line).unwrap();
        let timestamp = line.as_object_mut().unwrap().remove("timestamp").unwrap();
        let timestamp = timestamp.as_str().unwrap();
        let parsed = OffsetDateTime::parse(timestamp, &time::format_description::well_known::Rfc3339).unwrap();
        assert!(timestamp.ends_with('Z') && timestamp.len() == 24, "{timestamp}");
        assert!((OffsetDateTime::now_utc() - parsed).abs() < time::Duration::minutes(1));
        line
    }

    #[test]
    fn numbers_are_numbers_and_truths_are_truths() {
        let lines = logged(|| {
            tracing::info!(target: "t", status = 200_u16, delta = -3, ratio = 0.5, big = u128::MAX, yes = true, none = f64::NAN, "call");
        });
        let big = u128::MAX;
        let expected = format!(
            r#"{{"level":"INFO","target":"t","message":"call","status":200,"delta":-3,"ratio":0.5,"big":{big},"yes":true,"none":null}}"#
        );
        assert_eq!(lines, [serde_json::from_str::<Value>(&expected).unwrap()]);
    }

    #[test]
    fn any_text_survives_the_way_through_json() {
        let nasty = "\"quoted\" \\ \n \t \u{0} \u{7f} \u{2028} ü \u{1F600} </script>";
        let lines = logged(|| {
            tracing::warn!(target: "t", text = nasty, shown = %nasty, debugged = ?nasty, "says {nasty}");
        });
        let says = format!("says {nasty}");
        let debugged = format!("{nasty:?}");
        let expected = json!({
            "level": "WARN", "target": "t", "message": says, "text": nasty, "shown": nasty, "debugged": debugged,
        });
        assert_eq!(lines, [expected]);
    }

    #[test]
    fn an_error_is_written_as_what_it_says() {
        let error = std::io::Error::other("the \"disk\" is full");
        let lines = logged(|| {
            let error: &(dyn std::error::Error + 'static) = &error;
            tracing::error!(target: "t", error, "failed");
        });
        assert_eq!(lines[0]["error"], "the \"disk\" is full");
    }

    #[test]
    fn a_field_named_like_a_key_of_the_line_does_not_hide_it() {
        let lines = logged(|| tracing::info!(target: "t", level = 3, target = "elsewhere", "call"));
        assert_eq!(lines[0]["level"], "INFO");
        assert_eq!((&lines[0]["level_"], &lines[0]["target_"]), (&json!(3), &json!("elsewhere")));
    }

    #[test]
    fn spans_stand_from_the_outermost_to_the_innermost_with_what_was_recorded_later() {
        let lines = logged(|| {
            let outer = tracing::info_span!("delivery", endpoint = "e1", attempt = tracing::field::Empty);
            outer.record("attempt", 2);
            let _outer = outer.enter();
            let _inner = tracing::info_span!("request").entered();
            tracing::info!(target: "t", "sent");
        });
        let spans = json!([{"span": "delivery", "endpoint": "e1", "attempt": 2}, {"span": "request"}]);
        assert_eq!(lines[0]["spans"], spans);
    }

    #[test]
    fn a_value_that_logs_while_it_is_formatted_spoils_no_line() {
        with_scratch(|outer| {
            outer.extend_from_slice(b"outer");
            with_scratch(|inner| inner.extend_from_slice(b"inner"));
            assert_eq!(outer, b"outer");
        });
    }

    #[test]
    fn a_number_or_a_link_is_shortened_though_it_comes_in_pieces() {
        struct Pieces;
        impl std::fmt::Display for Pieces {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                "15550000001\n\"chat.whatsapp.com/AbCdEf\"".chars().try_for_each(|char| write!(formatter, "{char}"))
            }
        }
        let lines =
            logged(|| tracing::info!(target: "t", value = %Pieces, microseconds = 12_345_678, "to {}", "15550000001"));
        assert_eq!(lines[0]["value"], "155…01\n\"chat.whatsapp.com/…Ef\"");
        assert_eq!((&lines[0]["message"], &lines[0]["microseconds"]), (&json!("to 155…01"), &json!(12_345_678)));
    }

    #[test]
    fn a_value_that_cannot_be_formatted_spoils_no_line() {
        struct Broken;
        impl std::fmt::Display for Broken {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("half")?;
                Err(std::fmt::Error)
            }
        }
        let lines = logged(|| tracing::info!(target: "t", value = %Broken, after = 1, "call"));
        assert_eq!((&lines[0]["value"], &lines[0]["after"]), (&json!("half"), &json!(1)));
    }
}
