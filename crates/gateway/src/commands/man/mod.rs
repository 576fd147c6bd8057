//! `groupgate man`: the manual pages, made of the same words as `--help`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::CommandError;
use crate::cli::Cli;

mod notes;

/// The arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  groupgate man | man --local-file -
  groupgate man keys create | man --local-file -
  groupgate man --dir /usr/local/share/man/man1 --date 2026-11-22")]
pub struct ManArgs {
    /// The command, such as keys create; groupgate itself where absent.
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write the pages of all commands into this directory instead; it is made where there is none.
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "command")]
    dir: Option<PathBuf>,
    /// The day that the pages tell at their foot, such as that of a release; none where absent.
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<String>,
}

/// Prints one page, or writes all of them.
pub fn run(args: &ManArgs) -> Result<(), CommandError> {
    let mut groupgate = Cli::command().disable_help_subcommand(true);
    groupgate.build();
    let date = args.date.as_deref().unwrap_or_default();
    if let Some(dir) = &args.dir {
        return Ok(write_all(&groupgate, dir, date).map_err(|error| in_directory(&error, dir))?);
    }
    let page = page(named(&groupgate, &args.command)?, date)?;
    Ok(io::stdout().lock().write_all(page.as_bytes())?)
}

fn named<'a>(groupgate: &'a Command, words: &[String]) -> Result<&'a Command, CommandError> {
    words.iter().try_fold(groupgate, |command, word| command.find_subcommand(word)).ok_or_else(|| {
        CommandError::Usage(format!("there is no command `{}`; `groupgate --help` lists them", words.join(" ")))
    })
}

fn in_directory(error: &io::Error, dir: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write into {}: {error}", dir.display()))
}

fn write_all(groupgate: &Command, dir: &Path, date: &str) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    write_below(groupgate, dir, date)
}

fn write_below(command: &Command, dir: &Path, date: &str) -> io::Result<()> {
    fs::write(dir.join(Man::new(command.clone()).get_filename()), page(command, date)?)?;
    command.get_subcommands().filter(|below| !below.is_hide_set()).try_for_each(|below| write_below(below, dir, date))
}

/// The page, in the order of [man-pages(7)](https://man7.org/linux/man-pages/man7/man-pages.7.html).
fn page(command: &Command, date: &str) -> io::Result<String> {
    let version = concat!("groupgate ", env!("CARGO_PKG_VERSION"));
    let manual = Man::new(command.clone()).source(version).manual("groupgate").date(date);
    let mut page = Vec::new();
    manual.render_title(&mut page)?;
    manual.render_name_section(&mut page)?;
    manual.render_synopsis_section(&mut page)?;
    manual.render_description_section(&mut page)?;
    if command.get_arguments().any(|argument| !argument.is_hide_set()) {
        manual.render_options_section(&mut page)?;
    }
    if command.get_subcommands().any(|below| !below.is_hide_set()) {
        manual.render_subcommands_section(&mut page)?;
    }
    if let Some(text) = command.get_after_help() {
        page.extend_from_slice(notes::sections(&text.to_string()).to_roff().as_bytes());
    }
    Ok(tidied(&String::from_utf8_lossy(&page)))
}

/// What stands at the head of each section that is rendered by itself stands at the head of the page alone, and one request for
/// an empty line is enough.
fn tidied(page: &str) -> String {
    let head = page.split_once(".TH ").map_or("", |(head, _)| head);
    let body = if head.is_empty() { page.to_owned() } else { page.replace(head, "") };
    format!("{head}{}", body.replace("\n.br\n\n.br\n", "\n.sp\n"))
}
