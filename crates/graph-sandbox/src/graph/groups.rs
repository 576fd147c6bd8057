//! Groups: create, list, info, update, delete.
//! Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/reference>

use serde_json::{Map, Value, json};

use super::cursor::PageRequest;
use super::errors::{Code, GraphError, GraphResult};
use super::params::Params;
use super::{Answer, Asked, fields, picture};
use crate::ids::{GroupId, PhoneNumberId};
use crate::state::State;
use crate::state::groups::{Group, JoinApprovalMode, NewGroup};
use crate::state::numbers::{MAX_GROUPS, Number};
use crate::state::schedule::{Change, NewSettings};

const MAX_SUBJECT: usize = 128;
const MAX_DESCRIPTION: usize = 2048;
const FIELDS: &[&str] = &[
    "id",
    "messaging_product",
    "subject",
    "description",
    "suspended",
    "creation_timestamp",
    "participants",
    "total_participant_count",
    "join_approval_mode",
];

/// `POST /{phone_number_id}/groups`: promises a group.
pub(crate) fn create(state: &mut State, number: &PhoneNumberId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let new = new_group(number, asked.params())?;
    let eligible = state.numbers.get(number).is_some_and(Number::may_have_groups);
    if !eligible {
        return Err(GraphError::new(Code::NOT_ELIGIBLE));
    }
    if state.group_count(number) >= MAX_GROUPS {
        return Err(GraphError::new(Code::TOO_MANY_GROUPS));
    }
    let request_id = state.promise(Change::Create(new), &asked.turn);
    Ok(Answer::ok(json!({ "messaging_product": "whatsapp", "request_id": request_id })))
}

fn new_group(number: &PhoneNumberId, params: &Params) -> GraphResult<NewGroup> {
    params.require_messaging_product()?;
    let given = params.required_text("subject")?;
    Ok(NewGroup {
        phone_number_id: number.clone(),
        subject: subject(given)?,
        description: description(params)?.filter(|text| !text.is_empty()),
        join_approval_mode: join_approval_mode(params)?,
    })
}

/// Trimmed, and of 1 to 128 characters then.
fn subject(given: &str) -> GraphResult<String> {
    let subject = given.trim();
    if subject.is_empty() {
        let details = "The parameter subject must not be empty";
        return Err(GraphError::detailed(Code::VALUE, details));
    }
    at_most("subject", subject, MAX_SUBJECT)
}

fn description(params: &Params) -> GraphResult<Option<String>> {
    let given = params.text("description")?;
    let checked = given.map(|text| at_most("description", text, MAX_DESCRIPTION));
    checked.transpose()
}

fn at_most(name: &str, text: &str, limit: usize) -> GraphResult<String> {
    let count = text.chars().count();
    if count <= limit {
        return Ok(text.to_owned());
    }
    let details = format!("The parameter {name} has {count} characters; at most {limit} may be");
    Err(GraphError::detailed(Code::VALUE, details))
}

fn join_approval_mode(params: &Params) -> GraphResult<JoinApprovalMode> {
    let Some(given) = params.text("join_approval_mode")? else {
        return Ok(JoinApprovalMode::default());
    };
    let modes = [JoinApprovalMode::AutoApprove, JoinApprovalMode::ApprovalRequired];
    let found = modes.into_iter().find(|mode| mode.as_str() == given);
    found.ok_or_else(|| {
        GraphError::parameter(&format!(
            "Param join_approval_mode must be one of {{APPROVAL_REQUIRED, AUTO_APPROVE}} - got \
             \"{given}\"."
        ))
    })
}

/// `GET /{phone_number_id}/groups`: the living groups, oldest first.
pub(crate) fn list(state: &mut State, number: &PhoneNumberId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let list = format!("groups:{number}");
    let request = PageRequest::read(asked.params(), &list)?;
    let groups = state.numbers.get(number).map(|number| number.groups.iter());
    let groups = groups.into_iter().flatten().map(|(key, id)| (*key, id));
    let page = request.cut(groups);
    let items = page.items.iter();
    let listed: Vec<Value> = items.filter_map(|(_, id)| listed(state, id)).collect();
    Ok(Answer::ok(json!({
        "data": { "groups": listed },
        "paging": page.paging(&list, request.limit, asked),
    })))
}

fn listed(state: &State, id: &GroupId) -> Option<Value> {
    let group = state.living_group(id)?;
    Some(json!({
        "id": id,
        "subject": group.subject,
        "created_at": group.created_at.to_string(),
    }))
}

/// `GET /{group_id}`: the fields asked for; without any, `id` and `messaging_product`.
pub(crate) fn info(state: &mut State, id: &GroupId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let names = fields::asked_for(asked.params(), FIELDS)?.unwrap_or_default();
    let group = known(state, id)?;
    let mut object = fields::only(described(state, group), &names);
    object.insert("id".to_owned(), json!(id));
    object.insert("messaging_product".to_owned(), "whatsapp".into());
    Ok(Answer::ok(Value::Object(object)))
}

fn described(state: &State, group: &Group) -> Map<String, Value> {
    let members = [
        ("subject", json!(group.subject)),
        ("description", json!(group.description.as_deref().unwrap_or_default())),
        ("suspended", json!(group.suspended)),
        ("creation_timestamp", json!(group.created_at)),
        ("participants", state.users_seen(&group.participants)),
        ("total_participant_count", json!(group.participants.len())),
        ("join_approval_mode", json!(group.join_approval_mode)),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A group that its caller has been let to.
pub(crate) fn known<'a>(state: &'a State, id: &GroupId) -> GraphResult<&'a Group> {
    let unknown = || GraphError::new(Code::GROUP_UNKNOWN);
    state.living_group(id).ok_or_else(unknown)
}

/// The same, to be changed: suspended ones are refused.
pub(crate) fn changeable<'a>(state: &'a mut State, id: &GroupId) -> GraphResult<&'a mut Group> {
    state.require_active(id)?;
    let unknown = || GraphError::new(Code::GROUP_UNKNOWN);
    state.living_group_mut(id).ok_or_else(unknown)
}

/// `POST /{group_id}`: promises new settings.
pub(crate) fn update(state: &mut State, id: &GroupId, asked: &Asked<'_>) -> GraphResult<Answer> {
    let params = asked.params();
    params.require_messaging_product()?;
    let settings = NewSettings {
        subject: params.text("subject")?.map(subject).transpose()?,
        description: description(params)?,
        picture_sha256: picture::checked(params)?,
    };
    if settings.is_empty() {
        let message = "One of subject, description and profile_picture_file must be given.";
        return Err(GraphError::parameter(message));
    }
    state.require_active(id)?;
    let request_id = state.promise(Change::Update(id.clone(), settings), &asked.turn);
    Ok(Answer::ok(json!({ "messaging_product": "whatsapp", "request_id": request_id })))
}

/// `DELETE /{group_id}`: promises the end. The reference shows `success` alone; the
/// guide's webhook has a `request_id`, which only the answer can have told before.
pub(crate) fn delete(state: &mut State, id: &GroupId, asked: &Asked<'_>) -> GraphResult<Answer> {
    state.require_active(id)?;
    let request_id = state.promise(Change::Delete(id.clone()), &asked.turn);
    Ok(Answer::ok(json!({
        "messaging_product": "whatsapp",
        "success": true,
        "request_id": request_id,
    })))
}
