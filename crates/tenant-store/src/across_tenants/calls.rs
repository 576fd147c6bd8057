//! Calls of all tenants: recorded and counted together, summed up, and dropped by age.

use std::{borrow::Cow, time::Duration};

use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::interval;
use crate::{StoreError, TenantTraffic, Traffic, TrafficHour, TrafficOrder};

/// Calls, column by column.
#[derive(Debug)]
pub(crate) struct RecordedCalls<'a> {
    pub(crate) request_ids: Vec<Uuid>,
    pub(crate) cust_space_ids: Vec<&'a str>,
    pub(crate) access_key_ids: Vec<Option<Cow<'a, str>>>,
    pub(crate) operations: Vec<&'a str>,
    pub(crate) codes: Vec<&'a str>,
    pub(crate) statuses: Vec<i16>,
    pub(crate) upstream_codes: Vec<Option<i64>>,
    pub(crate) fbtrace_ids: Vec<Option<Cow<'a, str>>>,
    pub(crate) milliseconds: Vec<i32>,
    pub(crate) counted: CountedCalls<'a>,
}

/// How many of them there are, column by column: one row for each tenant, hour, operation, code and status.
#[derive(Debug, Default)]
pub(crate) struct CountedCalls<'a> {
    pub(crate) cust_space_ids: Vec<&'a str>,
    pub(crate) hours: Vec<OffsetDateTime>,
    pub(crate) operations: Vec<&'a str>,
    pub(crate) codes: Vec<&'a str>,
    pub(crate) statuses: Vec<i16>,
    pub(crate) calls: Vec<i64>,
}

/// Records and counts calls, but for those that stand there already or are of no tenant that there is.
pub(crate) async fn record_calls(pool: &PgPool, calls: &RecordedCalls<'_>) -> Result<(), StoreError> {
    let counted = &calls.counted;
    sqlx::query!(
        "select record_counted_calls($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        &calls.request_ids,
        &calls.cust_space_ids as &[&str],
        &calls.access_key_ids as &[Option<Cow<'_, str>>],
        &calls.operations as &[&str],
        &calls.codes as &[&str],
        &calls.statuses,
        &calls.upstream_codes as &[Option<i64>],
        &calls.fbtrace_ids as &[Option<Cow<'_, str>>],
        &calls.milliseconds,
        &counted.cust_space_ids as &[&str],
        &counted.hours,
        &counted.operations as &[&str],
        &counted.codes as &[&str],
        &counted.statuses,
        &counted.calls,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Drops the oldest day of calls, if it is older than `retention`. Whether it did, and whether that was put off for a lock.
pub(crate) async fn drop_old_calls(pool: &PgPool, retention: Duration) -> Result<(bool, bool), StoreError> {
    let dropped = sqlx::query!(
        r#"select dropped as "dropped!", is_put_off as "is_put_off!" from drop_old_calls($1)"#,
        interval(retention),
    );
    let dropped = dropped.fetch_one(pool).await?;
    Ok((dropped.dropped, dropped.is_put_off))
}

pub(crate) async fn traffic_by_hour(pool: &PgPool, tenants: Option<&[String]>) -> Result<Vec<TrafficHour>, StoreError> {
    let hours = sqlx::query!(
        r#"select hour as "hour!", calls as "calls!", refused as "refused!", failed as "failed!" from traffic_by_hour($1)"#,
        tenants as Option<&[String]>,
    );
    let hours = hours.fetch_all(pool).await?.into_iter().map(|row| TrafficHour {
        hour: row.hour,
        traffic: Traffic { calls: row.calls, refused: row.refused, failed: row.failed },
    });
    Ok(hours.collect())
}

pub(crate) async fn traffic_by_tenant(
    pool: &PgPool,
    tenants: Option<&[String]>,
    order: TrafficOrder,
    limit: i64,
) -> Result<Vec<TenantTraffic>, StoreError> {
    let rows = sqlx::query!(
        r#"select cust_space_id as "cust_space_id!", name as "name!", calls as "calls!", refused as "refused!",
                  failed as "failed!"
           from traffic_by_tenant($1, $2, $3)"#,
        tenants as Option<&[String]>,
        order == TrafficOrder::Errors,
        limit,
    );
    let rows = rows.fetch_all(pool).await?.into_iter().map(|row| TenantTraffic {
        cust_space_id: row.cust_space_id,
        name: row.name,
        traffic: Traffic { calls: row.calls, refused: row.refused, failed: row.failed },
    });
    Ok(rows.collect())
}
