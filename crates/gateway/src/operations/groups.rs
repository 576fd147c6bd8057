//! Groups: make one, look at one.

use std::time::Duration;

use cams_api::operations::{AddChatGroup, GetChatGroup, Group, GroupAdded, GroupData, Participant};
use cams_api::text::{Description, GroupStatus, InviteLink, JoinApprovalMode};
use cams_api::wait::WaitSeconds;
use graph_client::{ChangeAccepted, GroupField, GroupInfo, NewGroup};
use serde_json::json;
use tenant_store::{Change, ChangeStatus, NewChange};

use super::{Context, OperationError, changes};

/// Asks Meta for a group, and waits for it as long as the caller wants.
pub(super) async fn add_group(ctx: &Context, request: AddChatGroup) -> Result<GroupAdded, OperationError> {
    ctx.call()?;
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
    let record = NewChange {
        operation: "AddChatGroup".to_owned(),
        business_number: ctx.number.business_number.as_str().to_owned(),
        phone_number_id: ctx.number.phone_number_id.as_str().to_owned(),
        group_id: None,
        subject: Some(new.subject.to_owned()),
        request: json!({
            "Subject": new.subject,
            "Description": new.description,
            "JoinApprovalMode": request.join_approval_mode,
        }),
        answer_due: ctx.services.upstream_timeout + Duration::from_secs(2),
    };
    changes::carry_out(ctx, &record, async |ctx| {
        let accepted = ctx.graph.create_group(ctx.call()?, &ctx.number.phone_number_id, &new).await?;
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
