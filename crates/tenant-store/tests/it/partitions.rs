//! Events by the day: made ahead, dropped by age, and never in the way of a webhook.

use std::time::Duration;

use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};
use tenant_store::Partitions;

use crate::helpers::{ALPHA, TestEvent, World};

const DAY: Duration = Duration::from_hours(24);
const NOTHING: Partitions = Partitions { made: 0, dropped: 0, is_put_off: false };

async fn run(owner: &PgPool, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(owner).await.unwrap();
}

/// Makes the tenant's first published events look as if they had come so many days ago.
async fn age(owner: &PgPool, events: i64, days: i64) {
    run(owner, &format!("select make_partition('events', date_trunc('day', now(), 'UTC') - interval '{days} days')"))
        .await;
    let to = format!("uuid_at(now() - interval '{days} days')");
    run(
        owner,
        &format!(
            "update events set id = overlay({to}::text placing right(id::text, 12) from 25)::uuid
             where sequence <= {events}"
        ),
    )
    .await;
}

#[tokio::test]
async fn today_and_the_next_seven_days_are_there_and_made_when_they_are_missing() {
    let world = World::new().await;
    let owner = world.owner().await;
    assert_eq!(world.store.keep_partitions(30 * DAY).await.unwrap(), NOTHING);
    run(
        &owner,
        "do $$ begin execute format('drop table events_%s', to_char(now() at time zone 'UTC', 'YYYYMMDD')); end $$",
    )
    .await;
    assert_eq!(world.store.keep_partitions(30 * DAY).await.unwrap().made, 1);
}

#[tokio::test]
async fn an_event_whose_day_is_missing_is_kept_and_moves_there_when_the_day_is_made() {
    let world = World::with_tenants().await;
    let owner = world.owner().await;
    run(
        &owner,
        "do $$ begin execute format('drop table events_%s', to_char(now() at time zone 'UTC', 'YYYYMMDD')); end $$",
    )
    .await;
    world.receive(&[TestEvent::new(json!({"n": 1}))]).await;
    assert_eq!(world.store.keep_partitions(30 * DAY).await.unwrap().made, 1);
    let left: i64 = sqlx::query_scalar("select count(*) from events_default").fetch_one(&owner).await.unwrap();
    assert_eq!(left, 0);
    assert_eq!(world.route().await.routed, 1);
    assert_eq!(world.store.space(ALPHA).events_after(None, 10).await.unwrap().events.len(), 1);
}

#[tokio::test]
async fn days_that_are_over_for_longer_than_the_retention_go_and_a_feed_begins_behind_them() {
    let world = World::with_tenants().await;
    let owner = world.owner().await;
    let events: Vec<_> = (0..5).map(|number| TestEvent::new(json!({"n": number}))).collect();
    world.receive(&events).await;
    world.route().await;
    age(&owner, 2, 12).await;
    assert_eq!(world.store.keep_partitions(30 * DAY).await.unwrap(), NOTHING);
    let space = world.store.space(ALPHA);
    assert_eq!(space.events_after(None, 10).await.unwrap().oldest, 1);
    assert_eq!(world.store.keep_partitions(10 * DAY).await.unwrap().dropped, 1);
    let page = space.events_after(None, 10).await.unwrap();
    assert_eq!((page.oldest, page.last, page.events.len()), (3, 5, 3));
    assert_eq!(world.store.keep_partitions(10 * DAY).await.unwrap(), NOTHING);
}

#[tokio::test]
async fn nothing_of_the_last_day_goes_however_short_the_retention() {
    let world = World::with_tenants().await;
    world.receive(&[TestEvent::new(json!({}))]).await;
    world.route().await;
    world.store.keep_partitions(Duration::ZERO).await.unwrap();
    assert_eq!(world.store.space(ALPHA).events_after(None, 10).await.unwrap().events.len(), 1);
}

#[tokio::test]
async fn a_feed_of_which_nothing_is_kept_begins_behind_the_last_event() {
    let world = World::with_tenants().await;
    world.receive(&[TestEvent::new(json!({}))]).await;
    world.route().await;
    age(&world.owner().await, 1, 12).await;
    world.store.keep_partitions(DAY).await.unwrap();
    let page = world.store.space(ALPHA).events_after(None, 10).await.unwrap();
    assert_eq!((page.oldest, page.last), (2, 1));
}

#[tokio::test]
async fn dropping_a_day_is_put_off_where_somebody_reads_and_webhooks_are_taken_meanwhile() {
    let world = World::with_tenants().await;
    let owner = world.owner().await;
    world.receive(&[TestEvent::new(json!({}))]).await;
    world.route().await;
    age(&owner, 1, 12).await;
    let mut reader = owner.begin().await.unwrap();
    sqlx::query("select count(*) from events").execute(&mut *reader).await.unwrap();
    let webhook = [TestEvent::new(json!({"n": 2}))];
    let (kept, received) = tokio::join!(world.store.keep_partitions(DAY), world.receive(&webhook));
    assert_eq!(kept.unwrap(), Partitions { is_put_off: true, ..NOTHING });
    assert_eq!(received.new, 1);
    reader.commit().await.unwrap();
    assert_eq!(world.store.keep_partitions(DAY).await.unwrap().dropped, 1);
}

#[tokio::test]
async fn fingerprints_go_in_batches() {
    let world = World::with_tenants().await;
    let events: Vec<_> = (0..5).map(|number| TestEvent::new(json!({"n": number}))).collect();
    world.receive(&events).await;
    run(&world.owner().await, "update event_fingerprints set seen_at = now() - interval '9 days'").await;
    for forgotten in [3, 2, 0] {
        assert_eq!(world.store.forget_old_fingerprints(3).await.unwrap(), forgotten);
    }
}
