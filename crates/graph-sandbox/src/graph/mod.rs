//! Meta's own paths, after Meta's documents.
//!
//! Graph is made of nodes (objects, named by an ID) and their edges:
//! `POST /v23.0/{group_id}/invite_link` is the edge `invite_link` of a group.
//! [`routing`] says which are served.

pub(crate) mod admission;
pub(crate) mod codes;
pub(crate) mod cursor;
pub(crate) mod errors;
pub(crate) mod fields;
pub(crate) mod groups;
pub(crate) mod invite_link;
pub(crate) mod join_requests;
pub(crate) mod media;
pub(crate) mod messages;
pub(crate) mod numbers;
pub(crate) mod oauth;
pub(crate) mod params;
pub(crate) mod participants;
pub(crate) mod picture;
pub(crate) mod routing;
pub(crate) mod templates;

use actix_web::http::Method;
use bytes::Bytes;
use serde_json::Value;

use crate::settings::MetaApp;
use crate::state::Turn;
use params::Params;

/// A call of Graph, taken apart.
pub(crate) struct GraphCall {
    pub(crate) method: Method,
    pub(crate) path: GraphPath,
    pub(crate) params: Params,
    /// The access token, from the header or the parameters.
    pub(crate) token: Option<String>,
    /// Scheme, host and path that the caller used, for links to other pages.
    pub(crate) url: String,
}

impl GraphCall {
    /// Whether the call leaves the state as it is.
    pub(crate) fn only_reads(&self) -> bool {
        // The exchange of a signup code is a GET, and uses the code up.
        self.method == Method::GET && self.path.node != "oauth"
    }
}

/// `/v23.0/{node}/{edge}`, or the same without a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphPath {
    pub(crate) node: String,
    pub(crate) edge: Option<String>,
}

/// An answer of Graph that is no refusal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Body,
}

/// What an answer carries.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    Json(Value),
    /// A file that was uploaded.
    File {
        mime_type: String,
        content: Bytes,
    },
}

impl Answer {
    /// HTTP 200 with a body.
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body: Body::Json(body) }
    }

    /// The same with another status.
    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

impl GraphPath {
    /// Takes a path apart; `None` when it is no node with at most one edge.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let mut parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        if is_version(parts.first()?) {
            parts.remove(0);
        }
        let (node, edge) = match parts[..] {
            [node] => (node, None),
            [node, edge] => (node, Some(edge.to_owned())),
            _ => return None,
        };
        let node = node.to_owned();
        (!node.is_empty()).then_some(Self { node, edge })
    }
}

/// Whether it is `v`, digits, a dot and digits.
fn is_version(part: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    part.strip_prefix('v')
        .and_then(|numbers| numbers.split_once('.'))
        .is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

/// A call with what its handler needs beside the state.
pub(crate) struct Asked<'a> {
    pub(crate) call: &'a GraphCall,
    pub(crate) turn: Turn<'a>,
    /// The app that the caller's token was made for.
    pub(crate) app: &'a MetaApp,
}

impl Asked<'_> {
    pub(crate) fn params(&self) -> &Params {
        &self.call.params
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(path: &str) -> Option<(String, Option<String>)> {
        GraphPath::parse(path).map(|path| (path.node, path.edge))
    }

    #[test]
    fn a_path_is_a_node_and_at_most_one_edge_with_or_without_a_version() {
        let node = |edge: Option<&str>| Some(("123".to_owned(), edge.map(str::to_owned)));
        assert_eq!(parsed("/v23.0/123"), node(None));
        assert_eq!(parsed("/123/groups"), node(Some("groups")));
        assert_eq!(parsed("/v23.0/123/groups/"), node(Some("groups")));
        assert_eq!(parsed("/v23.0/123/groups/more"), None);
        assert_eq!(parsed("/v23.0"), None);
        assert_eq!(parsed("/"), None);
    }
}
