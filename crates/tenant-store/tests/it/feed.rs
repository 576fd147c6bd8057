//! A tenant's events, as they are published: their sequence, and who may read them.

use std::time::Duration;

use serde_json::json;
use sqlx::AssertSqlSafe;
use tenant_store::{EventFilter, EventOrder, EventPage, Notification, Routing, StoreError};
use tokio::time::timeout;

use crate::helpers::{
    ALPHA, ALPHA_PHONE, BETA, BETA_PHONE, KEY_A, TestEvent, World, actor, connect, interpret, new_tenant,
};

fn numbered(numbers: std::ops::Range<i64>) -> Vec<TestEvent> {
    numbers.map(|number| TestEvent::new(json!({"n": number}))).collect()
}

fn sequences(page: &EventPage) -> Vec<i64> {
    page.events.iter().filter_map(|event| event.sequence).collect()
}

async fn feed(world: &World, tenant: &str) -> EventPage {
    world.store.space(tenant).events_after(None, 1_000).await.unwrap()
}

#[tokio::test]
async fn a_tenants_sequence_begins_at_1_has_no_gaps_and_follows_the_order_of_arrival() {
    let world = World::with_tenants().await;
    for numbers in [0..3, 3..10] {
        world.receive(&numbered(numbers)).await;
        world.receive(&[TestEvent::new(json!({})).of_number(Some(BETA_PHONE))]).await;
        world.route().await;
    }
    let page = feed(&world, ALPHA).await;
    assert_eq!(sequences(&page), (1..=10).collect::<Vec<_>>());
    assert_eq!((page.oldest, page.last), (1, 10));
    let told: Vec<_> = page.events.iter().map(|event| event.value.clone()).collect();
    assert_eq!(told, (0..10).map(|number| json!({"n": number}).to_string()).collect::<Vec<_>>());
    assert_eq!(sequences(&feed(&world, BETA).await), [1, 2]);
}

#[tokio::test]
async fn a_published_event_has_what_the_router_read_in_it_and_what_is_known_of_its_number() {
    let world = World::with_tenants().await;
    world.receive(&[TestEvent::new(json!({"type": "group.suspended", "group_id": "G1"}))]).await;
    let routed = world.route().await;
    assert_eq!((routed.routed, routed.lags.len()), (1, 1));
    let event = feed(&world, ALPHA).await.events.remove(0);
    assert_eq!((event.event_type.as_str(), event.group_id.as_deref()), ("group.suspended", Some("G1")));
    assert_eq!((event.cust_space_id.as_deref(), event.business_number.as_deref()), (Some(ALPHA), Some("15550000001")));
    assert_eq!((event.phone_number_id.as_deref(), event.occurred_at), (Some(ALPHA_PHONE), event.received_at));
    assert_eq!(world.store.space(ALPHA).event(event.id).await.unwrap().as_ref(), Some(&event));
    assert_eq!(world.store.find_event(event.id).await.unwrap().as_ref(), Some(&event));
    assert_eq!(world.store.space(BETA).event(event.id).await.unwrap(), None);
}

#[tokio::test]
async fn an_event_happened_when_it_says_or_else_when_its_webhook_says() {
    let world = World::with_tenants().await;
    let (entry, own) = (crate::helpers::at_second(5), crate::helpers::at_second(9));
    for (fingerprint, value) in [([1; 32], "{}"), ([2; 32], r#"{"own": true}"#)] {
        let received = tenant_store::ReceivedEvent {
            fingerprint,
            field: "f",
            waba_id: crate::helpers::WABA,
            phone_number_id: Some(ALPHA_PHONE),
            value,
            entry_time: Some(entry),
        };
        world.store.receive_events(&[received]).await.unwrap();
    }
    let read = |event: &tenant_store::InboxEvent| Routing {
        event_type: "account.f".to_owned(),
        occurred_at: event.value.contains("own").then_some(own),
        ..Routing::default()
    };
    world.store.route_events(10, read).await.unwrap();
    let times: Vec<_> = feed(&world, ALPHA).await.events.iter().map(|event| event.occurred_at).collect();
    assert_eq!(times, [entry, own]);
}

#[tokio::test]
async fn a_page_begins_after_the_last_event_that_was_seen() {
    let world = World::with_tenants().await;
    let empty = feed(&world, ALPHA).await;
    assert_eq!(empty, EventPage { events: Vec::new(), oldest: 1, last: 0 });
    world.receive(&numbered(0..5)).await;
    world.route().await;
    let space = world.store.space(ALPHA);
    assert_eq!(sequences(&space.events_after(Some(2), 2).await.unwrap()), [3, 4]);
    assert_eq!(sequences(&space.events_after(Some(i64::MAX), 2).await.unwrap()), [0; 0]);
    let error = world.store.space("cams-gamma").events_after(None, 1).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "tenant" }), "{error}");
}

