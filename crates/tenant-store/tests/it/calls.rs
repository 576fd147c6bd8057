//! Calls: recorded, counted by the day, dropped by age.

use std::time::Duration;

use tenant_store::{CallFilter, CallRecord, Store, UsageDay};
use time::macros::{date, datetime};
use time::{Date, OffsetDateTime};
use uuid::{Builder, Uuid};

use crate::helpers::{ALPHA, BETA, KEY_A, World, actor, connect};

/// A call of a tenant that came then.
pub(crate) fn call_at(tenant: &str, at: OffsetDateTime) -> CallRecord {
    let milliseconds = u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap();
    let random = *Uuid::new_v4().as_bytes();
    CallRecord {
        request_id: Builder::from_unix_timestamp_millis(milliseconds, random[..10].try_into().unwrap()).into_uuid(),
        cust_space_id: tenant.to_owned(),
        access_key_id: Some("LTAItest".to_owned()),
        operation: "GetChatGroup".to_owned(),
        code: "OK".to_owned(),
        status: 200,
        upstream_code: None,
        fbtrace_id: None,
        milliseconds: 1,
    }
}

pub(crate) fn call(tenant: &str) -> CallRecord {
    call_at(tenant, OffsetDateTime::now_utc())
}

async fn used(store: &Store, tenant: &str) -> Vec<(Date, i64)> {
    let days = store.space(tenant).usage(date!(2000 - 01 - 01), date!(2100 - 01 - 01), 100).await.unwrap();
    let calls = |day: &UsageDay| day.operations.iter().map(|count| count.calls).sum();
    days.iter().map(|day| (day.day, calls(day))).collect()
}

async fn listed(store: &Store, tenant: &str, filter: &CallFilter) -> usize {
    store.space(tenant).calls(filter, 100).await.unwrap().len()
}

#[tokio::test]
async fn a_tenant_that_is_erased_meanwhile_takes_nobody_elses_calls_with_it() {
    let world = World::with_tenants().await;
    let owner = world.owner().await;
    let mut erasing = owner.begin().await.unwrap();
    sqlx::query("delete from tenants where cust_space_id = $1").bind(ALPHA).execute(&mut *erasing).await.unwrap();
    let store = world.store.clone();
    let recording = tokio::spawn(async move { store.record_calls(vec![call(ALPHA), call(BETA)]).await });
    let is_waiting = "select exists (select 1 from pg_locks join pg_stat_activity a using (pid)
                      where not granted and a.datname = current_database())";
    while !sqlx::query_scalar::<_, bool>(is_waiting).fetch_one(&owner).await.unwrap() {
        assert!(!recording.is_finished(), "it waits for the tenant");
    }
    erasing.commit().await.unwrap();
    recording.await.unwrap().unwrap();
    assert_eq!(listed(&world.store, BETA, &CallFilter::default()).await, 1);
    assert_eq!(used(&world.store, BETA).await.len(), 1);
    let left = "select count(*) from calls where cust_space_id = $1";
    let left = sqlx::query_scalar::<_, i64>(left).bind(ALPHA).fetch_one(&owner).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn two_replicas_count_every_call_once() {
    let world = World::with_tenants().await;
    let other = connect(&world.database, KEY_A).await;
    for _ in 0..20 {
        let calls: Vec<_> = (0..50).map(|at| call(if at % 2 == 0 { ALPHA } else { BETA })).collect();
        let turned: Vec<_> = calls.iter().rev().cloned().collect();
        // The other tells of the same ones, as a replica does that has not heard whether it was heard.
        let (mine, yours) = tokio::join!(world.store.record_calls(calls), other.record_calls(turned));
        mine.unwrap();
        yours.unwrap();
    }
    for tenant in [ALPHA, BETA] {
        let counted: i64 = used(&world.store, tenant).await.iter().map(|(_, calls)| calls).sum();
        assert_eq!(counted, 20 * 25);
    }
}

#[tokio::test]
async fn days_are_of_utc_and_end_at_midnight() {
    let world = World::with_tenants().await;
    let last = call_at(ALPHA, datetime!(2026-11-21 23:59:59.999 UTC));
    let first = call_at(ALPHA, datetime!(2026-11-22 00:00 UTC));
    let same = call_at(ALPHA, datetime!(2026-11-22 07:00 +08:00));
    world.store.record_calls(vec![last, first, same]).await.unwrap();
    let expected = [(date!(2026 - 11 - 21), 2), (date!(2026 - 11 - 22), 1)];
    assert_eq!(used(&world.store, ALPHA).await, expected);
}

#[tokio::test]
async fn a_call_is_found_by_its_ids_and_pages_begin_after_the_one_before() {
    let world = World::with_tenants().await;
    let refused = CallRecord { fbtrace_id: Some("Atrace".to_owned()), ..call(ALPHA) };
    let filters = [
        CallFilter { request_id: Some(refused.request_id), ..CallFilter::default() },
        CallFilter { fbtrace_id: Some("Atrace".to_owned()), ..CallFilter::default() },
    ];
    world.store.record_calls(vec![refused.clone(), call(ALPHA), call(BETA)]).await.unwrap();
    for filter in &filters {
        let found = world.store.space(ALPHA).calls(filter, 10).await.unwrap();
        assert!(found == [refused.clone()], "{filter:?}");
        assert_eq!(listed(&world.store, BETA, filter).await, 0);
        let before = CallFilter { before: Some(refused.request_id), ..filter.clone() };
        assert_eq!(listed(&world.store, ALPHA, &before).await, 0, "{before:?}");
    }
    let wrong = CallRecord { code: "NotFound".to_owned(), ..call(ALPHA) };
    world.store.record_calls(vec![wrong.clone()]).await.unwrap();
    let errors = CallFilter { errors_only: true, ..CallFilter::default() };
    assert!(world.store.space(ALPHA).calls(&errors, 10).await.unwrap() == [wrong]);
}

#[tokio::test]
async fn single_calls_are_dropped_after_a_week_and_what_was_counted_stays() {
    let world = World::with_tenants().await;
    let owner = world.owner().await;
    let now = OffsetDateTime::now_utc();
    let old = now - Duration::from_hours(9 * 24);
    sqlx::query("select make_partition('calls', date_trunc('day', $1::timestamptz, 'UTC'))")
        .bind(old)
        .execute(&owner)
        .await
        .unwrap();
    // The second has no day of its own.
    let calls = [old, now - Duration::from_hours(20 * 24), now - Duration::from_hours(6 * 24), now];
    world.store.record_calls(calls.map(|at| call_at(ALPHA, at)).to_vec()).await.unwrap();
    assert_eq!(world.store.drop_old_calls().await.unwrap().dropped, 1);
    assert_eq!(world.store.drop_old_calls().await.unwrap().dropped, 0);
    assert_eq!(listed(&world.store, ALPHA, &CallFilter::default()).await, 2);
    assert_eq!(used(&world.store, ALPHA).await.len(), 4);
    world.store.space(ALPHA).erase(&actor()).await.unwrap();
    assert_eq!(listed(&world.store, ALPHA, &CallFilter::default()).await, 0);
}
