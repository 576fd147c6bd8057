//! Traffic by the hour: counted as calls are recorded, told of the last day, dropped by age.

use std::time::Duration;

use tenant_store::{CallRecord, Store, TenantTraffic, Traffic, TrafficOrder};
use time::OffsetDateTime;

use crate::{
    calls::{call, call_at},
    helpers::{ALPHA, BETA, KEY_A, World, actor, connect},
};

const HOUR: Duration = Duration::from_hours(1);

fn ended(tenant: &str, code: &str, status: u16) -> CallRecord {
    CallRecord { code: code.to_owned(), status, ..call(tenant) }
}

/// All that there was in the last 24 hours.
async fn total(store: &Store, tenants: Option<&[String]>) -> Traffic {
    let hours = store.traffic_by_hour(tenants).await.unwrap();
    hours.iter().fold(Traffic::default(), |sum, hour| sum + hour.traffic)
}

fn ids(tenants: &[TenantTraffic]) -> Vec<&str> {
    tenants.iter().map(|tenant| tenant.cust_space_id.as_str()).collect()
}

#[tokio::test]
async fn each_hour_of_the_last_day_is_told_also_those_without_calls() {
    let world = World::with_tenants().await;
    let now = OffsetDateTime::now_utc();
    let calls = [now, now - 5 * HOUR, now - 5 * HOUR, now - 24 * HOUR, now - 30 * HOUR];
    world.store.record_calls(calls.map(|at| call_at(ALPHA, at)).to_vec()).await.unwrap();
    let hours = world.store.traffic_by_hour(None).await.unwrap();
    assert_eq!(hours.len(), 24);
    assert!(hours.windows(2).all(|pair| pair[1].hour - pair[0].hour == HOUR), "{hours:?}");
    let counted: Vec<_> = hours.iter().map(|hour| hour.traffic.calls).filter(|calls| *calls > 0).collect();
    assert_eq!(counted, [2, 1], "those of yesterday's same hour are over");
}

#[tokio::test]
async fn what_the_caller_can_mend_is_counted_apart_from_what_it_cannot() {
    let world = World::with_tenants().await;
    let calls = [
        ("OK", 200),
        ("InvalidParameter", 400),
        ("Throttling.Upstream", 429),
        ("Cancelled", 499),
        ("Credential.Invalid", 424),
        ("Upstream.Timeout", 504),
    ];
    let calls: Vec<_> = calls.iter().map(|(code, status)| ended(ALPHA, code, *status)).collect();
    world.store.record_calls(calls.clone()).await.unwrap();
    world.store.record_calls(calls).await.unwrap();
    let expected = Traffic { calls: 6, refused: 2, failed: 2 };
    assert_eq!(total(&world.store, None).await, expected, "and what is told twice is counted once");
    let attention = world.store.attention(None, 50).await.unwrap();
    let throttled = &attention.throttled.first[0];
    assert_eq!((throttled.tenant.cust_space_id.as_str(), throttled.calls), (ALPHA, 1));
}

#[tokio::test]
async fn whoever_asks_for_some_tenants_is_told_of_no_others() {
    let world = World::with_tenants().await;
    let calls = vec![call(ALPHA), call(BETA), call(BETA), ended(ALPHA, "InternalError", 500)];
    world.store.record_calls([calls, vec![call(BETA)]].concat()).await.unwrap();
    let alpha = [ALPHA.to_owned()];
    assert_eq!(total(&world.store, None).await.calls, 5);
    assert_eq!(total(&world.store, Some(&alpha)).await, Traffic { calls: 2, refused: 0, failed: 1 });
    assert_eq!(total(&world.store, Some(&[])).await, Traffic::default());
    let by = async |tenants, order, limit| world.store.traffic_by_tenant(tenants, order, limit).await.unwrap();
    assert_eq!(ids(&by(None, TrafficOrder::Calls, 10).await), [BETA, ALPHA]);
    assert_eq!(ids(&by(None, TrafficOrder::Calls, 1).await), [BETA]);
    let erring = by(None, TrafficOrder::Errors, 10).await;
    assert_eq!(ids(&erring), [ALPHA], "who has no errors is not among those with most");
    assert_eq!(erring[0].name, format!("Tenant {ALPHA}"));
    assert_eq!(ids(&by(Some(&alpha), TrafficOrder::Calls, 10).await), [ALPHA]);
}

#[tokio::test]
async fn two_replicas_count_each_call_once_in_the_same_hours() {
    let world = World::with_tenants().await;
    let other = connect(&world.database, KEY_A).await;
    for _ in 0..10 {
        let calls: Vec<_> = (0..50).map(|at| call(if at % 2 == 0 { ALPHA } else { BETA })).collect();
        let turned: Vec<_> = calls.iter().rev().cloned().collect();
        let (mine, yours) = tokio::join!(world.store.record_calls(calls), other.record_calls(turned));
        mine.unwrap();
        yours.unwrap();
    }
    assert_eq!(total(&world.store, None).await.calls, 10 * 50);
}

#[tokio::test]
async fn hours_are_kept_a_day_longer_than_calls_and_go_with_their_tenant() {
    let world = World::with_tenants().await;
    let owner = world.owner().await;
    let now = OffsetDateTime::now_utc();
    let calls = [now, now - 7 * 24 * HOUR, now - 9 * 24 * HOUR];
    world.store.record_calls(calls.map(|at| call_at(ALPHA, at)).to_vec()).await.unwrap();
    let kept = async || sqlx::query_scalar::<_, i64>("select count(*) from traffic").fetch_one(&owner).await.unwrap();
    assert_eq!(kept().await, 3);
    world.store.drop_old_calls().await.unwrap();
    assert_eq!(kept().await, 2);
    world.store.space(ALPHA).erase(&actor()).await.unwrap();
    assert_eq!(kept().await, 0);
}
