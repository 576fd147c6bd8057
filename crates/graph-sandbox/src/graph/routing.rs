//! Which of Meta's paths are served, and the way of a call to its handler.

use actix_web::http::Method;

use super::admission::{self, Node};
use super::errors::{Code, GraphError, GraphResult};
use super::{
    Answer, Asked, GraphCall, GraphPath, groups, invite_link, join_requests, media, messages, numbers, oauth,
    participants, templates,
};
use crate::ids::{GroupId, MediaId, PhoneNumberId, TemplateId, WabaId};
use crate::state::State;
use crate::state::tokens::Token;

/// A handler of a call that is about an object with such an ID.
type On<Id> = fn(&mut State, &Id, &Asked<'_>) -> GraphResult<Answer>;

/// Every edge of a business number, and the number itself.
fn number_edge(method: &Method, edge: Option<&str>) -> Option<On<PhoneNumberId>> {
    match (method.as_str(), edge) {
        ("GET", None) => Some(numbers::info),
        ("POST", Some("groups")) => Some(groups::create),
        ("GET", Some("groups")) => Some(groups::list),
        ("POST", Some("messages")) => Some(messages::send),
        ("POST", Some("media")) => Some(media::upload),
        _ => None,
    }
}

/// Every edge of a group, and the group itself.
fn group_edge(method: &Method, edge: Option<&str>) -> Option<On<GroupId>> {
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
fn waba_edge(method: &Method, edge: Option<&str>) -> Option<On<WabaId>> {
    match (method.as_str(), edge) {
        ("GET", Some("phone_numbers")) => Some(numbers::list),
        ("GET", Some("subscribed_apps")) => Some(numbers::subscriptions),
        ("POST", Some("subscribed_apps")) => Some(numbers::subscribe),
        ("DELETE", Some("subscribed_apps")) => Some(numbers::unsubscribe),
        ("GET", Some("message_templates")) => Some(templates::list),
        ("POST", Some("message_templates")) => Some(templates::create),
        ("DELETE", Some("message_templates")) => Some(templates::delete_by_name),
        _ => None,
    }
}

/// A message template.
fn template_edge(method: &Method, edge: Option<&str>) -> Option<On<TemplateId>> {
    match (method.as_str(), edge) {
        ("GET", None) => Some(templates::info),
        ("POST", None) => Some(templates::edit),
        ("DELETE", None) => Some(templates::delete),
        _ => None,
    }
}

/// An uploaded file.
fn media_edge(method: &Method, edge: Option<&str>) -> Option<On<MediaId>> {
    match (method.as_str(), edge) {
        ("GET", None) => Some(media::info),
        ("DELETE", None) => Some(media::delete),
        _ => None,
    }
}

/// Whether anything at all is served under such an edge.
fn is_known_edge(method: &Method, edge: Option<&str>) -> bool {
    number_edge(method, edge).is_some() || group_edge(method, edge).is_some() || waba_edge(method, edge).is_some()
}

/// Answers a call: who calls, what is meant, and then its handler.
pub(crate) fn answer(state: &mut State, asked: &Asked<'_>) -> GraphResult<Answer> {
    let GraphCall { method, path, .. } = asked.call;
    let edge = path.edge.as_deref();
    match (method.as_str(), &*path.node, edge) {
        ("GET" | "POST", "oauth", Some("access_token")) => return oauth::exchange(state, asked),
        ("GET", "debug_token", None) => return oauth::debug(state, asked),
        ("GET", "message_template_library", None) => {
            let token = state.admit(asked)?;
            admission::require_scope(&token, admission::FOR_ACCOUNTS)?;
            return templates::library(asked);
        }
        ("GET", media::DOWNLOAD_NODE, Some(media::DOWNLOAD_EDGE)) => {
            let token = state.admit(asked)?;
            return media::download(state, &token, asked);
        }
        _ if !is_known_edge(method, edge) => return Err(unknown_path(path)),
        _ => {}
    }
    let token = state.admit(asked)?;
    let unsupported = || GraphError::unknown_object(&path.node, method.as_str());
    let node = state.visible(&token, &path.node).ok_or_else(unsupported)?;
    let handled = on_node(state, &token, &node, asked);
    handled.unwrap_or_else(|| Err(unsupported()))
}

/// Calls the handler of an object's edge; `None` where it has no such edge.
fn on_node(state: &mut State, token: &Token, node: &Node, asked: &Asked<'_>) -> Option<GraphResult<Answer>> {
    let GraphCall { method, path, .. } = asked.call;
    let edge = path.edge.as_deref();
    let require = |any_of: &[&str]| admission::require_scope(token, any_of);
    Some(match node {
        Node::Number(id) => {
            let handler = number_edge(method, edge)?;
            let scopes = if edge.is_none() { admission::FOR_NUMBERS } else { admission::FOR_GROUPS };
            require(scopes).and_then(|()| handler(state, id, asked))
        }
        Node::Group(id) => {
            let handler = group_edge(method, edge)?;
            let admitted = require(admission::FOR_GROUPS).and_then(|()| state.require_living(id));
            admitted.and_then(|()| handler(state, id, asked))
        }
        Node::Waba(id) => {
            let handler = waba_edge(method, edge)?;
            require(admission::FOR_ACCOUNTS).and_then(|()| handler(state, id, asked))
        }
        Node::Template(id) => {
            let handler = template_edge(method, edge)?;
            require(admission::FOR_ACCOUNTS).and_then(|()| handler(state, id, asked))
        }
        Node::Media(id) => {
            let handler = media_edge(method, edge)?;
            require(admission::FOR_GROUPS).and_then(|()| handler(state, id, asked))
        }
    })
}

/// Code 2500, for what Graph does not have or this sandbox does not serve.
fn unknown_path(path: &GraphPath) -> GraphError {
    let edge = path.edge.as_deref().unwrap_or(&path.node);
    GraphError::saying(Code::UNKNOWN_PATH, &format!("Unknown path components: /{edge}"))
}
