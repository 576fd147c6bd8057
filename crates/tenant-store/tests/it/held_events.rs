//! Events that tell an outcome while the answer is on its way that may claim them.

use std::time::Duration;

use serde_json::json;
use tenant_store::{ChangeStatus, NewChange, Notification, UniqueCode};
use tokio::time::timeout;

use crate::helpers::{ALPHA, TestEvent, World, create, delete};

/// The changes that the published events ended, in the order of their sequence.
async fn codes(world: &World) -> Vec<Option<UniqueCode>> {
    let page = world.store.space(ALPHA).events_after(None, 100).await.unwrap();
    page.events.iter().map(|event| event.unique_code).collect()
}

#[tokio::test]
async fn an_event_before_the_answer_is_published_with_the_code_that_the_answer_finds() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let code = space.begin_change(&create("Team")).await.unwrap();
    world.receive(&[TestEvent::created(Some("req-1"), "Team", "G1"), TestEvent::new(json!({}))]).await;
    let routed = world.route().await;
    assert_eq!((routed.held, routed.routed), (1, 1), "only that event waits, and nothing behind it");
    assert_eq!(codes(&world).await, [None]);

    let mut notifications = world.store.listen().await.unwrap();
    assert_eq!(space.record_answer(code, Some("req-1")).await.unwrap().status, ChangeStatus::Succeeded);
    let told = timeout(Duration::from_mins(1), notifications.next()).await.unwrap();
    assert_eq!(told, Notification::Events, "routers are told that there is something to publish");
    assert_eq!(world.route().await.routed, 1);
    assert_eq!(codes(&world).await, [None, Some(code)]);
}

#[tokio::test]
async fn an_event_that_no_answer_claims_is_published_when_its_time_is_over_and_applied_once() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let waiting = NewChange { answer_due: Duration::from_secs(4), ..delete("G1") };
    space.begin_change(&waiting).await.unwrap();
    let count = tenant_store::GroupUpdate {
        group_id: "G1".to_owned(),
        occurred_at: Some(crate::helpers::at_second(0)),
        total_participant_count: Some(1),
        ..tenant_store::GroupUpdate::default()
    };
    space.apply_group(crate::helpers::ALPHA_PHONE, &count).await.unwrap();
    let told = json!({"kind": "DeleteChatGroup", "request_id": "another's", "group_id": "G1", "joined": 1, "at": 1});
    world.receive(&[TestEvent::new(told)]).await;
    let first = world.route().await;
    assert_eq!((first.held, first.routed), (1, 0));
    let published = async {
        while world.route().await.routed == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_mins(1), published).await.unwrap();
    assert_eq!(codes(&world).await, [None]);
    let group = space.group(crate::helpers::ALPHA_PHONE, "G1").await.unwrap().unwrap();
    assert_eq!(group.total_participant_count, Some(2));
}

#[tokio::test]
async fn an_event_that_settles_a_change_names_it() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let code = space.begin_change(&create("Team")).await.unwrap();
    space.record_answer(code, Some("req-1")).await.unwrap();
    world.receive(&[TestEvent::created(Some("req-1"), "Team", "G1")]).await;
    assert_eq!(world.route().await.settled, 1);
    assert_eq!(codes(&world).await, [Some(code)]);
}

#[tokio::test]
async fn an_event_that_nobody_asked_for_is_published_at_once() {
    let world = World::with_tenants().await;
    world.store.space(ALPHA).begin_change(&create("Other")).await.unwrap();
    world.receive(&[TestEvent::created(Some("req-1"), "Team", "G1"), TestEvent::deleted(None, "G2")]).await;
    assert_eq!(world.route().await.routed, 2);
}
