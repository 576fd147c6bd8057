//! The inbox.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use tenant_store::{GroupUpdate, Received, Routed, Routing};

use crate::helpers::{
    ALPHA, ALPHA_PHONE, BETA, BETA_PHONE, KEY_A, TestEvent, World, actor, at_second, connect, interpret, new_number,
};

fn group_event(group_id: &str) -> TestEvent {
    TestEvent::new(json!({"group_id": group_id, "subject": "Team", "at": 1}))
}

#[tokio::test]
async fn a_doubled_event_changes_nothing_within_a_batch_or_later() {
    let world = World::with_tenants().await;
    let (one, two) = (group_event("G1"), group_event("G2"));
    let first = world.receive(&[one.clone(), two.clone(), one.clone()]).await;
    assert_eq!(first, Received { new: 2, doubled: 1, set_aside: 0 });
    assert_eq!(world.receive(&[two, one]).await, Received { new: 0, doubled: 2, set_aside: 0 });
    assert_eq!(world.receive(&[]).await, Received { new: 0, doubled: 0, set_aside: 0 });
    assert_eq!(world.route().await.routed, 2);
    assert_eq!(world.route().await, Routed::default());
}

#[tokio::test]
async fn batches_with_the_same_events_in_another_order_do_not_lock_each_other_out() {
    let world = World::with_tenants().await;
    let forwards: Vec<_> = (0..200).map(|number| group_event(&format!("G{number}"))).collect();
    let backwards: Vec<_> = forwards.iter().rev().cloned().collect();
    let (one, two) = tokio::join!(world.receive(&forwards), world.receive(&backwards));
    assert_eq!((one.new + two.new, one.doubled + two.doubled), (200, 200));
}

#[tokio::test]
async fn an_event_of_an_unknown_number_is_kept_and_becomes_the_tenants_when_the_number_is_added() {
    let world = World::with_tenants().await;
    world.receive(&[group_event("G9").of_number(Some("999"))]).await;
    assert_eq!(world.route().await, Routed::default());
    world.store.space(BETA).add_number(&new_number("15550000009", "999"), &actor()).await.unwrap();
    assert_eq!(world.route().await.routed, 1);
    assert!(world.store.space(BETA).knows_group("999", "G9").await.unwrap());
    assert!(!world.store.space(ALPHA).knows_group("999", "G9").await.unwrap());
}

#[tokio::test]
async fn an_event_without_a_number_is_the_tenants_whose_waba_it_is_if_only_one_has_it() {
    let world = World::new().await;
    world.add_tenant(ALPHA, "15550000001", ALPHA_PHONE).await;
    world.receive(&[TestEvent::new(json!({})).of_number(None)]).await;
    assert_eq!(world.route().await.routed, 1);
    world.add_tenant(BETA, "15550000002", BETA_PHONE).await;
    world.receive(&[TestEvent::new(json!({})).of_number(None)]).await;
    assert_eq!(world.route().await.routed, 0);
}

#[tokio::test]
async fn an_event_is_kept_as_it_came() {
    let world = World::with_tenants().await;
    let payload = r#"{"group_id":"G1",  "text":"nul \u0000 and \ud83c\udf89", "lone": "\ud800", "n": 1.0}"#;
    let received = tenant_store::ReceivedEvent {
        fingerprint: [9; 32],
        field: "a_field_nobody_knows",
        waba_id: "200000000000001",
        phone_number_id: Some(ALPHA_PHONE),
        value: payload,
        entry_time: None,
    };
    world.store.receive_events(&[received]).await.unwrap();
    let seen = std::cell::RefCell::new(Vec::new());
    let record = |event: &tenant_store::InboxEvent| {
        seen.borrow_mut().push(event.clone());
        Routing::default()
    };
    world.store.route_events(10, record).await.unwrap();
    let seen = seen.into_inner();
    assert_eq!(seen[0].value, payload);
    assert_eq!((seen[0].cust_space_id.as_str(), seen[0].field.as_str()), (ALPHA, "a_field_nobody_knows"));
}

#[tokio::test]
async fn events_are_shown_to_the_router_in_the_order_of_arrival() {
    let world = World::with_tenants().await;
    let events: Vec<_> = (0..50).map(|number| TestEvent::new(json!({"n": number}))).collect();
    world.receive(&events).await;
    let seen = std::cell::RefCell::new(Vec::new());
    let record = |event: &tenant_store::InboxEvent| {
        seen.borrow_mut().push(event.value.clone());
        Routing::default()
    };
    world.store.route_events(1_000, record).await.unwrap();
    let expected: Vec<_> = (0..50).map(|number| json!({"n": number}).to_string()).collect();
    assert_eq!(seen.into_inner(), expected);
}

