//! `groupgate openapi`: the documents, as they are served and committed.

use std::io::{self, Write};

use clap::Args;

use super::CommandError;

/// The arguments of `openapi`.
#[derive(Debug, Args)]
pub struct OpenapiArgs {
    /// Print the document of the sandbox's control API instead.
    #[arg(long)]
    sandbox: bool,
}

/// Prints a document.
pub fn run(args: &OpenapiArgs) -> Result<(), CommandError> {
    let document = if args.sandbox { graph_sandbox::openapi::document_json() } else { crate::openapi::document_json() };
    io::stdout().lock().write_all(document.map_err(io::Error::from)?.as_bytes())?;
    Ok(())
}
