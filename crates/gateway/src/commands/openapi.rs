//! `groupgate openapi`: the documents, as they are served and committed.

use std::io::{self, Write};

use clap::Args;

use super::CommandError;

const EXAMPLES: &str = "\
Examples:
  groupgate openapi > openapi/groupgate.json
  groupgate openapi --graph > openapi/graph.json
  groupgate openapi --admin > openapi/admin.json
  groupgate openapi --markdown > docs/operations.md
  groupgate openapi --events > docs/events.md
  groupgate openapi --settings > docs/settings.md
  groupgate openapi --sandbox > openapi/sandbox.json
  groupgate openapi --postman > openapi/postman_collection.json";

/// The arguments of `openapi`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line, and one of them is given at most"
)]
pub struct OpenapiArgs {
    /// Print the operations as a page of Markdown instead.
    #[arg(long)]
    markdown: bool,
    /// Print the document of the Graph-compatible face instead.
    #[arg(long, conflicts_with = "markdown")]
    graph: bool,
    /// Print the events as a page of Markdown instead.
    #[arg(long, conflicts_with_all = ["markdown", "graph"])]
    events: bool,
    /// Print the document of the administrator's API instead.
    #[arg(long, conflicts_with_all = ["markdown", "graph", "events"])]
    admin: bool,
    /// Print the document of the sandbox's control API instead.
    #[arg(long, conflicts_with_all = ["markdown", "graph", "events"])]
    sandbox: bool,
    /// Print the settings as a page of Markdown instead.
    #[arg(long, conflicts_with_all = ["markdown", "graph", "events", "admin", "sandbox"])]
    settings: bool,
    /// Print the operations as a collection for Postman instead.
    #[arg(long, conflicts_with_all = ["markdown", "graph", "events", "admin", "sandbox", "settings"])]
    postman: bool,
}

/// Prints a document.
pub fn run(args: &OpenapiArgs) -> Result<(), CommandError> {
    let document = if args.markdown {
        Ok(crate::openapi::document_markdown())
    } else if args.events {
        Ok(crate::openapi::events_markdown())
    } else if args.settings {
        Ok(crate::config::settings_markdown())
    } else if args.graph {
        crate::openapi::graph_face::document_json()
    } else if args.admin {
        crate::openapi::admin::document_json()
    } else if args.postman {
        crate::openapi::postman::collection_json()
    } else if args.sandbox {
        graph_sandbox::openapi::document_json()
    } else {
        crate::openapi::document_json()
    };
    io::stdout().lock().write_all(document.map_err(io::Error::from)?.as_bytes())?;
    Ok(())
}
