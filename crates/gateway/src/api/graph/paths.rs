//! What a path of Meta's names. It is read as it came over the wire, decoded once, and only what is known here is let
//! through: nothing of it reaches Meta as it was written.

use percent::decode;

use super::calls::Edge;

mod percent;

/// Versions of Meta's API that calls may name ([Meta: versions][versions]), beside the settings' own.
///
/// [versions]: https://developers.facebook.com/docs/graph-api/changelog
pub const VERSIONS: [&str; 6] = ["v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"];

/// What the library of templates is called, which is no object.
pub(super) const LIBRARY: &str = "message_template_library";

/// The longest ID.
const LONGEST: usize = 256;

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// The version in the path.
    pub version: Option<String>,
    /// What it is about.
    pub subject: Subject,
    /// For whose account the library is read, where the query says so: a parameter of ours, which Meta does not get.
    pub waba_id: Option<String>,
}

/// What a call is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// An object, or one of its edges.
    Object {
        /// The object's ID.
        id: String,
        /// Its edge.
        edge: Option<Edge>,
    },
    /// The library of templates.
    Library,
}

/// A path that leads nowhere. The words are the caller's to read; nothing of the path is repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnknownPath {
    /// It has empty parts, too many parts, or characters that no ID has.
    #[error(
        "Unknown path components: a path is /{{version}}/{{id}} or /{{version}}/{{id}}/{{edge}}, of A-Z, a-z, 0-9, _, = and -"
    )]
    Malformed,
    /// There is no such version.
    #[error("Unknown path components: the versions are {}", VERSIONS.join(", "))]
    Version,
    /// There is no such edge.
    #[error("Unknown path components: this edge is not served here")]
    Edge,
}

impl Subject {
    /// As a path has it, behind the version.
    pub(super) fn path(&self) -> String {
        match self {
            Self::Object { id, edge: None } => id.clone(),
            Self::Object { id, edge: Some(edge) } => format!("{id}/{}", edge.as_str()),
            Self::Library => LIBRARY.to_owned(),
        }
    }

    /// The object, or what stands in its place.
    pub(super) fn node(&self) -> &str {
        match self {
            Self::Object { id, .. } => id,
            Self::Library => LIBRARY,
        }
    }
}

/// Reads a path as it came, behind the face's own prefix. `configured` is a version that is good, too.
///
/// # Errors
/// [`UnknownPath`]
pub(super) fn read(raw: &str, configured: &str) -> Result<Asked, UnknownPath> {
    let path = raw.strip_prefix('/').ok_or(UnknownPath::Malformed)?;
    let parts = path.split('/').map(decode).collect::<Option<Vec<String>>>().ok_or(UnknownPath::Malformed)?;
    let (version, rest) = match parts.split_first() {
        Some((first, rest)) if is_version(first) => (Some(first.clone()), rest),
        _ => (None, parts.as_slice()),
    };
    if let Some(version) = &version
        && version != configured
        && !VERSIONS.contains(&version.as_str())
    {
        return Err(UnknownPath::Version);
    }
    Ok(Asked { version, subject: subject(rest)?, waba_id: None })
}

fn subject(parts: &[String]) -> Result<Subject, UnknownPath> {
    let (id, edge) = match parts {
        [id] => (id, None),
        [id, edge] => (id, Some(edge)),
        _ => return Err(UnknownPath::Malformed),
    };
    if !parts.iter().all(|part| is_id(part)) {
        return Err(UnknownPath::Malformed);
    }
    match edge {
        None if id == LIBRARY => Ok(Subject::Library),
        None => Ok(Subject::Object { id: id.clone(), edge: None }),
        Some(edge) => {
            let edge = Edge::named(edge).ok_or(UnknownPath::Edge)?;
            Ok(Subject::Object { id: id.clone(), edge: Some(edge) })
        }
    }
}

/// What every ID of Meta's is made of.
fn is_id(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_=-".contains(&byte))
}

/// `v`, digits, a dot and digits. No ID has a dot.
fn is_version(part: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = part.strip_prefix('v').and_then(|numbers| numbers.split_once('.'));
    numbers.is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(raw: &str) -> Result<String, UnknownPath> {
        read(raw, "v23.0").map(|asked| asked.subject.path())
    }

    #[test]
    fn a_path_is_an_object_and_at_most_one_edge_with_or_without_a_version() {
        for (raw, expected) in [
            ("/v23.0/123/groups", "123/groups"),
            ("/123/groups", "123/groups"),
            ("/v26.0/Zm9v%3D%3d", "Zm9v=="),
            ("/123/invite%5Flink", "123/invite_link"),
            ("/v23.0/message_template_library", "message_template_library"),
        ] {
            assert_eq!(subject(raw).unwrap(), expected, "{raw}");
        }
        assert_eq!(read("/v24.0/1", "v23.0").unwrap().version.as_deref(), Some("v24.0"));
        assert_eq!(read("/1", "v23.0").unwrap().version, None);
    }

    #[test]
    fn whatever_could_lead_elsewhere_is_refused() {
        for raw in [
            "",
            "/",
            "//",
            "/v23.0",
            "/v23.0/",
            "/v23.0//1",
            "//v23.0/1",
            "/1/",
            "/1//groups",
            "/1/groups/",
            "/1/groups/2",
            "/v23.0/v23.0/1",
            "/..",
            "/v23.0/..",
            "/v23.0/../oauth",
            "/1/..%2f2",
            "/1%2fgroups",
            "/%2e%2e/1",
            "/1%00",
            "/1%",
            "/1%2",
            "/1%zz",
            "/%31%252f2",
            "/1\\2",
            "/1;groups",
            "/1%20",
            "/1%0d%0aHost:x",
            "/ä",
            "/1@evil",
            "/1:80/groups",
        ] {
            assert_eq!(subject(raw), Err(UnknownPath::Malformed), "{raw}");
        }
    }

    #[test]
    fn versions_and_edges_that_are_not_served_are_told_apart() {
        for raw in ["/v20.0/1", "/v99.0/1", "/v23.1/1", "/v023.0/1"] {
            assert_eq!(subject(raw), Err(UnknownPath::Version), "{raw}");
        }
        assert!(read("/v99.0/1", "v99.0").is_ok());
        for raw in
            ["/1/subscribed_apps", "/1/register", "/1/Groups", "/oauth/access_token", "/message_template_library/x"]
        {
            assert_eq!(subject(raw), Err(UnknownPath::Edge), "{raw}");
        }
    }
}
