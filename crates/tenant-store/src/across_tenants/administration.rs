//! What administrators look at across tenants: the audit log, and the replicas.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{AuditEntry, AuditFilter, Replica, StoreError, audit::AuditRow};

pub(crate) async fn list_audit_log(
    pool: &PgPool,
    filter: &AuditFilter,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<AuditEntry>, StoreError> {
    let rows = sqlx::query_as!(
        AuditRow,
        r#"select id as "id!", cust_space_id as "cust_space_id!", at as "at!", actor as "actor!", action as "action!",
                  object as "object!", before, after, host(address) as address, request_id
           from list_audit_log($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
        filter.actor,
        filter.action,
        filter.object,
        filter.cust_space_id,
        filter.request_id,
        filter.since,
        filter.until,
        before,
        limit,
    );
    Ok(rows.fetch_all(pool).await?.into_iter().map(AuditEntry::from).collect())
}

/// Holds the idempotency key of an administrator's call, where it has one, until the transaction ends.
pub(crate) async fn hold_idempotency_key(transaction: &mut PgConnection, call: Uuid) -> Result<(), StoreError> {
    sqlx::query!("select hold_idempotency_key($1)", call).execute(transaction).await?;
    Ok(())
}

pub(crate) async fn replica_seen(
    pool: &PgPool,
    replica: i64,
    version: &str,
    master_key_ids: &[String],
    started_at: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!("select replica_seen($1, $2, $3, $4)", replica, version, master_key_ids, started_at)
        .execute(pool)
        .await?;
    Ok(())
}

pub(crate) async fn list_replicas(pool: &PgPool, this: i64) -> Result<Vec<Replica>, StoreError> {
    let replicas = sqlx::query_as!(
        Replica,
        r#"select version as "version!", master_key_ids as "master_key_ids!", started_at as "started_at!", seen_at as "seen_at!",
                  replica = $1 as "is_this!"
           from list_replicas()"#,
        this,
    );
    Ok(replicas.fetch_all(pool).await?)
}
