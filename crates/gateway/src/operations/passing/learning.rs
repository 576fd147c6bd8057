//! What an answer of Meta's shows of the tenant's groups, links, files and templates.

use graph_client::{Forwarded, InviteLink};
use serde_json::Value;
use time::OffsetDateTime;

use crate::mirror::listed_group;
use crate::operations::recording::persistently;
use crate::operations::{Context, OperationError};

use super::GraphCall;

/// Learns what the answer shows. What cannot be written down is worth a line in the log, and not worth failing a call for
/// that Meta has answered.
pub(super) async fn learn(
    ctx: &Context,
    call: GraphCall,
    (object, waba_id): (&str, Option<&str>),
    asked_at: OffsetDateTime,
    answer: &Forwarded,
) -> Result<(), OperationError> {
    if answer.refusal().is_some() {
        return Ok(());
    }
    let number = ctx.number()?;
    match call {
        GraphCall::ListGroups => groups(ctx, asked_at, answer).await?,
        GraphCall::ResetInviteLink => {
            if let Ok(link) = answer.read_as::<InviteLink>() {
                ctx.services.links.learned(number, object, Some(&link.body.invite_link));
            }
        }
        GraphCall::DeleteInviteLink => ctx.services.links.learned(number, object, None),
        GraphCall::UploadMedia => {
            let ids = ids(answer);
            let record = async || ctx.space().record_media(number.phone_number_id.as_str(), &ids).await;
            note("files", persistently(record).await);
        }
        GraphCall::ListTemplates | GraphCall::CreateTemplate => {
            let (ids, waba_id) = (ids(answer), waba_id.unwrap_or(object));
            if !ids.is_empty() {
                note("templates", persistently(async || ctx.space().record_templates(waba_id, &ids).await).await);
            }
        }
        _ => {}
    }
    Ok(())
}

/// The groups of a list, where one of them is not known yet.
async fn groups(ctx: &Context, asked_at: OffsetDateTime, answer: &Forwarded) -> Result<(), OperationError> {
    let (number, known) = (ctx.number()?, &ctx.services.known_groups);
    let listed: Vec<_> = answer.listed_groups().into_iter().map(listed_group).collect();
    if listed.iter().all(|group| known.contains(number, &group.group_id)) {
        return Ok(());
    }
    let recorded = ctx.space().record_listed_groups(number.phone_number_id.as_str(), asked_at, &listed).await;
    if recorded.is_ok() {
        for group in &listed {
            known.insert(number, &group.group_id);
        }
    }
    note("groups", recorded);
    Ok(())
}

/// The `id` of an answer, or of each object in its list.
fn ids(answer: &Forwarded) -> Vec<String> {
    let Ok(read) = answer.read_as::<Value>() else { return Vec::new() };
    let one = read.body.get("id");
    let listed = read.body.get("data").and_then(Value::as_array).into_iter().flatten();
    one.into_iter().chain(listed.filter_map(|object| object.get("id"))).filter_map(written).collect()
}

fn written(id: &Value) -> Option<String> {
    id.as_str().map(str::to_owned).or_else(|| id.as_u64().map(|id| id.to_string()))
}

fn note(what: &str, recorded: Result<(), tenant_store::StoreError>) {
    if let Err(error) = recorded {
        tracing::warn!(%error, what, "what Meta's answer showed could not be recorded");
    }
}