#[tokio::test]
async fn how_far_tenants_have_come_is_told_for_all_at_once() {
    let world = World::with_tenants().await;
    world.receive(&numbered(0..3)).await;
    world.route().await;
    let asked = [ALPHA, BETA, "cams-gamma"].map(str::to_owned);
    let mut last = world.store.last_sequences(&asked).await.unwrap();
    last.sort();
    assert_eq!(last, [(ALPHA.to_owned(), 3), (BETA.to_owned(), 0)]);
}

#[tokio::test]
async fn two_replicas_that_route_at_once_leave_no_gap_and_a_reader_never_sees_one() {
    let world = World::with_tenants().await;
    let other = connect(&world.database, KEY_A).await;
    let router = async |store: &tenant_store::Store| {
        for _ in 0..40 {
            store.route_events(7, interpret).await.unwrap();
        }
    };
    let writer = async {
        for from in (0..100).step_by(5) {
            world.receive(&numbered(from..from + 5)).await;
        }
    };
    let reader = async {
        let mut seen = Vec::new();
        for _ in 0..60 {
            let page = world.store.space(ALPHA).events_after(seen.last().copied(), 1_000).await.unwrap();
            seen.extend(sequences(&page));
        }
        seen
    };
    let ((), (), (), mut seen) = tokio::join!(router(&world.store), router(&other), writer, reader);
    while world.route().await.found_any() {}
    seen.extend(sequences(&world.store.space(ALPHA).events_after(seen.last().copied(), 1_000).await.unwrap()));
    assert_eq!(seen, (1..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_tenant_with_very_many_events_delays_no_other() {
    let world = World::with_tenants().await;
    world.receive(&numbered(0..500)).await;
    world.receive(&[TestEvent::new(json!({})).of_number(Some(BETA_PHONE))]).await;
    let routed = world.store.route_events(10, interpret).await.unwrap();
    assert_eq!((routed.routed, feed(&world, BETA).await.last), (6, 1));
}

#[tokio::test]
async fn each_of_very_many_tenants_has_its_turn() {
    let world = World::new().await;
    for number in 0..120 {
        let (tenant, phone_number_id) = (format!("cams-{number:03}"), format!("9{number:03}"));
        world.add_tenant(&tenant, &format!("1555{number:07}"), &phone_number_id).await;
        let events: Vec<_> = (0..3).map(|_| TestEvent::new(json!({})).of_number(Some(&phone_number_id))).collect();
        world.receive(&events).await;
    }
    for _ in 0..3 {
        world.store.route_events(1, interpret).await.unwrap();
    }
    let tenants: Vec<_> = (0..120).map(|number| format!("cams-{number:03}")).collect();
    let begun = world.store.last_sequences(&tenants).await.unwrap();
    assert!(begun.iter().all(|(_, last)| *last >= 1), "{begun:?}");
}

#[tokio::test]
async fn an_event_that_cannot_be_applied_is_published_in_the_end() {
    let world = World::with_tenants().await;
    world.receive(&numbered(0..1)).await;
    let poisoned = |event: &tenant_store::InboxEvent| {
        let group = tenant_store::GroupUpdate {
            group_id: "poison".to_owned(),
            total_participant_count: Some(-1),
            ..tenant_store::GroupUpdate::default()
        };
        Routing { group: Some(group), ..interpret(event) }
    };
    let owner = world.owner().await;
    for tries in 1..=5 {
        assert_eq!(feed(&world, ALPHA).await.last, 0, "before try {tries}");
        sqlx::query("update unrouted_events set route_after = now()").execute(&owner).await.unwrap();
        assert_eq!(world.store.route_events(10, poisoned).await.unwrap().failed, 1, "try {tries}");
    }
    assert_eq!(sequences(&feed(&world, ALPHA).await), [1]);
    assert!(!world.route().await.found_any());
}

#[tokio::test]
async fn who_waits_for_a_tenants_events_is_told_once_a_round() {
    let world = World::with_tenants().await;
    let mut notifications = world.store.listen().await.unwrap();
    world.receive(&numbered(0..3)).await;
    world.receive(&[TestEvent::new(json!({})).of_number(Some(BETA_PHONE))]).await;
    world.route().await;
    let told = timeout(Duration::from_mins(1), notifications.next()).await.unwrap();
    assert_eq!(told, Notification::Published(vec![ALPHA.to_owned(), BETA.to_owned()]));
}

#[tokio::test]
async fn the_backlog_tells_what_waits_and_when_numbers_were_last_heard_of() {
    let world = World::with_tenants().await;
    world.receive(&[TestEvent::new(json!({"group_id": "G1"})), TestEvent::new(json!({})).of_number(Some("999"))]).await;
    let backlog = world.store.event_backlog().await.unwrap();
    assert_eq!((backlog.unrouted, backlog.of_unknown_numbers, backlog.numbers.len()), (1, 1, 0));
    let received_at = backlog.oldest_unrouted_at.unwrap();
    world.route().await;
    let backlog = world.store.event_backlog().await.unwrap();
    assert_eq!((backlog.unrouted, backlog.oldest_unrouted_at), (0, None));
    assert_eq!(backlog.numbers[0].phone_number_id, ALPHA_PHONE);
    assert_eq!(backlog.numbers[0].last_group_event_at, received_at);
}

#[tokio::test]
async fn a_later_tenant_of_the_same_id_begins_anew() {
    let world = World::with_tenants().await;
    world.receive(&numbered(0..3)).await;
    world.route().await;
    world.store.space(ALPHA).erase(&actor()).await.unwrap();
    world.store.add_tenant(&new_tenant(ALPHA), &actor()).await.unwrap();
    assert_eq!(feed(&world, ALPHA).await, EventPage { events: Vec::new(), oldest: 1, last: 0 });
}

/// What PostgreSQL does for a statement, for a tenant, in the gateway's role.
async fn plan(world: &World, statement: &str) -> String {
    let gateway = world.plain_gateway().await;
    let mut transaction = gateway.begin().await.unwrap();
    sqlx::query("select set_config('groupgate.cust_space_id', $1, true)")
        .bind(ALPHA)
        .execute(&mut *transaction)
        .await
        .unwrap();
    let lines: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("explain (analyze, timing off) {statement}")))
        .fetch_all(&mut *transaction)
        .await
        .unwrap();
    lines.join("\n")
}

#[tokio::test]
async fn a_page_is_read_by_the_index_of_each_day_and_no_further_than_it_goes() {
    let world = World::with_tenants().await;
    world.receive(&numbered(0..900)).await;
    while world.route().await.found_any() {}
    sqlx::query("analyze events").execute(&world.owner().await).await.unwrap();
    let page = "select id, value from events where cust_space_id = 'cams-alpha' and sequence > 100
                and sequence is not null order by sequence limit 10";
    let plan = plan(&world, page).await;
    assert!(plan.contains("Merge Append") && !plan.contains("Seq Scan") && !plan.contains("Sort  ("), "{plan}");
    let read = plan.split("actual rows=").skip(1).filter_map(|rest| rest.split(' ').next()?.parse().ok());
    assert_eq!(read.max(), Some(10), "no day gives more than the page takes: {plan}");
}

#[tokio::test]
async fn events_are_listed_from_either_end_and_by_what_is_asked_for() {
    let world = World::with_tenants().await;
    let told = |group: &str| TestEvent::new(json!({"type": "group.suspended", "group_id": group}));
    world.receive(&[told("G1"), told("G2"), told("G3")]).await;
    world.receive(&[TestEvent::new(json!({})).of_number(Some(BETA_PHONE))]).await;
    world.route().await;
    let received = feed(&world, ALPHA).await.events[1].received_at;
    let all = EventFilter::default;
    let newest = || EventFilter { order: EventOrder::Newest, ..all() };
    let text = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (all(), vec![1, 2, 3]),
        (newest(), vec![3, 2, 1]),
        (EventFilter { after: Some(1), ..all() }, vec![2, 3]),
        (EventFilter { after: Some(3), ..newest() }, vec![2, 1]),
        (EventFilter { group_id: text("G2"), ..all() }, vec![2]),
        (EventFilter { event_type: text("group.suspended"), ..newest() }, vec![3, 2, 1]),
        (EventFilter { event_type: text("group.created\0"), ..all() }, vec![]),
        (EventFilter { business_number: text("15550000001"), ..all() }, vec![1, 2, 3]),
        (EventFilter { business_number: text("15550000002"), ..newest() }, vec![]),
        (EventFilter { since: Some(received), ..all() }, vec![1, 2, 3]),
        (EventFilter { until: Some(received), ..newest() }, vec![]),
    ] {
        let found = world.store.space(ALPHA).list_events(&filter, 10).await.unwrap();
        assert_eq!(found.iter().filter_map(|event| event.sequence).collect::<Vec<_>>(), expected, "{filter:?}");
    }
    let two = world.store.space(ALPHA).list_events(&newest(), 2).await.unwrap();
    assert_eq!(two.len(), 2);
}
