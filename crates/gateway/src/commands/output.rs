//! How commands print what they answer: text for people, JSON for scripts.

use std::{
    fmt,
    io::{self, Write},
};

use clap::Args;
use serde::Serialize;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use crate::config::Warning;

/// The flag of every command that answers with data.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct OutputArgs {
    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl OutputArgs {
    /// Prints `answer` as JSON, or `text` and a line break.
    pub(super) fn print<T: Serialize>(self, answer: &T, text: impl FnOnce(&T) -> String) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            serde_json::to_writer_pretty(&mut out, answer)?;
            writeln!(out)
        } else {
            writeln!(out, "{}", text(answer))
        }
    }
}

/// Aligned columns under a header.
#[derive(Debug)]
pub(super) struct Table<const COLUMNS: usize> {
    rows: Vec<[String; COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// Control characters, which could do anything to a terminal, are left out of the cells.
    pub(super) fn new(header: [&str; COLUMNS], rows: impl IntoIterator<Item = [String; COLUMNS]>) -> Self {
        let rows = rows.into_iter().map(|row| row.map(|cell| printable(&cell)));
        Self { rows: std::iter::once(header.map(str::to_owned)).chain(rows).collect() }
    }

    /// The table, or `otherwise` where it has no row under its header.
    pub(super) fn or(&self, otherwise: &str) -> String {
        if self.rows.len() > 1 { self.to_string() } else { otherwise.to_owned() }
    }

    fn widths(&self) -> [usize; COLUMNS] {
        std::array::from_fn(|column| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
    }
}

impl<const COLUMNS: usize> fmt::Display for Table<COLUMNS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        let line = |row: &[String; COLUMNS]| {
            let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            cells.join("  ").trim_end().to_owned()
        };
        f.write_str(&self.rows.iter().map(line).collect::<Vec<_>>().join("\n"))
    }
}

/// The text without what is no character to look at.
pub(super) fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

/// A count with its noun: `1 event`, `2 events`.
pub(super) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// A time as people and scripts read it: RFC 3339, in UTC, to the second.
pub(super) fn time_text(time: OffsetDateTime) -> String {
    let whole = time.to_offset(UtcOffset::UTC).replace_nanosecond(0).unwrap_or(time);
    whole.format(&Rfc3339).unwrap_or_else(|_| whole.to_string())
}

/// The same, or a dash.
pub(super) fn time_or_dash(time: Option<OffsetDateTime>) -> String {
    time.map_or_else(|| "-".to_owned(), time_text)
}

/// Tells of variables without effect, on standard error so that answers stay clean.
pub(super) fn tell(warnings: &[Warning]) -> io::Result<()> {
    let mut err = io::stderr().lock();
    warnings.iter().try_for_each(|warning| writeln!(err, "warning: {warning}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_no_line_ends_in_blanks() {
        let rows = [["cams-one", "Bäckerei"], ["c2", ""]].map(|row| row.map(str::to_owned));
        let table = Table::new(["TENANT", "NAME"], rows);
        assert_eq!(table.to_string(), "TENANT    NAME\ncams-one  Bäckerei\nc2");
    }

    #[test]
    fn an_empty_table_says_something_else() {
        assert_eq!(Table::new(["TENANT"], []).or("No tenants."), "No tenants.");
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        let table = Table::new(["NAME"], [["\u{1b}[2Jx\ny\r".to_owned()]]);
        assert_eq!(table.to_string(), "NAME\n[2Jxy");
    }

    #[test]
    fn a_time_is_in_utc_to_the_second() {
        let time = OffsetDateTime::from_unix_timestamp_nanos(1_700_000_000_123_456_789).unwrap();
        assert_eq!(time_text(time), "2023-11-14T22:13:20Z");
    }
}
