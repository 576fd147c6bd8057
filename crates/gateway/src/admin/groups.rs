//! A tenant's groups in the mirror, and comparing the mirror with Meta's lists.

use cams_api::identifiers::{CustSpaceId, GroupId};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tenant_store::{BusinessNumber, GroupFilter, GroupStatus, GroupSummary, MirrorState};
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::{IntoParams, ToSchema};

use super::tenants::Status as TenantStatus;
use super::view::{Listed, Paging, View};
use super::{AdminContext, AdminError};

/// A group as the mirror has it; `null` is what is not known yet. Its invite link is not told: whoever holds it may enter.
#[derive(Serialize, ToSchema)]
#[schema(as = Group)]
pub struct GroupView {
    /// Meta's ID of it; `null` while it is being created.
    pub group_id: Option<String>,
    /// Meta's ID of the number that owns it.
    #[schema(example = "100000000000001")]
    pub phone_number_id: String,
    /// The same in digits; `null` where the tenant has it no longer.
    #[schema(example = "15550000001")]
    pub business_number: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// `auto_approve` or `approval_required`.
    pub join_approval_mode: Option<String>,
    /// `creating`, `active`, `updating`, `deleting`, `suspended` or `inactive`.
    #[schema(value_type = String, example = "active")]
    pub status: Status,
    /// How many participants it has.
    pub total_participant_count: Option<i32>,
    /// When Meta made it.
    #[serde(with = "rfc3339::option")]
    pub created_at: Option<OffsetDateTime>,
    /// When anything of this last changed.
    #[serde(with = "rfc3339")]
    pub modified_at: OffsetDateTime,
}

/// Where a group stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Asked for, and not yet made by Meta.
    Creating,
    /// In use.
    Active,
    /// A change of its settings is under way.
    Updating,
    /// Its deletion is under way.
    Deleting,
    /// Suspended by Meta.
    Suspended,
    /// Deleted, or gone.
    Inactive,
}

impl Status {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Active => "active",
            Self::Updating => "updating",
            Self::Deleting => "deleting",
            Self::Suspended => "suspended",
            Self::Inactive => "inactive",
        }
    }
}

/// Which groups, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListGroups {
    /// How many at the most: 1 to 1000, 100 where it is absent.
    limit: Option<i64>,
    /// The `next` of the page before.
    after: Option<String>,
    /// Those that stand so; all but inactive ones where it is absent.
    #[param(value_type = Option<String>)]
    status: Option<Status>,
    /// Those of this number of the tenant's, in digits.
    business_number: Option<String>,
    /// Those with this in their subject, in any case.
    subject: Option<String>,
}

/// How a number's mirror stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Mirror)]
pub struct MirrorView {
    /// Meta's ID of the number.
    #[schema(example = "100000000000001")]
    pub phone_number_id: String,
    /// When its list of groups was last compared; `null` for never.
    #[serde(with = "rfc3339::option")]
    pub listed_at: Option<OffsetDateTime>,
    /// When it is compared next.
    #[serde(with = "rfc3339")]
    pub list_due: OffsetDateTime,
    /// Why the last try failed.
    pub failure: Option<String>,
}

/// What was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reconciling {
    /// The tenant's numbers: each is compared as soon as a gateway has time for it, and `listed_at` then says so.
    pub numbers: Vec<MirrorView>,
}

impl View for GroupView {}
impl View for Reconciling {}

