//! The list of groups, from the mirror.

use std::sync::Arc;

use cams_api::operations::{GroupList, GroupListData, ListChatGroup, ListedGroup};
use cams_api::text::{GroupStatus, InviteLink, JoinApprovalMode, SubjectPart};
use tenant_store::{GroupFilter, GroupSummary};
use time::OffsetDateTime;

use super::{Context, OperationError};
use crate::tenants::Number;

/// A page of the groups of one number, or of all of the tenant's.
pub(super) async fn list_groups(ctx: &Context, request: ListChatGroup) -> Result<GroupListData, OperationError> {
    let numbers = ctx.number.as_ref().map_or(&ctx.tenant.numbers[..], std::slice::from_ref);
    let ids: Vec<String> = numbers.iter().map(|number| number.phone_number_id.as_str().to_owned()).collect();
    let filter = GroupFilter {
        phone_number_ids: &ids,
        subject: request.subject.as_ref().map(SubjectPart::as_str).filter(|part| !part.is_empty()),
        status: request.group_status.map(stored_status),
        offset: request.page.offset(),
        limit: request.page.limit(),
    };
    let listed = ctx.space().list_groups(&filter).await?;
    let list = listed.groups.into_iter().filter_map(|group| shown(ctx, group)).collect();
    Ok(GroupListData { data: GroupList { total: listed.total, list } })
}

fn shown(ctx: &Context, group: GroupSummary) -> Option<ListedGroup> {
    let owns = |number: &&Arc<Number>| number.phone_number_id.as_str() == group.phone_number_id;
    let number = ctx.tenant.numbers.iter().find(owns)?;
    Some(ListedGroup {
        business_number: number.business_number.clone(),
        business_role: "ADMIN",
        creation_timestamp: group.creation_timestamp.map(OffsetDateTime::unix_timestamp),
        description: group.description,
        gmt_modifier: milliseconds(group.modified_at),
        group_id: group.group_id.and_then(|id| id.parse().ok()),
        group_link: (),
        group_status: status(group.status),
        group_type: (),
        invite_link: group.invite_link.map(InviteLink::from_upstream),
        join_approval_mode: group.join_approval_mode.as_deref().and_then(JoinApprovalMode::from_upstream),
        profile_picture_file: (),
        subject: group.subject,
        total_participant_count: group.total_participant_count.and_then(|count| u32::try_from(count).ok()),
    })
}

fn milliseconds(instant: OffsetDateTime) -> i64 {
    i64::try_from(instant.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

fn status(status: tenant_store::GroupStatus) -> GroupStatus {
    match status {
        tenant_store::GroupStatus::Creating => GroupStatus::Creating,
        tenant_store::GroupStatus::Active => GroupStatus::Active,
        tenant_store::GroupStatus::Updating => GroupStatus::Updating,
        tenant_store::GroupStatus::Deleting => GroupStatus::Deleting,
        tenant_store::GroupStatus::Suspended => GroupStatus::Suspended,
        tenant_store::GroupStatus::Inactive => GroupStatus::Inactive,
    }
}

fn stored_status(status: GroupStatus) -> tenant_store::GroupStatus {
    match status {
        GroupStatus::Creating => tenant_store::GroupStatus::Creating,
        GroupStatus::Active => tenant_store::GroupStatus::Active,
        GroupStatus::Updating => tenant_store::GroupStatus::Updating,
        GroupStatus::Deleting => tenant_store::GroupStatus::Deleting,
        GroupStatus::Suspended => tenant_store::GroupStatus::Suspended,
        GroupStatus::Inactive => tenant_store::GroupStatus::Inactive,
    }
}
