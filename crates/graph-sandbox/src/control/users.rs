//! What users do.

use actix_web::web::{Data, Json, Path};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::{ControlError, ControlResult, answer, no_group, success, turn};
use crate::engine::Engine;
use crate::ids::{GroupId, JoinRequestId, PhoneNumberId, WaId, digits_of};
use crate::state::State;
use crate::state::joining::{Entered, NotEntered};
use crate::state::users::User;

/// The link that a user follows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Join {
    invite_link: String,
}

/// The request that a user withdraws.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revoke {
    join_request_id: String,
}

/// The group that a user leaves.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Leave {
    group_id: String,
}

/// What a user writes, and to whom.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Write {
    group_id: Option<String>,
    phone_number_id: Option<String>,
    text: String,
}

/// How a user is to appear; what is absent stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Appearance {
    #[serde(default)]
    user_id: Given,
    #[serde(default)]
    username: Given,
    name: Option<String>,
    hide_wa_id: Option<bool>,
    accepts_terms: Option<bool>,
}

/// A member that may be absent, which changes nothing, or `null`, which takes it away.
#[derive(Default)]
enum Given {
    #[default]
    Absent,
    Set(Option<String>),
}

impl Given {
    fn or(self, old: Option<String>) -> Option<String> {
        match self {
            Self::Absent => old,
            Self::Set(new) => new,
        }
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(Self::Set)
    }
}

/// A `wa_id` out of the path.
fn wa_id(path: &str) -> Result<WaId, ControlError> {
    let digits = path.strip_prefix('+').unwrap_or(path);
    let plausible = (5..=15).contains(&digits.len()) && digits_of(digits) == digits;
    let wrong = || ControlError::Wrong(format!("{path:?} is no phone number: 5 to 15 digits"));
    plausible.then(|| WaId::from(digits)).ok_or_else(wrong)
}

/// `POST /_sandbox/users/{wa_id}/join`.
pub(crate) async fn join(engine: Data<Engine>, path: Path<String>, body: Json<Join>) -> ControlResult {
    let wa_id = wa_id(&path)?;
    let link = body.invite_link.trim();
    let entered = engine.change(|state| state.enter_by_link(&wa_id, link, &turn(&engine)));
    match entered {
        Ok(Entered::Joined(group)) => Ok(answer(&json!({ "result": "joined", "group_id": group }))),
        Ok(Entered::Requested(group, request)) => Ok(answer(&json!({
            "result": "requested",
            "group_id": group,
            "join_request_id": request,
        }))),
        Err(NotEntered::UnknownLink) => {
            let message = "no group has or had this invite link";
            Err(ControlError::NotFound(message.to_owned()))
        }
        Err(reason) => Err(ControlError::NotEntered(reason.as_str())),
    }
}

/// `POST /_sandbox/users/{wa_id}/revoke`.
pub(crate) async fn revoke(engine: Data<Engine>, path: Path<String>, body: Json<Revoke>) -> ControlResult {
    let wa_id = wa_id(&path)?;
    let id = JoinRequestId::from(&*body.join_request_id);
    if engine.change(|state| state.revoke_join_request(&wa_id, &id, &turn(&engine))) {
        return Ok(success());
    }
    let message = format!("the user {wa_id} has no open join request {id}");
    Err(ControlError::NotFound(message))
}

/// `POST /_sandbox/users/{wa_id}/leave`.
pub(crate) async fn leave(engine: Data<Engine>, path: Path<String>, body: Json<Leave>) -> ControlResult {
    let wa_id = wa_id(&path)?;
    let id = GroupId::from(&*body.group_id);
    if engine.change(|state| state.leave(&wa_id, &id, &turn(&engine))) {
        return Ok(success());
    }
    let message = format!("the user {wa_id} is in no group {id}");
    Err(ControlError::NotFound(message))
}

/// `POST /_sandbox/users/{wa_id}/messages`.
pub(crate) async fn write(engine: Data<Engine>, path: Path<String>, body: Json<Write>) -> ControlResult {
    let wa_id = wa_id(&path)?;
    let group = body.group_id.as_deref().map(GroupId::from);
    let number = engine.look(|state| addressed(state, &wa_id, group.as_ref(), &body))?;
    let message_id =
        engine.change(|state| state.receive_message(&wa_id, &number, group.as_ref(), &body.text, &turn(&engine)));
    Ok(answer(&json!({ "message_id": message_id })))
}

/// The number that gets the message: the group's, or the one named.
fn addressed(
    state: &State,
    wa_id: &WaId,
    group: Option<&GroupId>,
    body: &Write,
) -> Result<PhoneNumberId, ControlError> {
    match (group, &body.phone_number_id) {
        (Some(id), None) => {
            let group = state.living_group(id).ok_or_else(|| no_group(id))?;
            if !group.participants.contains(wa_id) {
                let message = format!("the user {wa_id} is not in the group {id}");
                return Err(ControlError::Wrong(message));
            }
            Ok(group.phone_number_id.clone())
        }
        (None, Some(id)) => {
            let unknown = || ControlError::NotFound(format!("there is no number {id}"));
            let id = PhoneNumberId::from(&**id);
            let found = state.numbers.contains_key(&id).then_some(id);
            found.ok_or_else(unknown)
        }
        _ => {
            let message = "one of group_id and phone_number_id must be given";
            Err(ControlError::Wrong(message.to_owned()))
        }
    }
}

/// `PUT /_sandbox/users/{wa_id}`.
pub(crate) async fn set(engine: Data<Engine>, path: Path<String>, body: Json<Appearance>) -> ControlResult {
    let wa_id = wa_id(&path)?;
    let new = body.into_inner();
    let user = engine.change(|state| {
        let user = state.user(&wa_id, &engine.nature);
        user.user_id = new.user_id.or(user.user_id.take());
        user.username = new.username.or(user.username.take());
        user.name = new.name.unwrap_or_else(|| user.name.clone());
        user.hide_wa_id = new.hide_wa_id.unwrap_or(user.hide_wa_id);
        user.accepts_terms = new.accepts_terms.unwrap_or(user.accepts_terms);
        shown(&wa_id, user)
    });
    Ok(answer(&user))
}

/// The user with the `wa_id` beside what else is known.
fn shown(wa_id: &WaId, user: &User) -> Value {
    let mut shown = json!(user);
    shown["wa_id"] = json!(wa_id);
    shown
}
