//! Tenants stay while grants on them are written: one that is erased meanwhile would leave its grants to a later tenant of
//! the same ID.

use std::collections::BTreeSet;

use sqlx::{Postgres, Transaction};

use super::Grant;
use crate::{
    StoreError,
    store::{SYSTEM, enter},
};

/// Holds the tenants that the grants name until the transaction ends, which is in the space `_system` before and after.
/// Whoever holds keys as well holds them afterwards, as erasing does. [`StoreError::NotFound`] where a tenant is none.
pub(super) async fn hold_tenants(
    transaction: &mut Transaction<'_, Postgres>,
    grants: &[Grant],
) -> Result<(), StoreError> {
    let named: BTreeSet<&String> =
        grants.iter().flat_map(|grant| &grant.cust_space_ids).filter(|id| *id != "*").collect();
    if named.is_empty() {
        return Ok(());
    }
    for cust_space_id in named {
        enter(transaction, cust_space_id).await?;
        let held = sqlx::query_scalar!("select 1 from tenants where cust_space_id = $1 for key share", cust_space_id);
        held.fetch_optional(&mut **transaction).await?.ok_or(StoreError::NotFound { what: "tenant" })?;
    }
    enter(transaction, SYSTEM).await
}
