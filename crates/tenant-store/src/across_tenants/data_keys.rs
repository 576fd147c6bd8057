//! The data keys of all spaces, for the rotation of the master key.

use std::collections::BTreeMap;

use sqlx::{PgConnection, PgPool};

use crate::{DataKeyPlace, StoreError, sealing::WrappedKey};

/// A data key that was wrapped anew.
pub(crate) struct RewrappedKey {
    pub(crate) space: String,
    pub(crate) version: i32,
    /// As it was read; a key that is no longer so stays as it is.
    pub(crate) before: Vec<u8>,
    pub(crate) after: Vec<u8>,
}

/// How many data keys each master key wraps, by its ID.
pub(crate) async fn master_keys_in_use(pool: &PgPool) -> Result<BTreeMap<String, u64>, StoreError> {
    let rows = sqlx::query!(r#"select master_key_id as "id!", data_keys as "data_keys!" from master_keys_in_use()"#);
    Ok(rows.fetch_all(pool).await?.into_iter().map(|row| (row.id, row.data_keys.unsigned_abs())).collect())
}

/// Waits until every transaction that has written a data key, and is under way, is over.
pub(crate) async fn await_data_keys(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query!("select await_data_keys()").execute(pool).await?;
    Ok(())
}

/// The data keys behind `after` that another master key than this one wraps, each with its space.
pub(crate) async fn list_data_keys(
    pool: &PgPool,
    master_key_id: &str,
    after: &DataKeyPlace,
    limit: i64,
) -> Result<Vec<(String, WrappedKey)>, StoreError> {
    let rows = sqlx::query!(
        r#"select cust_space_id as "space!", version as "version!", master_key_id as "master_key_id!",
                  wrapped_key as "bytes!"
           from list_data_keys($1, $2, $3, $4)"#,
        master_key_id,
        after.space,
        after.version,
        limit,
    );
    let key = |version, master_key_id, bytes| WrappedKey { version, master_key_id, bytes };
    let found = rows.fetch_all(pool).await?.into_iter();
    Ok(found.map(|row| (row.space, key(row.version, row.master_key_id, row.bytes))).collect())
}

/// Stores data keys that this master key wraps now. Returns how many: those that were changed meanwhile are passed over.
pub(crate) async fn rewrap_data_keys(
    transaction: &mut PgConnection,
    master_key_id: &str,
    wrapped: &[RewrappedKey],
) -> Result<u64, StoreError> {
    let spaces: Vec<String> = wrapped.iter().map(|key| key.space.clone()).collect();
    let versions: Vec<i32> = wrapped.iter().map(|key| key.version).collect();
    let before: Vec<Vec<u8>> = wrapped.iter().map(|key| key.before.clone()).collect();
    let after: Vec<Vec<u8>> = wrapped.iter().map(|key| key.after.clone()).collect();
    let rewrapped = sqlx::query_scalar!(
        r#"select rewrap_data_keys($1, $2, $3, $4, $5) as "rewrapped!""#,
        master_key_id,
        &spaces,
        &versions,
        &before,
        &after,
    );
    Ok(rewrapped.fetch_one(transaction).await?.unsigned_abs())
}
