//! Meta's own paths, after Meta's documents.
//!
//! Graph is made of nodes (objects, named by an ID) and their edges:
//! `POST /v23.0/{group_id}/invite_link` is the edge `invite_link` of a group.
//! One table, [`answer`], says which are served.

pub(crate) mod admission;
pub(crate) mod cursor;
pub(crate) mod errors;
pub(crate) mod fields;
pub(crate) mod groups;
pub(crate) mod invite_link;
pub(crate) mod join_requests;
pub(crate) mod messages;
pub(crate) mod numbers;
pub(crate) mod oauth;
pub(crate) mod params;
pub(crate) mod participants;
pub(crate) mod picture;

use actix_web::http::Method;
use serde_json::Value;

use crate::ids::{GroupId, PhoneNumberId, WabaId};
use crate::settings::MetaApp;
use crate::state::{State, Turn};
use admission::Node;
use errors::{Code, GraphError, GraphResult};
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
    pub(crate) body: Value,
}

impl Answer {
    /// HTTP 200 with a body.
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body }
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
}

impl Asked<'_> {
    pub(crate) fn params(&self) -> &Params {
        &self.call.params
    }
}

type OnNumber = fn(&mut State, &PhoneNumberId, &Asked<'_>) -> GraphResult<Answer>;
type OnGroup = fn(&mut State, &GroupId, &Asked<'_>) -> GraphResult<Answer>;
type OnWaba = fn(&mut State, &WabaId, &Asked<'_>) -> GraphResult<Answer>;

/// Every edge of a business number, and the number itself.
fn number_edge(method: &Method, edge: Option<&str>) -> Option<OnNumber> {
    match (method.as_str(), edge) {
        ("GET", None) => Some(numbers::info),
        ("POST", Some("groups")) => Some(groups::create),
        ("GET", Some("groups")) => Some(groups::list),
        ("POST", Some("messages")) => Some(messages::send),
        _ => None,
    }
}

/// Every edge of a group, and the group itself.
fn group_edge(method: &Method, edge: Option<&str>) -> Option<OnGroup> {
    match (method.as_str(), edge) {
        ("GET", None) => Some(groups::info),
        ("POST", None) => Some(groups::update),
        ("DELETE", None) => Some(groups::delete),
        ("GET", Some("invite_link")) => Some(invite_link::get),
        ("POST", Some("invite_link")) => Some(invite_link::reset),
        ("DELETE", Some("invite_link")) => Some(invite_link::delete),
        ("GET", Some("join_requests")) => Some(join_requests::list),
        ("POST", Some("join_requests")) => Some(join_requests::approve),
        ("DELETE", Some("join_requests")) => Some(join_requests::reject),
        ("POST", Some("participants")) => Some(participants::add),
        ("DELETE", Some("participants")) => Some(participants::remove),
        _ => None,
    }
}

/// Every edge of a business account.
fn waba_edge(method: &Method, edge: Option<&str>) -> Option<OnWaba> {
    match (method.as_str(), edge) {
        ("GET", Some("phone_numbers")) => Some(numbers::list),
        ("GET", Some("subscribed_apps")) => Some(numbers::subscriptions),
        ("POST", Some("subscribed_apps")) => Some(numbers::subscribe),
        ("DELETE", Some("subscribed_apps")) => Some(numbers::unsubscribe),
        _ => None,
    }
}

/// Whether anything at all is served under such an edge.
fn is_known_edge(method: &Method, edge: Option<&str>) -> bool {
    number_edge(method, edge).is_some() || group_edge(method, edge).is_some() || waba_edge(method, edge).is_some()
}

/// Answers a call: who calls, what is meant, and then its handler.
pub(crate) fn answer(state: &mut State, asked: &Asked<'_>, app: &MetaApp) -> GraphResult<Answer> {
    let GraphCall { method, path, .. } = asked.call;
    let edge = path.edge.as_deref();
    match (method.as_str(), &*path.node, edge) {
        ("GET" | "POST", "oauth", Some("access_token")) => return oauth::exchange(state, asked, app),
        ("GET", "debug_token", None) => return oauth::debug(state, asked, app),
        _ if !is_known_edge(method, edge) => return Err(unknown_path(path)),
        _ => {}
    }
    let token = state.admit(asked.call, app)?;
    let unsupported = || GraphError::unknown_object(&path.node, method.as_str());
    match state.visible(&token, &path.node).ok_or_else(unsupported)? {
        Node::Number(id) => {
            let handler = number_edge(method, edge).ok_or_else(unsupported)?;
            admission::require_scope(&token, handler_scopes(edge))?;
            handler(state, &id, asked)
        }
        Node::Group(id) => {
            let handler = group_edge(method, edge).ok_or_else(unsupported)?;
            admission::require_scope(&token, admission::FOR_GROUPS)?;
            state.require_living(&id)?;
            handler(state, &id, asked)
        }
        Node::Waba(id) => {
            let handler = waba_edge(method, edge).ok_or_else(unsupported)?;
            admission::require_scope(&token, admission::FOR_ACCOUNTS)?;
            handler(state, &id, asked)
        }
    }
}

fn handler_scopes(edge: Option<&str>) -> &'static [&'static str] {
    if edge.is_none() { admission::FOR_NUMBERS } else { admission::FOR_GROUPS }
}

/// Code 2500, for what Graph does not have or this sandbox does not serve.
pub(crate) fn unknown_path(path: &GraphPath) -> GraphError {
    let edge = path.edge.as_deref().unwrap_or(&path.node);
    GraphError::saying(Code::UNKNOWN_PATH, &format!("Unknown path components: /{edge}"))
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
