//! Changes of groups that are passed on: recorded, sent and settled as those of the operations are.

use std::cell::RefCell;

use cams_api::parameters::ParameterError;
use cams_api::participants::ParticipantNumber;
use graph_client::{Forwarded, ForwardedChange, JoinRequestsDecided};
use serde_json::{Map, Value, json};
use tenant_store::{ChangeStatus, NewChange, Outcome};

use super::{GraphCall, Passed, Passing};
use crate::operations::changes::{self, Taken};
use crate::operations::join_requests::{Decided, decided};
use crate::operations::{Context, OperationError};

/// The record, the call, and the record of its answer.
pub(super) async fn pass(ctx: &Context, passing: Passing) -> Result<Passed, OperationError> {
    let record = record(ctx, &passing)?;
    ctx.token()?;
    ctx.to_its_end(async move |ctx| {
        let answer = RefCell::new(None);
        let carried = changes::carry_out(&ctx, &record, async |ctx| {
            let forwarded = ctx.graph.forward(ctx.call().await?.call(), passing.forward).await?;
            let taken = taken(passing.call, &passing.said, &forwarded);
            answer.replace(Some(forwarded));
            taken
        });
        let unique_code = match carried.await {
            Ok(change) => Some(change.unique_code),
            Err(OperationError::Unrecorded { unique_code, error }) => {
                // Meta has taken it on, and its event settles it.
                tracing::warn!(%unique_code, %error, "the answer to a change could not be recorded");
                Some(tenant_store::UniqueCode(unique_code))
            }
            Err(error) if answer.borrow().is_none() => return Err(error),
            // Meta refused: the caller gets Meta's words.
            Err(_) => None,
        };
        // There is no end of a change without an answer but the one that has returned above.
        answer.into_inner().map(|answer| Passed { answer, unique_code }).ok_or(OperationError::Panicked)
    })
    .await
}

/// What Meta's answer says became of the change.
fn taken(call: GraphCall, said: &Map<String, Value>, answer: &Forwarded) -> Result<Taken, OperationError> {
    let change = match call {
        GraphCall::ApproveJoinRequests | GraphCall::RejectJoinRequests => {
            let outcome = decision(&texts(said, "join_requests"), answer.decision()?);
            let request_id = answer.change(ForwardedChange::Whole).ok().and_then(|accepted| accepted.request_id);
            return Ok(Taken { request_id, outcome: Some(outcome) });
        }
        GraphCall::UpdateGroup => ForwardedChange::Settings,
        GraphCall::RemoveParticipants => ForwardedChange::Removal,
        GraphCall::AddParticipants => ForwardedChange::Addition,
        _ => ForwardedChange::Whole,
    };
    Ok(answer.change(change)?.into())
}

/// A decision on join requests has its end in the answer.
fn decision(asked: &[String], answer: JoinRequestsDecided) -> Outcome {
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let (failed, errors, status) = match decided(&asked, answer) {
        Ok(Decided { failed, errors, is_partial: true, .. }) => (failed, errors, ChangeStatus::Partial),
        Ok(Decided { failed, errors, .. }) => (failed, errors, ChangeStatus::Succeeded),
        Err(OperationError::NothingDone { failed, errors }) => (failed, errors, ChangeStatus::Failed),
        Err(_) => return Outcome::of(ChangeStatus::Unknown),
    };
    Outcome { failed: Some(json!(failed)), errors: Some(json!(errors)), ..Outcome::of(status) }
}

/// What is recorded before Meta is asked, in the words of the operation that does the same.
fn record(ctx: &Context, passing: &Passing) -> Result<NewChange, OperationError> {
    let Passing { call, object, said, .. } = passing;
    let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::trim);
    if *call == GraphCall::CreateGroup {
        let asked = json!({
            "Subject": text("subject"),
            "Description": text("description"),
            "JoinApprovalMode": text("join_approval_mode"),
        });
        let subject = text("subject").map(str::to_owned);
        return Ok(NewChange { subject, ..changes::record(ctx, call.name(), asked)? });
    }
    let list = |name: &str, items: Vec<Value>| json!({"GroupId": object, "List": items.into_iter().map(|item| json!({name: item})).collect::<Vec<_>>()});
    let asked = match call {
        GraphCall::UpdateGroup => json!({
            "GroupId": object,
            "Subject": text("subject"),
            "Description": text("description"),
            "ProfilePicture": picture(said),
        }),
        GraphCall::AddParticipants | GraphCall::RemoveParticipants => list("ParticipantNumber", participants(said)),
        GraphCall::ApproveJoinRequests | GraphCall::RejectJoinRequests => {
            list("JoinRequestId", texts(said, "join_requests").into_iter().map(Value::from).collect())
        }
        _ => json!({ "GroupId": object }),
    };
    let group_id = object.parse().map_err(|_| ParameterError::Missing { parameter: "group ID".to_owned() })?;
    changes::record_of_group(ctx, call.name(), &group_id, asked)
}

/// That there is a picture, and what the face knows of it.
fn picture(said: &Map<String, Value>) -> Option<&Value> {
    ["file", "profile_picture_file"].iter().find_map(|name| said.get(*name))
}

/// A list, also where a form holds it as text.
fn items(said: &Map<String, Value>, name: &str) -> Vec<Value> {
    match said.get(name) {
        Some(Value::Array(items)) => items.clone(),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn texts(said: &Map<String, Value>, name: &str) -> Vec<String> {
    items(said, name).into_iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Users, as the operations name them: Meta's events do, too.
fn participants(said: &Map<String, Value>) -> Vec<Value> {
    let user = |item: &Value| ["user", "user_id"].iter().find_map(|name| item[*name].as_str().map(str::to_owned));
    let named = items(said, "participants");
    let normalized = |user: String| user.parse::<ParticipantNumber>().map_or(user, |number| number.as_str().to_owned());
    named.iter().filter_map(user).map(normalized).map(Value::from).collect()
}
