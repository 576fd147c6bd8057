//! What is told of the gateway's work: the log, and [`metrics`].
//!
//! The log has two forms. Both forms go to standard error, so that standard output holds nothing but what a command answers: the
//! demo's screen, a table, a document.
//!
//! - **Text** is for a person at a terminal.
//! - **JSON** is for a collector: one object a line. It has a layer of its own, `json_layer`, since the
//!   one of `tracing-subscriber` costs a call more than all of its other work together.
//!
//! Neither shows a phone number or an invite link whole, whoever logs it (`privacy`).

mod json_layer;
mod line;
mod lines;
#[cfg(test)]
mod memory;
pub mod metrics;
mod phone_numbers;
pub(crate) mod privacy;
mod text_fields;

use std::io::IsTerminal as _;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{Directive, EnvFilter, LevelFilter, ParseError};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{Format, Full};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::SubscriberInitExt as _;

use json_layer::JsonLayer;
use lines::Lines;
use text_fields::TextFields;

/// What the log is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text where standard error is a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// A line for a person, in colour on a terminal.
    Text,
    /// One JSON object a line.
    Json,
}

/// Why the log could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// The filter is not one.
    #[error("{filter:?} is no log filter ({source}); expected levels such as `info` or `warn,gateway=debug`")]
    Filter {
        /// What was given.
        filter: String,
        /// What `tracing-subscriber` says about it.
        source: ParseError,
    },
    /// This process has a log already.
    #[error("the log was set up twice in one process")]
    AlreadySet,
    /// The system gave no thread to write with.
    #[error("cannot start the log's writer: {0}")]
    Writer(#[from] std::io::Error),
}

/// Keeps the log going. What is still in memory is written when this is dropped, so that it is to be held
/// to the end of `main`, and flushed before a `std::process::exit`.
#[derive(Debug)]
#[must_use = "dropping it ends the JSON log"]
pub struct Guard {
    lines: Option<Lines>,
}

impl Guard {
    /// Writes what is still in memory, and returns when it is written.
    pub fn flush(&self) {
        if let Some(lines) = &self.lines {
            lines.flush();
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Sets up this process's log on standard error.
///
/// `filter` is a tracing filter, such as `info` or `warn,gateway=debug`
/// (<https://docs.rs/tracing-subscriber/latest/tracing_subscriber/filter/struct.EnvFilter.html>).
pub fn init(filter: &str, format: LogFormat) -> Result<Guard, TelemetryError> {
    let filter = parse(filter)?;
    let terminal = std::io::stderr().is_terminal();
    let json = match format {
        LogFormat::Auto => !terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    if json {
        let lines = Lines::to(std::io::stderr())?;
        install(JsonLayer::new(lines.clone()).with_filter(filter))?;
        return Ok(Guard { lines: Some(lines) });
    }
    install(text_layer(std::io::stderr, terminal).with_filter(filter))?;
    Ok(Guard { lines: None })
}

/// What writes events as text, in colour where `is_terminal`.
fn text_layer<W: for<'writer> MakeWriter<'writer> + 'static>(
    writer: W,
    is_terminal: bool,
) -> tracing_subscriber::fmt::Layer<Registry, TextFields, Format<Full>, W> {
    tracing_subscriber::fmt::layer().fmt_fields(TextFields).with_writer(writer).with_ansi(is_terminal)
}

/// What calls an error what is another's mistake, and is told to its maker: each with the word by which a filter asks for
/// it all the same.
///
/// - What reads and writes HTTP/1 on a connection: a request line that is none, headers that are too large, a connection
///   that breaks.
/// - What looks at the certificates of servers, also of those whose URL a caller gave.
/// - What keeps connections to PostgreSQL, where that goes away: whoever needed one says so.
const BLAMED_ON_US: [(&str, &str); 3] = [
    ("actix_http::h1", "actix_http"),
    ("rustls_platform_verifier", "rustls_platform_verifier"),
    ("sqlx_core::pool", "sqlx"),
];

/// The filter. What is [`BLAMED_ON_US`] is let through only where the filter names it.
fn parse(filter: &str) -> Result<EnvFilter, TelemetryError> {
    let parsed = EnvFilter::builder().parse(filter);
    let parsed = parsed.map_err(|source| TelemetryError::Filter { filter: filter.to_owned(), source })?;
    let unasked = BLAMED_ON_US.into_iter().filter(|(_, word)| !filter.contains(word));
    let silences = unasked.filter_map(|(target, _)| format!("{target}={}", LevelFilter::OFF).parse::<Directive>().ok());
    Ok(silences.fold(parsed, EnvFilter::add_directive))
}

fn install(layer: impl Layer<Registry> + Send + Sync) -> Result<(), TelemetryError> {
    tracing_subscriber::registry().with(layer).try_init().map_err(|_| TelemetryError::AlreadySet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_none_is_named_in_the_error() {
        let error = parse("gateway=loud").unwrap_err();
        assert!(error.to_string().contains("\"gateway=loud\" is no log filter"), "{error}");
        assert!(parse("warn,gateway=debug").is_ok());
    }

    #[test]
    fn a_clients_mistakes_are_told_to_whoever_names_what_reads_connections() {
        for (filter, is_told) in [("info", false), ("trace", false), ("info,actix_http=info", true)] {
            let registry = tracing_subscriber::registry().with(parse(filter).unwrap());
            tracing::subscriber::with_default(registry, || {
                assert_eq!(tracing::enabled!(target: "actix_http::h1::dispatcher", tracing::Level::ERROR), is_told);
                assert!(tracing::enabled!(target: "gateway", tracing::Level::INFO));
            });
        }
    }

    #[test]
    fn a_bad_certificate_is_told_to_whoever_names_what_looks_at_them() {
        for (filter, is_told) in [("info", false), ("trace", false), ("rustls_platform_verifier=error", true)] {
            let registry = tracing_subscriber::registry().with(parse(filter).unwrap());
            tracing::subscriber::with_default(registry, || {
                assert_eq!(tracing::enabled!(target: "rustls_platform_verifier", tracing::Level::ERROR), is_told);
            });
        }
    }

    #[test]
    fn a_second_log_in_one_process_is_an_error() {
        let first = init("off", LogFormat::Text);
        let second = init("off", LogFormat::Json);
        assert!(first.is_ok(), "{first:?}");
        assert!(matches!(second, Err(TelemetryError::AlreadySet)));
    }
}
