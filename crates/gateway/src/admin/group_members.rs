//! Who is in a group, who asks to be let in, and by which link: nothing of it is kept, so Meta is asked each time.

use std::fmt;
use std::sync::Arc;

use cams_api::Class;
use cams_api::identifiers::{CustSpaceId, GroupId};
use graph_client::{Call, GroupField, JoinApprovalMode, JoinRequestPosition, OpenJoinRequest, Urgency};
use serde::Serialize;
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::ToSchema;

use super::groups::{self, GroupView};
use super::view::View;
use super::{AdminContext, AdminError};
use crate::limits::Taken;
use crate::operations::OperationError;
use crate::tenants::{Number, Unresolved};

/// A group's people, as Meta has them now.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupMembers)]
pub struct MembersView {
    /// Who is in the group beside the business.
    pub participants: Vec<MemberView>,
    /// Who asks to be let in: the first that Meta names.
    pub join_requests: Vec<JoinRequestView>,
    /// Whether Meta has more of these.
    pub has_more_join_requests: bool,
}

/// A user of WhatsApp; `null` is what Meta does not tell.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupMember)]
pub struct MemberView {
    /// The phone number, in digits.
    #[schema(example = "15551230001")]
    pub wa_id: Option<String>,
    /// Meta's ID of the user for this business.
    pub user_id: Option<String>,
    /// The name that the user has chosen.
    pub username: Option<String>,
}

/// Somebody who asks to be let in.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupJoinRequest)]
pub struct JoinRequestView {
    /// Who.
    #[serde(flatten)]
    pub user: MemberView,
    /// Since when.
    #[serde(with = "rfc3339::option")]
    pub asked_at: Option<OffsetDateTime>,
}

/// A group's invite link: whoever holds it may enter.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupInviteLink)]
pub struct InviteLinkView {
    /// `null` where the group has none.
    #[schema(example = "https://chat.whatsapp.com/GhKlMnOpQrStUvWxYz0123")]
    pub invite_link: Option<String>,
}

impl fmt::Debug for InviteLinkView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteLinkView(***)")
    }
}

impl View for MembersView {}
impl View for InviteLinkView {}

/// Who is in the group, and who asks to be.
///
/// # Errors
/// [`AdminError::Unfit`] where nothing can be asked in the tenant's name, [`AdminError::Upstream`] where Meta does not say.
pub async fn list(ctx: &AdminContext, tenant: &CustSpaceId, group: &GroupId) -> Result<MembersView, AdminError> {
    let (group, number) = owned(ctx, tenant, group).await?;
    let id = upstream_id(&group)?;
    let info = {
        let _in_flight = take_call(ctx, &number).await?;
        ctx.graph.group_info(call(&number)?, &id, &[GroupField::Participants]).await.map_err(unasked)?.body
    };
    let (join_requests, has_more_join_requests) = asking(ctx, &group, &number, &id).await?;
    let participants = info.participants.into_iter().flatten().map(Into::into).collect();
    Ok(MembersView { participants, join_requests, has_more_join_requests })
}

/// Who asks to be let in, and whether there are more. Nobody does where everybody is let in.
async fn asking(
    ctx: &AdminContext,
    group: &GroupView,
    number: &Number,
    id: &graph_client::GroupId,
) -> Result<(Vec<JoinRequestView>, bool), AdminError> {
    if group.join_approval_mode.as_deref() == Some(JoinApprovalMode::AutoApprove.as_str()) {
        return Ok((Vec::new(), false));
    }
    let _in_flight = take_call(ctx, number).await?;
    let page = ctx.graph.join_requests(call(number)?, id, JoinRequestPosition::default()).await.map_err(unasked)?.body;
    let has_more = page.after.is_some() && !page.requests.is_empty();
    let asks = |open: OpenJoinRequest| JoinRequestView {
        user: open.participant.into(),
        asked_at: open.creation_timestamp.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok()),
    };
    Ok((page.requests.into_iter().map(asks).collect(), has_more))
}

/// The group's invite link.
///
/// # Errors
/// As [`list`].
pub async fn invite_link(
    ctx: &AdminContext,
    tenant: &CustSpaceId,
    group: &GroupId,
) -> Result<InviteLinkView, AdminError> {
    let (group, number) = owned(ctx, tenant, group).await?;
    let _in_flight = take_call(ctx, &number).await?;
    let link = ctx.graph.invite_link(call(&number)?, &upstream_id(&group)?).await.map_err(unasked)?.body;
    Ok(InviteLinkView { invite_link: link.invite_link })
}

/// The group, and the number of the tenant that owns it.
async fn owned(
    ctx: &AdminContext,
    tenant: &CustSpaceId,
    group: &GroupId,
) -> Result<(GroupView, Arc<Number>), AdminError> {
    let group = groups::get(ctx, tenant, group).await?;
    let tenant = ctx.services.resolver.tenant(tenant).await.map_err(unresolved)?;
    let is_owner = |number: &&Arc<Number>| number.phone_number_id.as_str() == group.phone_number_id;
    let number = tenant.numbers.iter().find(is_owner).cloned().ok_or(Unresolved::NoNumber).map_err(unresolved)?;
    Ok((group, number))
}

fn upstream_id(group: &GroupView) -> Result<graph_client::GroupId, AdminError> {
    let id = group.group_id.as_deref().unwrap_or_default().parse();
    id.map_err(|_| AdminError::NotFound { what: "group".into() })
}

/// One call that reads, counted against the number's limits as a tenant's own.
async fn take_call(ctx: &AdminContext, number: &Number) -> Result<Taken, AdminError> {
    Ok(number.take_call(&ctx.services.limits, Class::Read).await?)
}

fn call(number: &Number) -> Result<Call<'_>, AdminError> {
    number.call(Urgency::Caller).map_err(unresolved)
}

fn unresolved(error: Unresolved) -> AdminError {
    match error {
        Unresolved::Store(error) => error.into(),
        other => AdminError::Unfit { why: OperationError::from(other).to_string() },
    }
}

fn unasked(error: graph_client::GraphError) -> AdminError {
    AdminError::Upstream { why: OperationError::from(error).to_string() }
}

impl From<graph_client::Participant> for MemberView {
    fn from(user: graph_client::Participant) -> Self {
        Self { wa_id: user.wa_id, user_id: user.user_id, username: user.username }
    }
}
