//! Participants: removed by the business, never added by it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::errors::{Code, GraphError, GraphResult};
use super::groups::changeable;
use super::{Answer, Asked};
use crate::ids::{GroupId, WaId};
use crate::state::State;
use crate::state::groups::MAX_PARTICIPANTS;
use crate::state::schedule::Change;

/// `POST /{group_id}/participants`. Meta's reference has the path and says on the
/// same page that participants cannot be added by hand, so the app is refused as
/// one that lacks the capability.
pub(crate) fn add(state: &mut State, id: &GroupId, asked: &Asked<'_>) -> GraphResult<Answer> {
    requested(state, asked)?;
    changeable(state, id)?;
    let details = "Participants cannot be added by hand; send them the invite link";
    Err(GraphError::detailed(Code::CAPABILITY, details))
}

/// `DELETE /{group_id}/participants`: promises their removal. Each one's outcome
/// is told by webhook.
pub(crate) fn remove(state: &mut State, id: &GroupId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let users = requested(state, asked)?;
    changeable(state, id)?;
    let request_id = state.promise(Change::Remove(id.clone(), users), &asked.turn);
    Ok(Answer::ok(json!({ "messaging_product": "whatsapp", "request_id": request_id })))
}

/// The users as the caller wrote them: 1 to 8, none twice.
fn requested(state: &State, asked: &Asked<'_>) -> GraphResult<Vec<String>> {
    asked.params().require_messaging_product()?;
    let items = asked.params().required_list("participants")?;
    if items.is_empty() {
        return Err(GraphError::parameter("Param participants must have from 1 to 8 elements."));
    }
    if items.len() > MAX_PARTICIPANTS {
        return Err(GraphError::detailed(Code::OVER_LIMIT, "Param participants must have at most 8 elements"));
    }
    let users: Option<Vec<String>> = items.iter().map(user_of).collect();
    let users = users.ok_or_else(|| GraphError::parameter("Each of participants must have either user or user_id."))?;
    // A user may be named by number and by user ID, and is one user all the same.
    let whom = |user: &String| state.user_meant(user).unwrap_or_else(|| WaId::from(user.trim_start_matches('+')));
    let meant: BTreeSet<WaId> = users.iter().map(whom).collect();
    if meant.len() < users.len() {
        return Err(GraphError::new(Code::DUPLICATE));
    }
    Ok(users)
}

/// `user` or `user_id`, and not both.
fn user_of(item: &Value) -> Option<String> {
    let member = |name| item.get(name).and_then(Value::as_str).filter(|t| !t.is_empty());
    match (member("user"), member("user_id")) {
        (Some(user), None) | (None, Some(user)) => Some(user.to_owned()),
        _ => None,
    }
}
