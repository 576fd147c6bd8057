//! The invite link of a group.

use cams_api::operations::{
    AddChatGroupInviteLink, CurrentInviteLink, DeleteChatGroupInviteLink, GetChatGroupInviteLink, InviteLinkDeleted,
    InviteLinkGiven,
};
use cams_api::text::InviteLink;

use super::{Context, OperationError};

/// The link that admits users now, if there is one.
pub(super) async fn get_invite_link(
    ctx: &Context,
    request: GetChatGroupInviteLink,
) -> Result<CurrentInviteLink, OperationError> {
    let group_id = ctx.own_group(&request.group_id).await?;
    let answer = ctx.graph.invite_link(ctx.call().await?.call(), &group_id).await?;
    Ok(CurrentInviteLink { invite_link: answer.body.invite_link.map(InviteLink::from_upstream) })
}

/// A new link; the one before it stops working.
pub(super) async fn add_invite_link(
    ctx: &Context,
    request: AddChatGroupInviteLink,
) -> Result<InviteLinkGiven, OperationError> {
    let group_id = ctx.own_group(&request.group_id).await?;
    ctx.write(async move |ctx| {
        let answer = ctx.graph.reset_invite_link(ctx.call().await?.call(), &group_id).await?;
        ctx.services.links.learned(ctx.number()?, group_id.as_str(), Some(&answer.body.invite_link));
        Ok(given(answer.body.invite_link))
    })
    .await
}

/// No link any more.
pub(super) async fn delete_invite_link(
    ctx: &Context,
    request: DeleteChatGroupInviteLink,
) -> Result<InviteLinkDeleted, OperationError> {
    let group_id = ctx.own_group(&request.group_id).await?;
    ctx.write(async move |ctx| {
        let answer = ctx.graph.delete_invite_link(ctx.call().await?.call(), &group_id).await?;
        ctx.services.links.learned(ctx.number()?, group_id.as_str(), None);
        Ok(InviteLinkDeleted { result: u8::from(answer.body.success) })
    })
    .await
}

fn given(link: String) -> InviteLinkGiven {
    InviteLinkGiven { invite_link: InviteLink::from_upstream(link) }
}
