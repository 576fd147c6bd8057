//! What users do.

use actix_web::web::{Data, Json, Path};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::answers::{Failure, NotThere, OfUser, Success, WrongCall};
use super::{ControlError, ControlResult, answer, no_group, success, turn};
use crate::engine::Engine;
use crate::ids::{GroupId, JoinRequestId, MessageId, PhoneNumberId, WaId, digits_of};
use crate::state::State;
use crate::state::joining::{Entered, NotEntered};
use crate::state::users::User;

/// The link that a user follows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Join {
    #[schema(example = "https://chat.whatsapp.com/qiE46zlVSSCYaYfvr9THS5")]
    invite_link: String,
}

/// The request that a user withdraws.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revoke {
    join_request_id: String,
}

/// The group that a user leaves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Leave {
    #[schema(example = json!(crate::DEMO_GROUP_ID_1))]
    group_id: String,
}

/// What a user writes, and to whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Write {
    /// The group that the user is in.
    group_id: Option<String>,
    /// The business number that the user writes to.
    #[schema(example = json!(crate::DEMO_PHONE_NUMBER_ID_1))]
    phone_number_id: Option<String>,
    #[schema(example = "Hello")]
    text: String,
}

/// How a user is to appear; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Appearance {
    /// The business-scoped user ID.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    user_id: Given,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "casey")]
    username: Given,
    #[schema(example = "Casey")]
    name: Option<String>,
    /// Whether businesses do not see the phone number.
    hide_wa_id: Option<bool>,
    /// Whether the user has accepted WhatsApp's current terms.
    accepts_terms: Option<bool>,
}

/// What became of a user who followed a link.
#[derive(Serialize, ToSchema)]
pub(crate) struct Entering {
    /// `joined` or `requested`.
    #[schema(example = "joined")]
    result: &'static str,
    #[schema(value_type = String)]
    group_id: GroupId,
    /// Where approval is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    join_request_id: Option<JoinRequestId>,
}

/// A message that was written.
#[derive(Serialize, ToSchema)]
pub(crate) struct Written {
    #[schema(value_type = String)]
    message_id: MessageId,
}

/// A user with the number beside what else is known.
#[derive(Serialize, ToSchema)]
pub(crate) struct Shown {
    #[schema(value_type = String)]
    wa_id: WaId,
    #[serde(flatten)]
    user: User,
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
pub(super) fn wa_id(path: &str) -> Result<WaId, ControlError> {
    let digits = path.strip_prefix('+').unwrap_or(path);
    let plausible = (5..=15).contains(&digits.len()) && digits_of(digits) == digits;
    let wrong = || ControlError::Wrong(format!("{path:?} is no phone number: 5 to 15 digits"));
    plausible.then(|| WaId::from(digits)).ok_or_else(wrong)
}

/// A user follows an invite link.
///
/// The user joins, or asks to where the group needs approval. A webhook tells of it.
#[utoipa::path(
    post,
    path = "/_sandbox/users/{wa_id}/join",
    tag = "Users",
    operation_id = "Join",
    params(OfUser),
    request_body = Join,
    responses(
        (status = 200, body = Entering, description = "The user joined, or asked to."),
        (status = 409, body = Failure, description = "The user did not get in; `error.reason` says why."),
        WrongCall,
        NotThere,
    ),
)]
pub(crate) async fn join(engine: Data<Engine>, path: Path<String>, body: Json<Join>) -> ControlResult {
    let wa_id = wa_id(&path)?;
    let link = body.invite_link.trim();
    let entered = engine.commit(|state| state.enter_by_link(&wa_id, link, &turn(&engine))).await;
    match entered {
        Ok(Entered::Joined(group_id)) => Ok(answer(&Entering { result: "joined", group_id, join_request_id: None })),
        Ok(Entered::Requested(group_id, request)) => {
            Ok(answer(&Entering { result: "requested", group_id, join_request_id: Some(request) }))
        }
        Err(NotEntered::UnknownLink) => {
            let message = "no group has or had this invite link";
            Err(ControlError::NotFound(message.to_owned()))
        }
        Err(reason) => Err(ControlError::NotEntered(reason.as_str())),
    }
}

