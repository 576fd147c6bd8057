//! `groupgate completions`: a script that completes our commands in a shell.

use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::CommandError;
use crate::cli::Cli;

/// The arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  groupgate completions bash > /etc/bash_completion.d/groupgate
  groupgate completions zsh > \"${fpath[1]}/_groupgate\"
  groupgate completions fish > ~/.config/fish/completions/groupgate.fish")]
pub struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

/// Prints the script.
pub fn run(args: &CompletionsArgs) -> Result<(), CommandError> {
    // `generate` panics where its writer fails, as a pipe does whose reader has gone.
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "groupgate", &mut script);
    Ok(io::stdout().lock().write_all(&script)?)
}
