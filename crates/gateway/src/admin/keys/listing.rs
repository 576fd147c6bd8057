//! The list of keys.

use cams_api::identifiers::CustSpaceId;
use serde::Deserialize;
use tenant_store::{AccessKeyFilter, KeyStanding};
use utoipa::IntoParams;

use super::super::view::{Listed, Paging};
use super::super::{AdminContext, AdminError};
use super::{KeyView, State};

/// Which keys, and which page of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListKeys {
    /// How many at the most: 1 to 1000, 100 where it is absent.
    pub limit: Option<i64>,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// Those that stand so: `active`, `expired` or `revoked`.
    #[param(value_type = Option<String>)]
    pub state: Option<State>,
    /// Those with this in their name, in capitals or not.
    pub name: Option<String>,
    /// Those that may act for this tenant, by its `CustSpaceId` or for all tenants.
    pub cust_space_id: Option<String>,
}

impl ListKeys {
    /// Those that may act for this tenant.
    pub fn of(tenant: &CustSpaceId) -> Self {
        Self { cust_space_id: Some(tenant.to_string()), ..Self::default() }
    }
}

/// The keys that are asked for, in the order of their IDs.
///
/// # Errors
/// [`AdminError`]
pub async fn list(ctx: &AdminContext, asked: ListKeys) -> Result<Listed<KeyView>, AdminError> {
    let limit = Paging::limited(asked.limit)?;
    let after = asked.after.unwrap_or_default();
    let standing = asked.state.map(KeyStanding::from);
    let filter = AccessKeyFilter { standing, name: asked.name, cust_space_id: asked.cust_space_id };
    let found = ctx.store().find_access_keys(&filter, &after, limit.saturating_add(1)).await?;
    Ok(Paging::page(limit, found, |key| key.access_key_id.clone(), KeyView::from))
}

impl From<State> for KeyStanding {
    fn from(state: State) -> Self {
        match state {
            State::Active => Self::Active,
            State::Expired => Self::Expired,
            State::Revoked => Self::Revoked,
        }
    }
}
