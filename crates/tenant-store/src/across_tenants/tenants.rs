//! Tenants: the administrator's list, and what the resolver needs.

use std::collections::BTreeMap;

use sqlx::{PgPool, types::Json};

use crate::{
    BusinessNumber, CredentialState, Limits, Revision, StoreError, Tenant, TenantStatus, limits, sealing::WrappedKey,
    tenants::TenantRow, text::storable,
};

/// What the resolver needs of a tenant, its token still sealed.
pub(crate) struct ResolvedTenant {
    pub(crate) status: TenantStatus,
    pub(crate) numbers: Vec<BusinessNumber>,
    pub(crate) credential: Option<SealedCredential>,
    pub(crate) limits: Limits,
}

/// A sealed token with the data key that opens it.
pub(crate) struct SealedCredential {
    pub(crate) sealed_token: Vec<u8>,
    pub(crate) key: WrappedKey,
    /// Whether Meta has refused it.
    pub(crate) is_invalid: bool,
}

pub(crate) async fn list_tenants(pool: &PgPool, after: &str, limit: i64) -> Result<Vec<Tenant>, StoreError> {
    let tenants = sqlx::query_as!(
        TenantRow,
        r#"select cust_space_id as "cust_space_id!", name as "name!", status as "status!: TenantStatus",
                  suspended_reason, notes, labels as "labels!: Json<BTreeMap<String, String>>",
                  created_at as "created_at!", revision as "revision!: Revision"
           from list_tenants($1, $2)"#,
        &storable(after),
        limit,
    );
    Ok(tenants.fetch_all(pool).await?.into_iter().map(Tenant::from).collect())
}

pub(crate) async fn open_tenant(pool: &PgPool, cust_space_id: &str) -> Result<Option<ResolvedTenant>, StoreError> {
    let row = sqlx::query!(
        r#"select status as "status!: TenantStatus", numbers as "numbers!: Json<Vec<BusinessNumber>>",
                  per_tenant, per_number, in_flight, sealed_token, key_version, master_key_id, wrapped_key,
                  credential_state as "credential_state: CredentialState"
           from open_tenant($1)"#,
        &storable(cust_space_id),
    );
    let Some(row) = row.fetch_optional(pool).await? else {
        return Ok(None);
    };
    let limits = limits::stored(row.per_tenant.as_deref(), row.per_number.as_deref(), row.in_flight);
    let key = match (row.key_version, row.master_key_id, row.wrapped_key) {
        (Some(version), Some(master_key_id), Some(bytes)) => Some(WrappedKey { version, master_key_id, bytes }),
        _ => None,
    };
    let is_invalid = row.credential_state == Some(CredentialState::Invalid);
    let credential =
        row.sealed_token.zip(key).map(|(sealed_token, key)| SealedCredential { sealed_token, key, is_invalid });
    Ok(Some(ResolvedTenant { status: row.status, numbers: row.numbers.0, credential, limits }))
}
