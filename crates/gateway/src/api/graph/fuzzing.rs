//! For the fuzz targets: what of a path and a query would go on to Meta.

use super::{paths, query};

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub struct Path {
    /// The version that it names.
    pub version: Option<String>,
    /// What Meta would be asked for, behind the version.
    pub path: String,
}

/// Reads a path behind the face's prefix, as it came. `configured` is a version that is good beside [`super::VERSIONS`].
///
/// # Errors
/// The refusal's text.
pub fn path(raw: &str, configured: &str) -> Result<Path, String> {
    let asked = paths::read(raw, configured).map_err(|refused| refused.to_string())?;
    Ok(Path { version: asked.version, path: asked.subject.path() })
}

/// The parameters of a query, as it came, that would go on to Meta.
///
/// # Errors
/// The refusal's text.
pub fn query(raw: &str) -> Result<Vec<(String, String)>, String> {
    query::Query::read(raw).map(|query| query.pairs).map_err(|refused| refused.to_string())
}
