//! What goes by age, and what goes with a tenant.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};

use super::interval;
use crate::StoreError;

/// Makes the partitions that are missing. How many, and whether that was put off for a lock.
pub(crate) async fn make_missing_partitions(pool: &PgPool) -> Result<(u64, bool), StoreError> {
    let made = sqlx::query!(r#"select made as "made!", is_put_off as "is_put_off!" from make_missing_partitions()"#);
    let made = made.fetch_one(pool).await?;
    Ok((made.made.unsigned_abs(), made.is_put_off))
}

/// Drops the oldest partition, if it is older than `retention`. Whether it did, and whether that was put off for a lock.
pub(crate) async fn drop_old_partition(pool: &PgPool, retention: Duration) -> Result<(bool, bool), StoreError> {
    let dropped = sqlx::query!(
        r#"select dropped as "dropped!", is_put_off as "is_put_off!" from drop_old_partition($1)"#,
        interval(retention),
    );
    let dropped = dropped.fetch_one(pool).await?;
    Ok((dropped.dropped, dropped.is_put_off))
}

/// Deletes the oldest fingerprints of events that Meta no longer repeats. Returns how many.
pub(crate) async fn forget_old_fingerprints(pool: &PgPool, limit: i64) -> Result<u64, StoreError> {
    let forgotten = sqlx::query_scalar!(r#"select forget_old_fingerprints($1) as "forgotten!""#, limit);
    Ok(forgotten.fetch_one(pool).await?.unsigned_abs())
}

/// Waits until nobody routes events of this transaction's tenant, and keeps others from it.
pub(crate) async fn hold_events(transaction: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("select hold_events()").execute(transaction).await?;
    Ok(())
}

/// Deletes all events of this transaction's tenant. Returns how many.
pub(crate) async fn erase_events(transaction: &mut PgConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(r#"select erase_events() as "erased!""#).fetch_one(transaction).await?)
}