/// A user withdraws a join request.
///
/// A webhook tells of it.
#[utoipa::path(
    post,
    path = "/_sandbox/users/{wa_id}/revoke",
    tag = "Users",
    operation_id = "RevokeJoinRequest",
    params(OfUser),
    request_body = Revoke,
    responses(
        (status = 200, body = Success, description = "Done."),
        WrongCall,
        NotThere,
    ),
)]
pub(crate) async fn revoke(engine: Data<Engine>, path: Path<String>, body: Json<Revoke>) -> ControlResult {
    let wa_id = wa_id(&path)?;
    let id = JoinRequestId::from(&*body.join_request_id);
    if engine.commit(|state| state.revoke_join_request(&wa_id, &id, &turn(&engine))).await {
        return Ok(success());
    }
    let message = format!("the user {wa_id} has no open join request {id}");
    Err(ControlError::NotFound(message))
}

/// A user leaves a group.
///
/// A webhook tells of it, with `initiated_by: participant`.
#[utoipa::path(
    post,
    path = "/_sandbox/users/{wa_id}/leave",
    tag = "Users",
    operation_id = "Leave",
    params(OfUser),
    request_body = Leave,
    responses(
        (status = 200, body = Success, description = "Done."),
        WrongCall,
        NotThere,
    ),
)]
pub(crate) async fn leave(engine: Data<Engine>, path: Path<String>, body: Json<Leave>) -> ControlResult {
    let wa_id = wa_id(&path)?;
    let id = GroupId::from(&*body.group_id);
    if engine.commit(|state| state.leave(&wa_id, &id, &turn(&engine))).await {
        return Ok(success());
    }
    let message = format!("the user {wa_id} is in no group {id}");
    Err(ControlError::NotFound(message))
}

/// A user writes.
///
/// To a group, or to a number: one of both must be given. A webhook carries the message.
#[utoipa::path(
    post,
    path = "/_sandbox/users/{wa_id}/messages",
    tag = "Users",
    operation_id = "WriteMessage",
    params(OfUser),
    request_body(content = Write, example = json!({ "phone_number_id": crate::DEMO_PHONE_NUMBER_ID_1, "text": "Hello" })),
    responses(
        (status = 200, body = Written, description = "The message is on its way."),
        WrongCall,
        NotThere,
    ),
)]
pub(crate) async fn write(engine: Data<Engine>, path: Path<String>, body: Json<Write>) -> ControlResult {
    let wa_id = wa_id(&path)?;
    let group = body.group_id.as_deref().map(GroupId::from);
    let number = engine.look(|state| addressed(state, &wa_id, group.as_ref(), &body))?;
    let message_id =
        engine.commit(|state| state.receive_message(&wa_id, &number, group.as_ref(), &body.text, &turn(&engine))).await;
    Ok(answer(&Written { message_id }))
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

/// Say how a user appears.
///
/// What is absent stays; `null` takes a `user_id` or `username` away. A user who has not accepted the terms cannot be added (131203).
#[utoipa::path(
    put,
    path = "/_sandbox/users/{wa_id}",
    tag = "Users",
    operation_id = "SetUser",
    params(OfUser),
    request_body(content = Appearance, example = json!({ "username": "casey", "name": "Casey", "hide_wa_id": true })),
    responses(
        (status = 200, body = Shown, description = "The user."),
        WrongCall,
    ),
)]
pub(crate) async fn set(engine: Data<Engine>, path: Path<String>, body: Json<Appearance>) -> ControlResult {
    let wa_id = wa_id(&path)?;
    let new = body.into_inner();
    let user = engine
        .commit(|state| {
            let user = state.user(&wa_id, &engine.nature);
            user.user_id = new.user_id.or(user.user_id.take());
            user.username = new.username.or(user.username.take());
            user.name = new.name.unwrap_or_else(|| user.name.clone());
            user.hide_wa_id = new.hide_wa_id.unwrap_or(user.hide_wa_id);
            user.accepts_terms = new.accepts_terms.unwrap_or(user.accepts_terms);
            Shown { wa_id: wa_id.clone(), user: user.clone() }
        })
        .await;
    Ok(answer(&user))
}
