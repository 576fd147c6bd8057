//! The list of tenants, and how one is found in it.

use serde::{Deserialize, Serialize};
use tenant_store::{ListedTenant, TenantFilter, TenantStatus, TokenState};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::credentials::ShownState;
use super::tenants::{Status, TenantView, bounded, refuse};
use super::view::{Listed, Paging, View};
use super::{AdminContext, AdminError};

const LONGEST_SEARCH: usize = 200;

/// A tenant as the list shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListedTenant)]
pub struct ListedTenantView {
    /// The tenant.
    #[serde(flatten)]
    pub tenant: TenantView,
    /// How its token is: `valid`, `expiring`, `invalid` or `missing`.
    #[schema(value_type = String, example = "valid")]
    pub credential_state: ShownState,
    /// When its token ends; `null` for one without an end.
    #[serde(with = "time::serde::rfc3339::option")]
    pub credential_expires_at: Option<OffsetDateTime>,
    /// How many numbers it has.
    #[schema(example = 1)]
    pub business_number_count: i64,
}

/// Which tenants, and which page of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListTenants {
    /// How many at the most: 1 to 1000, 100 where it is absent.
    pub limit: Option<i64>,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// With this in their name, their `cust_space_id`, a label (its name, its value, or `name=value`), or, where it is
    /// three digits or more, in a business number or a phone number ID. Case does not matter.
    pub q: Option<String>,
    /// Only those that are `pending`, `active` or `suspended`.
    #[param(value_type = Option<String>)]
    pub status: Option<Status>,
    /// Only those whose token is `valid`, `expiring`, `invalid` or `missing`.
    #[param(value_type = Option<String>)]
    pub credential_state: Option<ShownState>,
}

impl View for ListedTenantView {}

/// The tenants that the caller may see and asks for, in the order of their IDs.
///
/// # Errors
/// [`AdminError::Invalid`]
pub async fn list(ctx: &AdminContext, asked: ListTenants) -> Result<Listed<ListedTenantView>, AdminError> {
    let limit = Paging::limited(asked.limit)?;
    let mut wrong = Vec::new();
    bounded(&mut wrong, "q", asked.q.as_deref().unwrap_or_default(), 0, LONGEST_SEARCH);
    refuse(wrong)?;
    let filter = TenantFilter {
        only: ctx.caller.named_tenants(cams_api::Scope::AdminRead),
        text: asked.q,
        status: asked.status.map(TenantStatus::from),
        token: asked.credential_state.map(TokenState::from),
    };
    let after = asked.after.as_deref().unwrap_or_default();
    let found = ctx.store().find_tenants(&filter, after, limit + 1).await?;
    Ok(Paging::page(limit, found, |listed| listed.tenant.cust_space_id.clone(), ListedTenantView::from))
}

impl From<ListedTenant> for ListedTenantView {
    fn from(listed: ListedTenant) -> Self {
        let ListedTenant { tenant, token_state, token_expires_at, number_count } = listed;
        Self {
            tenant: tenant.into(),
            credential_state: token_state.into(),
            credential_expires_at: token_expires_at,
            business_number_count: number_count,
        }
    }
}

impl From<Status> for TenantStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Active => Self::Active,
            Status::Suspended => Self::Suspended,
        }
    }
}

impl From<ShownState> for TokenState {
    fn from(state: ShownState) -> Self {
        match state {
            ShownState::Valid => Self::Valid,
            ShownState::Expiring => Self::Expiring,
            ShownState::Invalid => Self::Invalid,
            ShownState::Missing => Self::Missing,
        }
    }
}

impl From<TokenState> for ShownState {
    fn from(state: TokenState) -> Self {
        match state {
            TokenState::Valid => Self::Valid,
            TokenState::Expiring => Self::Expiring,
            TokenState::Invalid => Self::Invalid,
            TokenState::Missing => Self::Missing,
        }
    }
}
