//! Tenants: the administrator's list, and what the resolver needs.

use std::collections::BTreeMap;

use sqlx::{PgPool, types::Json};
use time::OffsetDateTime;

use crate::{
    BusinessNumber, CredentialState, Limits, ListedTenant, Revision, StoreError, Tenant, TenantFilter, TenantStatus,
    TokenState,
    limits::limits_of,
    sealing::WrappedKey,
    tenants::TenantRow,
    text::{folded, storable, storable_option},
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

/// A row of the list that filters.
struct ListedRow {
    cust_space_id: String,
    name: String,
    status: TenantStatus,
    suspended_reason: Option<String>,
    notes: Option<String>,
    labels: Json<BTreeMap<String, String>>,
    created_at: OffsetDateTime,
    revision: Revision,
    token_state: TokenState,
    token_expires_at: Option<OffsetDateTime>,
    number_count: i64,
}

pub(crate) async fn find_tenants(
    pool: &PgPool,
    filter: &TenantFilter,
    after: &str,
    limit: i64,
) -> Result<Vec<ListedTenant>, StoreError> {
    let text = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let tenants = sqlx::query_as!(
        ListedRow,
        r#"select cust_space_id as "cust_space_id!", name as "name!", status as "status!: TenantStatus",
                  suspended_reason, notes, labels as "labels!: Json<BTreeMap<String, String>>",
                  created_at as "created_at!", revision as "revision!: Revision",
                  credential_state as "token_state!: TokenState", credential_expires_at as token_expires_at,
                  business_number_count as "number_count!"
           from find_tenants($1, $2, $3, $4, $5, $6, $7)"#,
        &storable(after),
        limit,
        filter.only.as_deref(),
        text.map(|text| folded(&storable(text))),
        filter.digits(),
        filter.status as Option<TenantStatus>,
        filter.token as Option<TokenState>,
    );
    Ok(tenants.fetch_all(pool).await?.into_iter().map(ListedTenant::from).collect())
}

impl From<ListedRow> for ListedTenant {
    fn from(row: ListedRow) -> Self {
        let ListedRow { cust_space_id, name, status, suspended_reason, notes, labels, created_at, revision, .. } = row;
        let row_of = TenantRow { cust_space_id, name, status, suspended_reason, notes, labels, created_at, revision };
        let ListedRow { token_state, token_expires_at, number_count, .. } = row;
        Self { tenant: row_of.into(), token_state, token_expires_at, number_count }
    }
}

/// The tenant, and the phone number IDs for which the mirror has the group.
pub(crate) async fn open_tenant(
    pool: &PgPool,
    cust_space_id: &str,
    group_id: Option<&str>,
) -> Result<Option<(ResolvedTenant, Vec<String>)>, StoreError> {
    let row = sqlx::query!(
        r#"select status as "status!: TenantStatus", numbers as "numbers!: Json<Vec<BusinessNumber>>",
                  in_flight, per_tenant, per_tenant_read, per_tenant_write, per_tenant_message,
                  per_number, per_number_read, per_number_write, per_number_message,
                  sealed_token, key_version, master_key_id, wrapped_key,
                  credential_state as "credential_state: CredentialState",
                  numbers_of_group($1, $2) as "numbers_of_group!"
           from open_tenant($1)"#,
        &storable(cust_space_id),
        storable_option(group_id),
    );
    let Some(row) = row.fetch_optional(pool).await? else {
        return Ok(None);
    };
    let limits = limits_of!(row);
    let key = match (row.key_version, row.master_key_id, row.wrapped_key) {
        (Some(version), Some(master_key_id), Some(bytes)) => Some(WrappedKey { version, master_key_id, bytes }),
        _ => None,
    };
    let is_invalid = row.credential_state == Some(CredentialState::Invalid);
    let credential =
        row.sealed_token.zip(key).map(|(sealed_token, key)| SealedCredential { sealed_token, key, is_invalid });
    let tenant = ResolvedTenant { status: row.status, numbers: row.numbers.0, credential, limits };
    Ok(Some((tenant, row.numbers_of_group)))
}

/// The tenant's phone number IDs for which the mirror has the group.
pub(crate) async fn numbers_of_group(
    pool: &PgPool,
    cust_space_id: &str,
    group_id: &str,
) -> Result<Vec<String>, StoreError> {
    let numbers = sqlx::query_scalar!(
        r#"select numbers_of_group($1, $2) as "numbers!""#,
        &storable(cust_space_id),
        &storable(group_id),
    );
    Ok(numbers.fetch_one(pool).await?)
}
