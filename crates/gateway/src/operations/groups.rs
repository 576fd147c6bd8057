//! Groups: make one, look at one, delete one.

use cams_api::Operation;
use cams_api::operations::{
    AddChatGroup, DeleteChatGroup, GetChatGroup, Group, GroupAdded, GroupData, GroupDeleted, Participant,
};
use cams_api::text::{Description, GroupStatus, InviteLink, JoinApprovalMode};
use graph_client::{GroupField, GroupInfo, NewGroup};
use serde_json::json;
use tenant_store::{Change, NewChange};

use super::{Context, OperationError, changes};

/// Asks Meta for a group, and waits for it as long as the caller wants.
pub(super) async fn add_group(ctx: &Context, request: AddChatGroup) -> Result<GroupAdded, OperationError> {
    let asked = json!({
        "Subject": request.subject.as_str(),
        "Description": request.description.as_ref().map(Description::as_str),
        "JoinApprovalMode": request.join_approval_mode,
    });
    let subject = Some(request.subject.as_str().to_owned());
    let record = NewChange { subject, ..changes::record(ctx, AddChatGroup::NAME, asked)? };
    let change = changes::carry_through(ctx, request.wait_seconds, record, async move |ctx| {
        let new = NewGroup {
            subject: request.subject.as_str(),
            description: request.description.as_ref().map(Description::as_str),
            join_approval_mode: request.join_approval_mode.map(upstream_mode),
        };
        Ok(ctx.graph.create_group(ctx.call().await?.call(), &ctx.number()?.phone_number_id, &new).await?.body)
    })
    .await?;
    Ok(added(change))
}

fn added(change: Change) -> GroupAdded {
    let unique_code = change.unique_code.0.into();
    if !change.status.is_done() {
        return GroupAdded::accepted(unique_code);
    }
    GroupAdded {
        unique_code,
        group_id: change.group_id.and_then(|id| id.parse().ok()),
        invite_link: change.invite_link.map(InviteLink::from_upstream),
        group_status: Some(GroupStatus::Active),
    }
}

/// Asks Meta to delete a group, and waits for it as long as the caller wants.
pub(super) async fn delete_group(ctx: &Context, request: DeleteChatGroup) -> Result<GroupDeleted, OperationError> {
    let group_id = ctx.own_group(&request.group_id).await?;
    let record = changes::record_of_group(ctx, DeleteChatGroup::NAME, &group_id, json!({"GroupId": group_id}))?;
    let change = changes::carry_through(ctx, request.wait_seconds, record, async move |ctx| {
        Ok(ctx.graph.delete_group(ctx.call().await?.call(), &group_id).await?.body)
    })
    .await?;
    Ok(GroupDeleted {
        result: 1,
        unique_code: change.unique_code.0.into(),
        group_status: change.status.is_done().then_some(GroupStatus::Inactive),
    })
}

/// The group as Meta has it now.
pub(super) async fn get_group(ctx: &Context, request: GetChatGroup) -> Result<GroupData, OperationError> {
    let group_id = ctx.own_group(&request.group_id).await?;
    let info = ctx.graph.group_info(ctx.call().await?.call(), &group_id, &GroupField::ALL).await?.body;
    let mut data = described(request.group_id, info);
    if request.include_invite_link == Some(true) {
        let link = ctx.graph.invite_link(ctx.call().await?.call(), &group_id).await?.body.invite_link;
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

pub(super) fn participant(user: graph_client::Participant) -> Participant {
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