#[tokio::test]
async fn an_event_that_fails_holds_up_no_other_and_is_given_up_after_five_tries() {
    let world = World::with_tenants().await;
    world.receive(&[group_event("poison"), group_event("G1"), group_event("G2").of_number(Some(BETA_PHONE))]).await;
    // PostgreSQL refuses a negative count of participants.
    let poisoned = |event: &tenant_store::InboxEvent| {
        let poison =
            GroupUpdate { group_id: "poison".to_owned(), total_participant_count: Some(-1), ..GroupUpdate::default() };
        if event.value.contains("poison") {
            Routing { group: Some(poison), ..Routing::default() }
        } else {
            interpret(event)
        }
    };
    let routed = world.store.route_events(10, poisoned).await.unwrap();
    assert_eq!((routed.routed, routed.failed), (2, 1));
    assert!(world.store.space(ALPHA).knows_group(ALPHA_PHONE, "G1").await.unwrap());
    assert!(world.store.space(BETA).knows_group(BETA_PHONE, "G2").await.unwrap());

    let owner = world.owner().await;
    for tries in 2..=5 {
        assert_eq!(world.store.route_events(10, poisoned).await.unwrap(), Routed::default(), "put off");
        sqlx::query("update unrouted_events set route_after = now()").execute(&owner).await.unwrap();
        assert_eq!(world.store.route_events(10, poisoned).await.unwrap().failed, 1, "try {tries}");
    }
    sqlx::query("update unrouted_events set route_after = now()").execute(&owner).await.unwrap();
    assert_eq!(world.store.route_events(10, poisoned).await.unwrap(), Routed::default(), "given up");
}

#[tokio::test]
async fn two_replicas_route_each_event_once() {
    let world = World::with_tenants().await;
    let other = connect(&world.database, KEY_A).await;
    let space = world.store.space(ALPHA);
    let count = GroupUpdate {
        group_id: "G1".to_owned(),
        occurred_at: Some(at_second(0)),
        total_participant_count: Some(0),
        ..GroupUpdate::default()
    };
    space.apply_group(ALPHA_PHONE, &count).await.unwrap();
    let joins: Vec<_> =
        (0..60).map(|number| TestEvent::new(json!({"group_id": "G1", "joined": 1, "at": 1, "n": number}))).collect();
    world.receive(&joins).await;
    // A replica that finds the tenant claimed by the other routes nothing in that round, however often it looks.
    let all = AtomicU64::new(0);
    let replica = async |store: &tenant_store::Store| {
        let mut routed = 0;
        while all.load(Ordering::Relaxed) < 60 {
            let round = store.route_events(5, interpret).await.unwrap().routed;
            all.fetch_add(round, Ordering::Relaxed);
            routed += round;
        }
        routed + store.route_events(5, interpret).await.unwrap().routed
    };
    let both = async { tokio::join!(replica(&world.store), replica(&other)) };
    let (mine, yours) = tokio::time::timeout(Duration::from_mins(1), both).await.unwrap();
    assert_eq!(mine + yours, 60);
    let group = space.group(ALPHA_PHONE, "G1").await.unwrap().unwrap();
    assert_eq!(group.total_participant_count, Some(60));
}

#[tokio::test]
async fn a_batch_of_a_thousand_events_is_received_and_routed() {
    let world = World::with_tenants().await;
    let events: Vec<_> = (0..1_000).map(|number| group_event(&format!("G{}", number % 50))).collect();
    assert_eq!(world.receive(&events).await.new, 1_000);
    assert_eq!(world.route().await.routed, 1_000);
}

#[tokio::test]
async fn a_malformed_body_is_kept_up_to_its_bound() {
    let world = World::new().await;
    world.store.keep_malformed(b"not \xff JSON").await.unwrap();
    world.store.keep_malformed(&vec![b'x'; 100_000]).await.unwrap();
    let kept: Vec<(i32, i64)> =
        sqlx::query_as("select octet_length(body), body_length from malformed_webhooks order by id")
            .fetch_all(&world.owner().await)
            .await
            .unwrap();
    assert_eq!(kept, [(10, 10), (65_536, 100_000)]);
}

#[tokio::test]
async fn fingerprints_are_forgotten_when_meta_no_longer_repeats() {
    let world = World::with_tenants().await;
    let event = group_event("G1");
    world.receive(&[event.clone(), group_event("G2")]).await;
    sqlx::query("update event_fingerprints set seen_at = now() - interval '9 days' where fingerprint = (select fingerprint from event_fingerprints order by 1 limit 1)")
        .execute(&world.owner().await).await.unwrap();
    assert_eq!(world.store.forget_old_fingerprints(10).await.unwrap(), 1);
    assert_eq!(world.receive(&[event]).await.new, 1);
}

#[tokio::test]
async fn ids_say_when_events_came_by_the_databases_clock_and_in_which_order() {
    let world = World::with_tenants().await;
    let events: Vec<_> = (0..50).map(|number| group_event(&format!("G{number}"))).collect();
    world.receive(&events).await;
    world.route().await;
    let events = world.store.space(ALPHA).events_after(None, 100).await.unwrap().events;
    assert_eq!(events.len(), 50);
    assert!(events.is_sorted_by(|one, next| one.id < next.id));
    for event in events {
        assert_eq!(event.id.get_version_num(), 7);
        let (seconds, nanoseconds) = event.id.get_timestamp().unwrap().to_unix();
        let received = event.received_at;
        assert_eq!(
            (i64::try_from(seconds).unwrap(), nanoseconds / 1_000_000),
            (received.unix_timestamp(), received.millisecond().into())
        );
    }
}
