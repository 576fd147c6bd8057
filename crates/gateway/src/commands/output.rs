//! How commands print what they answer: text for people, JSON for scripts.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

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

/// Tells of variables without effect, on standard error so that answers stay clean.
pub(super) fn tell(warnings: &[Warning]) -> io::Result<()> {
    let mut err = io::stderr().lock();
    warnings.iter().try_for_each(|warning| writeln!(err, "warning: {warning}"))
}
