//! `groupgate openapi`: the document that the gateway serves at `/openapi.json`.

use std::io::{self, Write};

use super::CommandError;

/// Prints the document.
pub fn run() -> Result<(), CommandError> {
    io::stdout().lock().write_all(crate::openapi::document_json().map_err(io::Error::from)?.as_bytes())?;
    Ok(())
}
