//! Asynchronous changes that somebody waits for, or nobody any more.

use std::time::Duration;

use sqlx::PgPool;
use uuid::Uuid;

use super::interval;
use crate::{StoreError, UniqueCode};

/// Which of these changes, of any tenant, are settled.
pub(crate) async fn settled_changes(pool: &PgPool, codes: &[Uuid]) -> Result<Vec<UniqueCode>, StoreError> {
    let settled = sqlx::query_scalar!(r#"select settled_changes($1) as "code!: UniqueCode""#, codes);
    Ok(settled.fetch_all(pool).await?)
}

pub(crate) async fn claim_stale_changes(
    pool: &PgPool,
    older_than: Duration,
    limit: i64,
) -> Result<Vec<(String, UniqueCode)>, StoreError> {
    let rows = sqlx::query!(
        r#"select cust_space_id as "cust_space_id!", unique_code as "unique_code!: UniqueCode"
           from claim_stale_changes($1, $2)"#,
        interval(older_than),
        limit,
    );
    Ok(rows.fetch_all(pool).await?.into_iter().map(|row| (row.cust_space_id, row.unique_code)).collect())
}

pub(crate) async fn abandoned_changes(pool: &PgPool, limit: i64) -> Result<Vec<(String, UniqueCode)>, StoreError> {
    let rows = sqlx::query!(
        r#"select cust_space_id as "cust_space_id!", unique_code as "unique_code!: UniqueCode"
           from abandoned_changes($1)"#,
        limit,
    );
    Ok(rows.fetch_all(pool).await?.into_iter().map(|row| (row.cust_space_id, row.unique_code)).collect())
}
