//! Grants as administrators write them: scopes on tenants.

use std::collections::{BTreeSet, HashMap, HashSet};

use cams_api::ScopeSet;
use cams_api::identifiers::CustSpaceId;
use serde::{Deserialize, Serialize};
use tenant_store::{Grant, Tenant, TenantFilter};
use utoipa::ToSchema;

use super::{AdminContext, AdminError, FieldError};
use crate::auth::insert_scope;

const MOST_GRANTS: usize = 100;
/// In all grants of a key together.
const MOST_TENANTS: usize = 1_000;
const MOST_SCOPES: usize = 100;
/// All tenants, those of later too.
const EVERYBODY: &str = "*";

/// Scopes on tenants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Grant)]
#[serde(deny_unknown_fields)]
pub struct GrantView {
    /// `CustSpaceId`s, or `["*"]` for all tenants, those of later too.
    #[schema(example = json!(["cams-8c8pdv"]))]
    pub cust_space_ids: Vec<String>,
    /// Scopes, such as `groups.read`; `cams:<Operation>` for one operation, `cams:*` for all.
    #[schema(example = json!(["groups.read", "groups.write"]))]
    pub scopes: Vec<String>,
}

/// The grants, where each names tenants that there are and scopes that there are; what is wrong with them otherwise.
///
/// # Errors
/// [`AdminError::Store`] where the tenants cannot be looked up.
pub(super) async fn checked(
    ctx: &AdminContext,
    grants: &[GrantView],
    wrong: &mut Vec<FieldError>,
) -> Result<Vec<Grant>, AdminError> {
    if !(1..=MOST_GRANTS).contains(&grants.len()) {
        wrong.push(FieldError::new("grants", format!("1 to {MOST_GRANTS} grants")));
        return Ok(Vec::new());
    }
    let named = named(grants);
    if named.len() > MOST_TENANTS {
        wrong.push(FieldError::new("grants", format!("at most {MOST_TENANTS} tenants in all, or `*`")));
        return Ok(Vec::new());
    }
    let known = known(ctx, &named).await?;
    for (at, grant) in grants.iter().enumerate() {
        tenants(at, &grant.cust_space_ids, &known, wrong);
        scopes(at, &grant.scopes, wrong);
    }
    let stored = grants.iter().cloned();
    Ok(stored.map(|GrantView { cust_space_ids, scopes }| Grant { cust_space_ids, scopes }).collect())
}

/// Grants as they are shown.
pub(super) fn stored(grants: Vec<Grant>) -> Vec<GrantView> {
    grants.into_iter().map(|Grant { cust_space_ids, scopes }| GrantView { cust_space_ids, scopes }).collect()
}

/// What the tenants are called that the grants name, by their IDs. One that was erased has no name.
///
/// # Errors
/// [`AdminError`]
pub async fn tenant_names<'a>(
    ctx: &AdminContext,
    grants: impl IntoIterator<Item = &'a GrantView>,
) -> Result<HashMap<String, String>, AdminError> {
    let ids: BTreeSet<&String> = grants.into_iter().flat_map(|grant| &grant.cust_space_ids).collect();
    let only: Vec<String> = ids.into_iter().filter(|id| *id != EVERYBODY).cloned().collect();
    if only.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(existing(ctx, only).await?.map(|tenant| (tenant.cust_space_id, tenant.name)).collect())
}

/// Those of these tenants that there are.
async fn existing(ctx: &AdminContext, only: Vec<String>) -> Result<impl Iterator<Item = Tenant>, AdminError> {
    let asked = TenantFilter { only: Some(only), ..TenantFilter::default() };
    Ok(ctx.store().find_tenants(&asked, "", i64::MAX).await?.into_iter().map(|found| found.tenant))
}

/// What the grants name that can be a tenant's ID.
fn named(grants: &[GrantView]) -> BTreeSet<String> {
    let ids = grants.iter().flat_map(|grant| &grant.cust_space_ids);
    ids.filter(|id| id.parse::<CustSpaceId>().is_ok()).cloned().collect()
}

/// Which of these tenants there are.
async fn known(ctx: &AdminContext, named: &BTreeSet<String>) -> Result<HashSet<String>, AdminError> {
    if named.is_empty() {
        return Ok(HashSet::new());
    }
    let found = existing(ctx, named.iter().cloned().collect()).await?;
    Ok(found.map(|tenant| tenant.cust_space_id).collect())
}

fn tenants(grant: usize, ids: &[String], known: &HashSet<String>, wrong: &mut Vec<FieldError>) {
    let field = format!("grants.{grant}.cust_space_ids");
    if ids == [EVERYBODY] {
        return;
    }
    if ids.is_empty() {
        wrong.push(FieldError::new(field, "at least one tenant, or `*` alone"));
        return;
    }
    for (at, _) in ids.iter().enumerate().filter(|(_, id)| !known.contains(*id)).take(MOST_TENANTS) {
        wrong.push(FieldError::new(format!("{field}.{at}"), "a tenant that there is, or `*` alone"));
    }
}

fn scopes(grant: usize, names: &[String], wrong: &mut Vec<FieldError>) {
    let field = format!("grants.{grant}.scopes");
    if !(1..=MOST_SCOPES).contains(&names.len()) {
        wrong.push(FieldError::new(field, format!("1 to {MOST_SCOPES} scopes")));
        return;
    }
    for (at, name) in names.iter().enumerate() {
        if let Err(unknown) = insert_scope(&mut ScopeSet::default(), name) {
            wrong.push(FieldError::new(format!("{field}.{at}"), unknown.to_string()));
        }
    }
}
