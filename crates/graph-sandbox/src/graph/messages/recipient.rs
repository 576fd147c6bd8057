//! Who gets a message: a group, a phone number, or a business-scoped user ID.
//! Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids>

use crate::graph::Asked;
use crate::graph::errors::{Code, GraphError, GraphResult};
use crate::graph::params::missing;
use crate::ids::{GroupId, PhoneNumberId, WaId, digits_of};
use crate::state::State;
use crate::state::messages::Recipient;

/// Who is meant; `recipient_type` and the kind of `to` must match. `to` wins over `recipient`, which holds a
/// business-scoped user ID.
pub(super) fn read(state: &mut State, number: &PhoneNumberId, asked: &Asked<'_>) -> GraphResult<Recipient> {
    let params = asked.params();
    let given = |name| Ok(params.text(name)?.map(str::trim).filter(|text| !text.is_empty()));
    let (to, user_id) = (given("to")?, given("recipient")?);
    match (params.text("recipient_type")?.unwrap_or("individual"), to, user_id) {
        ("group", Some(to), _) => group(state, number, to),
        ("individual", Some(to), _) => person(state, number, to, asked),
        ("individual", None, Some(user_id)) => by_user_id(state, user_id),
        ("group" | "individual", None, _) => Err(missing("to")),
        (other, _, _) => {
            let message = format!("Param recipient_type must be one of {{INDIVIDUAL, GROUP}} - got \"{other}\".");
            Err(GraphError::parameter(&message))
        }
    }
}

fn group(state: &State, number: &PhoneNumberId, to: &str) -> GraphResult<Recipient> {
    if is_phone_number(to) {
        return Err(mismatch("recipient_type is group, and the parameter to is a phone number"));
    }
    let id = GroupId::from(to);
    let group = state.living_group(&id).filter(|group| group.phone_number_id == *number);
    let group = group.ok_or_else(|| GraphError::new(Code::GROUP_UNKNOWN))?;
    state.require_active(&id)?;
    if group.participants.is_empty() {
        return Err(GraphError::new(Code::SINGLE_MEMBER));
    }
    Ok(Recipient::Group(id))
}

/// By phone number, or by a user ID in `to`, as Meta's page had it before there was `recipient`.
fn person(state: &mut State, number: &PhoneNumberId, to: &str, asked: &Asked<'_>) -> GraphResult<Recipient> {
    if !is_phone_number(to) {
        let no_person = |_| mismatch("The parameter to is no phone number and no user ID of this business");
        return by_user_id(state, to).map_err(no_person);
    }
    let digits = digits_of(to);
    if state.numbers.get(number).is_some_and(|sender| sender.digits() == digits) {
        return Err(GraphError::new(Code::SENDER_IS_RECIPIENT));
    }
    let wa_id = WaId::from(digits);
    state.user(&wa_id, asked.turn.nature);
    Ok(Recipient::Number(wa_id))
}

fn by_user_id(state: &State, user_id: &str) -> GraphResult<Recipient> {
    let unknown = || mismatch("The parameter recipient is no user ID of this business");
    state.user_of_id(user_id).map(Recipient::UserId).ok_or_else(unknown)
}

/// Digits as people write them: `+1 (650) 555-1234`.
fn is_phone_number(text: &str) -> bool {
    let plain = text.chars().all(|c| c.is_ascii_digit() || "+-() .".contains(c));
    plain && (7..=15).contains(&digits_of(text).len())
}

fn mismatch(details: &str) -> GraphError {
    GraphError::detailed(Code::VALUE, details)
}