/// A tenant's groups, newest first; pages count from the newest, so that what is made meanwhile moves them.
///
/// # Errors
/// [`AdminError`]
pub async fn list(
    ctx: &AdminContext,
    tenant: &CustSpaceId,
    asked: ListGroups,
) -> Result<Listed<GroupView>, AdminError> {
    super::tenants::get(ctx, tenant).await?;
    let limit = Paging::limited(asked.limit)?;
    let offset = asked.after.as_deref().map(str::parse::<u64>).transpose();
    let offset = offset.map_err(|_| AdminError::field("after", "the `next` of the page before"))?.unwrap_or_default();
    let space = ctx.space(tenant);
    let numbers = space.numbers().await?;
    let is_asked_for =
        |number: &&BusinessNumber| asked.business_number.as_ref().is_none_or(|only| *only == number.business_number);
    let ids: Vec<String> = numbers.iter().filter(is_asked_for).map(|number| number.phone_number_id.clone()).collect();
    let filter = GroupFilter {
        phone_number_ids: &ids,
        subject: asked.subject.as_deref(),
        status: asked.status.map(Into::into),
        offset,
        limit: limit.unsigned_abs(),
    };
    let listed = space.list_groups(&filter).await?;
    let end = offset.saturating_add(limit.unsigned_abs());
    let next = (listed.total > end).then(|| end.to_string());
    Ok(Listed { data: listed.groups.into_iter().map(|group| view(&numbers, group)).collect(), next })
}

/// One group of the mirror, also one that is gone.
///
/// # Errors
/// [`AdminError::NotFound`]
pub async fn get(ctx: &AdminContext, tenant: &CustSpaceId, group: &GroupId) -> Result<GroupView, AdminError> {
    let space = ctx.space(tenant);
    let found = space.group_summary(group.as_str()).await?.ok_or(AdminError::NotFound { what: "group".into() })?;
    Ok(view(&space.numbers().await?, found))
}

/// How the mirrors of the tenant's numbers stand.
///
/// # Errors
/// [`AdminError`]
pub async fn mirrors(ctx: &AdminContext, tenant: &CustSpaceId) -> Result<Vec<MirrorView>, AdminError> {
    Ok(ctx.space(tenant).mirrors().await?.into_iter().map(Into::into).collect())
}

/// Asks for the mirror of all the tenant's numbers to be compared with Meta's lists now.
///
/// # Errors
/// [`AdminError::Unfit`] where the tenant is not active, so that Meta is asked nothing in its name.
pub async fn reconcile(ctx: &AdminContext, tenant: &CustSpaceId) -> Result<Reconciling, AdminError> {
    if super::tenants::get(ctx, tenant).await?.status != TenantStatus::Active {
        let why = "The tenant is not active, so nothing is asked of Meta in its name.".to_owned();
        return Err(AdminError::Unfit { why });
    }
    let space = ctx.space(tenant);
    space.request_reconciliation(None, &ctx.actor).await?;
    Ok(Reconciling { numbers: space.mirrors().await?.into_iter().map(Into::into).collect() })
}

impl From<MirrorState> for MirrorView {
    fn from(mirror: MirrorState) -> Self {
        let MirrorState { phone_number_id, listed_at, list_due, failure, .. } = mirror;
        Self { phone_number_id, listed_at, list_due, failure }
    }
}

fn view(numbers: &[BusinessNumber], group: GroupSummary) -> GroupView {
    let owner = numbers.iter().find(|number| number.phone_number_id == group.phone_number_id);
    GroupView {
        group_id: group.group_id,
        business_number: owner.map(|number| number.business_number.clone()),
        phone_number_id: group.phone_number_id,
        subject: group.subject,
        description: group.description,
        join_approval_mode: group.join_approval_mode,
        status: group.status.into(),
        total_participant_count: group.total_participant_count,
        created_at: group.creation_timestamp,
        modified_at: group.modified_at,
    }
}

impl From<GroupStatus> for Status {
    fn from(status: GroupStatus) -> Self {
        match status {
            GroupStatus::Creating => Self::Creating,
            GroupStatus::Active => Self::Active,
            GroupStatus::Updating => Self::Updating,
            GroupStatus::Deleting => Self::Deleting,
            GroupStatus::Suspended => Self::Suspended,
            GroupStatus::Inactive => Self::Inactive,
        }
    }
}

impl From<Status> for GroupStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Creating => Self::Creating,
            Status::Active => Self::Active,
            Status::Updating => Self::Updating,
            Status::Deleting => Self::Deleting,
            Status::Suspended => Self::Suspended,
            Status::Inactive => Self::Inactive,
        }
    }
}
