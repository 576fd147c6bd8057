//! `groupgate config check`: what is in force, and where each value came from.

use clap::{Args, Subcommand};

use super::{CommandError, output::OutputArgs};
use crate::config::{Environment, Report, Row, SettingFlags, Sources, secrets_help};

/// The commands about settings.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print what is in force, secrets masked, and where each value came from.
    Check(CheckArgs),
}

const EXAMPLES: &str = "\
Exit code 2 where `groupgate serve` would not start with these settings.

Examples:
  groupgate config check
  groupgate config check --bind 0.0.0.0:8080 --json | jq -r '.warnings[]'";

/// The arguments of `config check`: those of `serve`.
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", secrets_help()))]
pub struct CheckArgs {
    #[command(flatten)]
    flags: SettingFlags,
    #[command(flatten)]
    output: OutputArgs,
}

/// Prints the report.
///
/// # Errors
/// [`CommandError::WrongSettings`] where `serve` would not start with these settings.
pub fn run(command: ConfigCommand, environment: Environment) -> Result<(), CommandError> {
    let ConfigCommand::Check(args) = command;
    let report = Report::of(&Sources::new(args.flags, environment));
    args.output.print(&report, as_text)?;
    if report.has_errors() { Err(CommandError::WrongSettings) } else { Ok(()) }
}

fn as_text(report: &Report) -> String {
    let settings = report.settings.iter().map(line);
    let errors = report.settings.iter().filter_map(|row| Some(format!("error: {}", row.error.as_ref()?)));
    let warnings = report.warnings.iter().map(|warning| format!("warning: {warning}"));
    settings.chain(errors).chain(warnings).collect::<Vec<_>>().join("\n")
}

fn line(row: &Row) -> String {
    format!("{:<36} {:<32} {}", row.variable, row.value.as_deref().unwrap_or("-"), row.origin)
}
