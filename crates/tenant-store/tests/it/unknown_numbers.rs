//! Events of numbers that no tenant has.

use std::time::Duration;

use serde_json::{Value, json};
use tenant_store::Notification;
use tokio::time::timeout;

use crate::helpers::{ALPHA, BETA, TestEvent, WABA, World, actor, new_number};

fn of_unknown(number: &str) -> TestEvent {
    TestEvent::new(json!({"text": "hello"})).of_number(Some(number))
}

/// The details of the number.unknown events that were sent.
async fn announced(world: &World) -> Vec<Value> {
    let details: Vec<String> =
        sqlx::query_scalar("select value::text from events where type = 'number.unknown' order by id")
            .fetch_all(&world.owner().await)
            .await
            .unwrap();
    details.iter().map(|detail| serde_json::from_str(detail).unwrap()).collect()
}

#[tokio::test]
async fn they_are_kept_and_shown_page_by_page() {
    let world = World::with_tenants().await;
    world.receive(&[of_unknown("997"), of_unknown("998"), TestEvent::new(json!({}))]).await;
    let first = world.store.unrouted_events(None, 1).await.unwrap();
    assert_eq!((first[0].phone_number_id.as_deref(), first[0].waba_id.as_deref()), (Some("997"), Some(WABA)));
    assert_eq!(first[0].value, json!({"text": "hello"}).to_string());
    let rest = world.store.unrouted_events(Some(first[0].id), 10).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].phone_number_id.as_deref(), Some("998"));
    assert!(!format!("{rest:?}").contains("hello"));
}

#[tokio::test]
async fn they_are_published_when_their_number_is_added_and_shown_no_more() {
    let world = World::with_tenants().await;
    world.receive(&[of_unknown("999"), of_unknown("999")]).await;
    let mut notifications = world.store.listen().await.unwrap();
    world.store.space(BETA).add_number(&new_number("15550000009", "999"), &actor()).await.unwrap();
    let routers_are_told = async { while notifications.next().await != Notification::Events {} };
    timeout(Duration::from_mins(1), routers_are_told).await.unwrap();
    assert_eq!(world.route().await.routed, 2);
    let page = world.store.space(BETA).events_after(None, 10).await.unwrap();
    assert_eq!((page.last, page.events[0].business_number.as_deref()), (2, Some("15550000009")));
    assert_eq!(world.store.unrouted_events(None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn an_event_that_came_while_its_number_was_being_added_finds_its_tenant() {
    let world = World::with_tenants().await;
    world.receive(&[of_unknown("999")]).await;
    // As if the number had been committed after the event was looked at, and its events before it.
    sqlx::query("insert into business_numbers values ('cams-alpha', '15550000009', '999', $1)")
        .bind(WABA)
        .execute(&world.owner().await)
        .await
        .unwrap();
    assert_eq!(world.store.adopt_strays().await.unwrap(), 1);
    assert_eq!(world.store.adopt_strays().await.unwrap(), 0);
    assert_eq!(world.route().await.routed, 1);
    assert_eq!(world.store.space(ALPHA).events_after(None, 10).await.unwrap().last, 1);
}

#[tokio::test]
async fn an_event_that_came_while_its_tenant_was_erased_is_nobodys_again() {
    let world = World::with_tenants().await;
    world.receive(&[TestEvent::new(json!({}))]).await;
    // As if the event had been committed after the tenant had gone.
    sqlx::query("delete from tenants where cust_space_id = $1")
        .bind(ALPHA)
        .execute(&world.owner().await)
        .await
        .unwrap();
    assert!(!world.route().await.found_any());
    assert_eq!(world.store.unrouted_events(None, 10).await.unwrap(), []);
    world.store.adopt_strays().await.unwrap();
    assert_eq!(world.store.unrouted_events(None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_unknown_number_is_announced_once_a_day_and_only_while_it_is_heard_of() {
    let world = World::with_tenants().await;
    let owner = world.owner().await;
    world.receive(&[of_unknown("997"), of_unknown("997"), TestEvent::new(json!({}))]).await;
    assert_eq!(world.store.announce_unknown_numbers().await.unwrap(), 1);
    assert_eq!(world.store.announce_unknown_numbers().await.unwrap(), 0);
    let detail = announced(&world).await.remove(0);
    assert_eq!((&detail["PhoneNumberId"], &detail["WabaId"]), (&json!("997"), &json!(WABA)));
    assert!(detail["FirstSeen"].as_str().unwrap().ends_with('Z'), "{detail}");

    let yesterday = "update unknown_numbers set announced_at = announced_at - interval '25 hours',
                                                last_seen = last_seen - interval '26 hours'";
    sqlx::query(yesterday).execute(&owner).await.unwrap();
    assert_eq!(world.store.announce_unknown_numbers().await.unwrap(), 0, "it was not heard of since");
    world.receive(&[of_unknown("997")]).await;
    assert_eq!(world.store.announce_unknown_numbers().await.unwrap(), 1);
    assert_eq!(announced(&world).await.len(), 2);
}

#[tokio::test]
async fn a_number_that_was_added_is_announced_no_more() {
    let world = World::with_tenants().await;
    world.receive(&[of_unknown("999")]).await;
    world.store.space(BETA).add_number(&new_number("15550000009", "999"), &actor()).await.unwrap();
    assert_eq!(world.store.announce_unknown_numbers().await.unwrap(), 0);
}
