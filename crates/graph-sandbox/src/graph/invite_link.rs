//! A group's invite link.
//!
//! Meta's guide knows `GET` and `POST`, its reference `POST` and `DELETE`. What
//! neither says, and what is done here: a group without a link answers `GET`
//! without `invite_link`, as Graph leaves out fields that have no value; a second
//! `DELETE` says `"success": "false"`; a later `POST` makes a link anew.

use serde_json::json;

use super::errors::GraphResult;
use super::groups::{changeable, known};
use super::{Answer, Asked};
use crate::ids::GroupId;
use crate::state::State;

/// `GET /{group_id}/invite_link`.
pub(crate) fn get(state: &mut State, id: &GroupId, _: &Asked<'_>) -> GraphResult<Answer> {
    let mut body = json!({ "messaging_product": "whatsapp" });
    if let Some(link) = &known(state, id)?.invite_link {
        body["invite_link"] = json!(link);
    }
    Ok(Answer::ok(body))
}

/// `POST /{group_id}/invite_link`: a new link; every earlier one is dead.
pub(crate) fn reset(state: &mut State, id: &GroupId, asked: &Asked<'_>) -> GraphResult<Answer> {
    asked.params().require_messaging_product()?;
    let link = changeable(state, id)?.reset_link(asked.turn.nature);
    Ok(Answer::ok(json!({ "messaging_product": "whatsapp", "invite_link": link })))
}

/// `DELETE /{group_id}/invite_link`: no link admits anyone. The reference types
/// `success` as a string.
pub(crate) fn delete(state: &mut State, id: &GroupId, asked: &Asked<'_>) -> GraphResult<Answer> {
    asked.params().require_messaging_product()?;
    let had_one = changeable(state, id)?.drop_link();
    Ok(Answer::ok(json!({
        "messaging_product": "whatsapp",
        "success": had_one.to_string(),
    })))
}
