//! What is open, about to end and prepared, of all tenants.

use std::time::Duration;

use sqlx::PgPool;

use super::interval;
use crate::{StoreError, Upkeep};

pub(crate) async fn upkeep(pool: &PgPool, soon: Duration) -> Result<Upkeep, StoreError> {
    let upkeep = sqlx::query_as!(
        Upkeep,
        r#"select changes_open as "changes_open!", oldest_change_at, credentials_refused as "credentials_refused!",
                  credentials_expiring as "credentials_expiring!", partitions_ahead as "partitions_ahead!"
           from upkeep($1)"#,
        interval(soon),
    );
    Ok(upkeep.fetch_one(pool).await?)
}
