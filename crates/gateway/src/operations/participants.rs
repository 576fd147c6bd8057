//! Participants of a group: who is in, whom to remove, whom to add.

use cams_api::Operation;
use cams_api::operations::{
    AddChatGroupParticipants, DeleteChatGroupParticipants, ListChatGroupParticipants, ListedParticipants, Participant,
    ParticipantListData, ParticipantsChanged,
};
use cams_api::page::Page;
use cams_api::participants::{ParticipantList, ParticipantNumber};
use cams_api::wait::WaitSeconds;
use graph_client::{Answer, ChangeAccepted, GroupField, User};
use serde_json::{Value, json};
use tenant_store::{Change, ChangeStatus, NewChange};

use super::groups::participant;
use super::{Context, OperationError, changes, outcomes};

/// Who is in the group now; the page is cut here, since Meta gives all of at most 8.
pub(super) async fn list_participants(
    ctx: &Context,
    request: ListChatGroupParticipants,
) -> Result<ParticipantListData, OperationError> {
    let group_id = ctx.own_group(&request.group_id).await?;
    let fields = [GroupField::Participants, GroupField::TotalParticipantCount];
    let info = ctx.graph.group_info(ctx.call().await?.call(), &group_id, &fields).await?.body;
    let all: Vec<Participant> = info.participants.into_iter().flatten().map(participant).collect();
    let total = info.total_participant_count.and_then(|count| u64::try_from(count).ok());
    let total = total.unwrap_or(all.len() as u64);
    Ok(ParticipantListData { data: ListedParticipants { total, list: on_page(all, request.page) } })
}

fn on_page(all: Vec<Participant>, page: Option<Page>) -> Vec<Participant> {
    let Some(page) = page else { return all };
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    all.into_iter().skip(size(page.offset())).take(size(page.limit())).collect()
}

/// Asks Meta to remove participants, and waits for it as long as the caller wants.
pub(super) async fn remove_participants(
    ctx: &Context,
    request: DeleteChatGroupParticipants,
) -> Result<ParticipantsChanged, OperationError> {
    let asked = asked(&request.group_id, &request.list);
    let group_id = ctx.own_group(&request.group_id).await?;
    let record = changes::record_of_group(ctx, DeleteChatGroupParticipants::NAME, &group_id, asked)?;
    change(ctx, request.wait_seconds, record, request.list, async move |ctx, users| {
        ctx.graph.remove_participants(ctx.call().await?.call(), &group_id, &users).await.map_err(OperationError::from)
    })
    .await
}

/// Asks Meta to add participants, which it documents and refuses, and answers what Meta answers.
pub(super) async fn add_participants(
    ctx: &Context,
    request: AddChatGroupParticipants,
) -> Result<ParticipantsChanged, OperationError> {
    let asked = asked(&request.group_id, &request.list);
    let group_id = ctx.own_group(&request.group_id).await?;
    let record = changes::record_of_group(ctx, AddChatGroupParticipants::NAME, &group_id, asked)?;
    change(ctx, request.wait_seconds, record, request.list, async move |ctx, users| {
        ctx.graph.add_participants(ctx.call().await?.call(), &group_id, &users).await.map_err(OperationError::from)
    })
    .await
}

/// One change of who is in a group; `call` asks Meta for it.
async fn change(
    ctx: &Context,
    wait: Option<WaitSeconds>,
    record: NewChange,
    list: ParticipantList,
    call: impl AsyncFnOnce(&Context, Vec<User<'_>>) -> Result<Answer<ChangeAccepted>, OperationError> + 'static,
) -> Result<ParticipantsChanged, OperationError> {
    let count = list.numbers().len();
    let change = changes::carry_through(ctx, wait, record, async move |ctx| Ok(call(ctx, users(&list)).await?.body));
    Ok(changed(&change.await?, count))
}

/// What is recorded of the request.
fn asked(group_id: &cams_api::identifiers::GroupId, list: &ParticipantList) -> Value {
    let list: Vec<Value> = list.numbers().iter().map(|number| json!({"ParticipantNumber": number})).collect();
    json!({"GroupId": group_id, "List": list})
}

fn users(list: &ParticipantList) -> Vec<User<'_>> {
    list.numbers().iter().map(user).collect()
}

fn user(number: &ParticipantNumber) -> User<'_> {
    match number {
        ParticipantNumber::Phone(number) => User::Number(number),
        ParticipantNumber::UserId(id) => User::UserId(id),
    }
}

fn changed(change: &Change, asked: usize) -> ParticipantsChanged {
    let failed = outcomes::failed(change);
    let is_partial = change.status == ChangeStatus::Partial;
    // Meta may say "in part" without naming anybody: then it was not done for one at least.
    let not_done = if is_partial { failed.len().max(1) } else { 0 };
    ParticipantsChanged {
        result: u8::try_from(asked.saturating_sub(not_done)).unwrap_or(u8::MAX),
        unique_code: change.unique_code.0.into(),
        failed: change.status.is_done().then_some(failed),
        is_partial,
    }
}
