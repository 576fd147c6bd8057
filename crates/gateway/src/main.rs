//! The `groupgate` program: parse, run, say what went wrong.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use gateway::{cli::Cli, commands::CommandError, config::Environment};
use mimalloc::MiMalloc;
use zeroizing_alloc::ZeroAlloc;

/// What is freed is wiped: tokens pass through buffers of others, of HTTP, JSON and PostgreSQL, which do not wipe them.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<MiMalloc> = ZeroAlloc(MiMalloc);

fn main() -> ExitCode {
    match Cli::parse().run(Environment::of_this_process()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) if error.is_told() => ExitCode::from(error.exit_code()),
        Err(error) => fail(error),
    }
}

fn fail(error: CommandError) -> ExitCode {
    let code = error.exit_code();
    // Nothing is left to do where standard error is gone as well.
    let _ = writeln!(io::stderr(), "error: {}", in_words(&error.into()));
    ExitCode::from(code)
}

/// The error with those of its causes that it does not already tell of, on one line.
fn in_words(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |words, cause| match words.as_str() {
        "" => cause,
        told if told.contains(&cause) => words,
        told => format!("{told}: {cause}"),
    })
}
