//! What Meta answers to a change that it will finish later, and tell by webhook.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;

use crate::{
    answer::Answer,
    codes::RefusalKind,
    error::GraphError,
    webhooks::{GroupEvent, Object, UpdateError},
};

/// Meta has taken the change on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeAccepted {
    /// The ID that the webhook will carry. Meta documents it for creation only.
    pub request_id: Option<String>,
    /// Where the answer tells the outcome already: the event that would tell the same.
    pub told: Option<GroupEvent>,
}

/// An answer to a change, as Meta writes it.
pub(crate) struct Written {
    accepted: ChangeAccepted,
    /// Meta's word on whether it does it; most answers have none.
    success: Option<bool>,
}

/// The answer to a change of which nothing is told but by webhook.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Plain(#[serde(deserialize_with = "plain")] pub(crate) Written);

fn plain<'de, D: Deserializer<'de>>(from: D) -> Result<Written, D::Error> {
    written(from, |_| None)
}

/// Reads an answer that may tell the outcome: as `told` reads it.
pub(crate) fn written<'de, D: Deserializer<'de>>(
    from: D,
    told: impl FnOnce(&Object<'_>) -> Option<GroupEvent>,
) -> Result<Written, D::Error> {
    let body = Box::<RawValue>::deserialize(from)?;
    let object = Object::read(&body).ok_or_else(|| D::Error::custom("no object"))?;
    let accepted = ChangeAccepted { request_id: object.text("request_id"), told: told(&object) };
    Ok(Written { accepted, success: object.boolean("success") })
}

/// What an answer to a change says. `success` that is false is Meta's "no", unless what became of each part stands
/// beside it.
pub(crate) fn accepted(answered: Result<Answer<Written>, GraphError>) -> Result<Answer<ChangeAccepted>, GraphError> {
    let answer = answered?;
    let Written { accepted, success } = &answer.body;
    match (success, &accepted.told) {
        (Some(false), None) => Err(GraphError::NotDone { status: answer.status }),
        _ => Ok(answer.map(|written| written.accepted)),
    }
}

/// The same of a change that has parts. A refusal that says "partial success" (131201) is none there: some was done, and
/// which is for the webhook to tell. Nobody can count what Meta has not named.
pub(crate) fn accepted_at_least_in_part(
    answered: Result<Answer<Written>, GraphError>,
) -> Result<Answer<ChangeAccepted>, GraphError> {
    let in_part = |error| partial_success(error).map(|(_, answer)| answer.map(|()| ChangeAccepted::default()));
    accepted(answered).or_else(in_part)
}

/// The errors of a "partial success", with the answer that told them; any other error as it is.
pub(crate) fn partial_success(error: GraphError) -> Result<(Vec<UpdateError>, Answer<()>), GraphError> {
    match error {
        GraphError::Refused(refusal) if refusal.kind() == RefusalKind::PartialSuccess => {
            let told = UpdateError {
                code: Some(refusal.code),
                title: None,
                message: Some(refusal.message),
                details: refusal.details,
            };
            Ok((vec![told], Answer { body: (), status: refusal.status, usage: refusal.usage }))
        }
        other => Err(other),
    }
}
