//! What Meta answers to a change that it will finish later, and tell by webhook.

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;

use crate::{
    answer::Answer,
    codes::RefusalKind,
    error::GraphError,
    lenient,
    webhooks::{GroupEvent, GroupUpdate, Object, UpdateError},
};

/// Meta has taken the change on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ChangeAccepted {
    /// The ID that the webhook will carry. Meta documents it for creation only.
    #[serde(default, deserialize_with = "lenient::text")]
    pub request_id: Option<String>,
    /// Where the answer tells the outcome already: the event that would tell the same.
    #[serde(skip)]
    pub told: Option<GroupEvent>,
}

/// Reads an answer that may tell the outcome: as `told` reads it.
pub(crate) fn accepted<'de, D: Deserializer<'de>>(
    from: D,
    told: impl FnOnce(&Object<'_>) -> Option<GroupEvent>,
) -> Result<ChangeAccepted, D::Error> {
    let body = Box::<RawValue>::deserialize(from)?;
    let object = Object::read(&body).ok_or_else(|| D::Error::custom("no object"))?;
    Ok(ChangeAccepted { request_id: object.text("request_id"), told: told(&object) })
}

/// Takes a refusal that says "partial success" (131201) for the answer that it is: some was done, and Meta does not say
/// what. `event` makes the event that would tell the same.
pub(crate) fn or_in_part(
    answered: Result<Answer<ChangeAccepted>, GraphError>,
    event: impl FnOnce(GroupUpdate) -> GroupEvent,
) -> Result<Answer<ChangeAccepted>, GraphError> {
    let told_in_part = |error| {
        let (errors, answer) = partial_success(error)?;
        let update = GroupUpdate { errors, ..GroupUpdate::default() };
        Ok(answer.map(|()| ChangeAccepted { request_id: None, told: Some(event(update)) }))
    };
    answered.or_else(told_in_part)
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
