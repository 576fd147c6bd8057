//! Groups: make one, look at one, delete one.

use cams_api::operations::{
    AddChatGroup, DeleteChatGroup, GetChatGroup, Group, GroupAdded, GroupData, GroupDeleted, Participant,
};
use cams_api::text::{Description, GroupStatus, InviteLink, JoinApprovalMode};
use cams_api::wait::WaitSeconds;
use graph_client::{ChangeAccepted, GroupField, GroupInfo, NewGroup};
use serde_json::json;
use tenant_store::{Change, ChangeStatus, NewChange};

use super::{Context, OperationError, changes};

/// Asks Meta for a group, and waits for it as long as the caller wants.
pub(super) async fn add_group(ctx: &Context, request: AddChatGroup) -> Result<GroupAdded, OperationError> {
    ctx.token()?;
    let wait = request.wait_seconds.unwrap_or(WaitSeconds::REST_DEFAULT).duration();
    let begun = ctx.to_its_end(async move |ctx| begin(&ctx, &request).await).await?;
    let change = changes::await_outcome(ctx, begun, wait).await?;
    added(change)
}

/// The record, the call, the record of its answer: in this order, so that a crash leaves a trace.
async fn begin(ctx: &Context, request: &AddChatGroup) -> Result<Change, OperationError> {
    let new = NewGroup {
        subject: request.subject.as_str(),
        description: request.description.as_ref().map(Description::as_str),
        join_approval_mode: request.join_approval_mode.map(upstream_mode),
    };
    let request = json!({
        "Subject": new.subject,
        "Description": new.description,
        "JoinApprovalMode": request.join_approval_mode,
    });
    let record = NewChange { subject: Some(new.subject.to_owned()), ..changes::record(ctx, "AddChatGroup", request)? };
    changes::carry_out(ctx, &record, async |ctx| {
        let accepted = ctx.graph.create_group(ctx.call()?, &ctx.number()?.phone_number_id, &new).await?;
        Ok::<ChangeAccepted, OperationError>(accepted.body)
    })
    .await
}

fn added(change: Change) -> Result<GroupAdded, OperationError> {
    let unique_code = change.unique_code.0.into();
    match change.status {
        ChangeStatus::Succeeded | ChangeStatus::Partial => Ok(GroupAdded {
            unique_code,
            group_id: change.group_id.and_then(|id| id.parse().ok()),
            invite_link: change.invite_link.map(InviteLink::from_upstream),
            group_status: Some(GroupStatus::Active),
        }),
        ChangeStatus::Failed => Err(OperationError::ChangeFailed { change: Box::new(change) }),
        ChangeStatus::Sending | ChangeStatus::Pending | ChangeStatus::Unknown => Ok(GroupAdded::accepted(unique_code)),
    }
}

/// Asks Meta to delete a group, and waits for it as long as the caller wants.
pub(super) async fn delete_group(ctx: &Context, request: DeleteChatGroup) -> Result<GroupDeleted, OperationError> {
    let group_id = ctx.own_group(&request.group_id).await?;
    ctx.token()?;
    let wait = request.wait_seconds.unwrap_or(WaitSeconds::REST_DEFAULT).duration();
    let begun = ctx.to_its_end(async move |ctx| begin_deletion(&ctx, &group_id).await).await?;
    let change = changes::await_outcome(ctx, begun, wait).await?;
    deleted(change)
}

async fn begin_deletion(ctx: &Context, group_id: &graph_client::GroupId) -> Result<Change, OperationError> {
    let request = json!({"GroupId": group_id});
    let record =
        NewChange { group_id: Some(group_id.to_string()), ..changes::record(ctx, "DeleteChatGroup", request)? };
    changes::carry_out(ctx, &record, async |ctx| {
        let accepted = ctx.graph.delete_group(ctx.call()?, group_id).await?;
        Ok::<ChangeAccepted, OperationError>(accepted.body)
    })
    .await
}

fn deleted(change: Change) -> Result<GroupDeleted, OperationError> {
    let unique_code = change.unique_code.0.into();
    match change.status {
        ChangeStatus::Failed => Err(OperationError::ChangeFailed { change: Box::new(change) }),
        ChangeStatus::Succeeded | ChangeStatus::Partial => {
            Ok(GroupDeleted { result: 1, unique_code, group_status: Some(GroupStatus::Inactive) })
        }
        ChangeStatus::Sending | ChangeStatus::Pending | ChangeStatus::Unknown => {
            Ok(GroupDeleted { result: 1, unique_code, group_status: None })
        }
    }
}

/// The group as Meta has it now.
pub(super) async fn get_group(ctx: &Context, request: GetChatGroup) -> Result<GroupData, OperationError> {
    let group_id = ctx.own_group(&request.group_id).await?;
    let info = ctx.graph.group_info(ctx.call()?, &group_id, &GroupField::ALL).await?.body;
    let mut data = described(request.group_id, info);
    if request.include_invite_link == Some(true) {
        let link = ctx.graph.invite_link(ctx.call()?, &group_id).await?.body.invite_link;
        data.invite_link = link.map(InviteLink::from_upstream);
    }
    Ok(GroupData { data })
}

fn described(group_id: cams_api::identifiers::GroupId, info: GroupInfo) -> Group {
    let suspended = info.suspended.unwrap_or(false);
    Group {
        group_id,
        subject: info.subject,
        description: info.description,
        join_approval_mode: info.join_approval_mode.map(mode),
        group_status: if suspended { GroupStatus::Suspended } else { GroupStatus::Active },
        suspended,
        creation_timestamp: info.creation_timestamp,
        total_participant_count: info.total_participant_count.and_then(|count| u32::try_from(count).ok()),
        participants: info.participants.into_iter().flatten().map(participant).collect(),
        invite_link: None,
    }
}

fn participant(user: graph_client::Participant) -> Participant {
    Participant {
        participant_number: user.wa_id.clone().or_else(|| user.user_id.clone()),
        wa_id: user.wa_id,
        user_id: user.user_id,
        parent_user_id: user.parent_user_id,
        username: user.username,
    }
}

fn mode(mode: graph_client::JoinApprovalMode) -> JoinApprovalMode {
    match mode {
        graph_client::JoinApprovalMode::AutoApprove => JoinApprovalMode::AutoApprove,
        graph_client::JoinApprovalMode::ApprovalRequired => JoinApprovalMode::ApprovalRequired,
    }
}

fn upstream_mode(mode: JoinApprovalMode) -> graph_client::JoinApprovalMode {
    match mode {
        JoinApprovalMode::AutoApprove => graph_client::JoinApprovalMode::AutoApprove,
        JoinApprovalMode::ApprovalRequired => graph_client::JoinApprovalMode::ApprovalRequired,
    }
}
