//! The answer and the event at the same moment, on different replicas.

use tenant_store::{ChangeStatus, NewChange, Outcome, Store};

use crate::helpers::{ALPHA, KEY_A, TestEvent, World, connect, create, delete, interpret};

const ROUNDS: usize = 60;

/// Records the answer and routes the event at once; whoever is first, the change is settled in the end.
async fn race(world: &World, other: &Store, new: &NewChange, answer: Option<&str>, event: TestEvent) {
    let space = world.store.space(ALPHA);
    let code = space.begin_change(new).await.unwrap();
    let webhook = async {
        world.receive(&[event]).await;
        other.route_events(10, interpret).await.unwrap()
    };
    let (answered, routed) = tokio::join!(space.record_answer(code, answer), webhook);
    answered.unwrap();
    assert_eq!(routed.failed, 0);
    // A claim that was passed over since the other held the row would be routed by the next round.
    other.route_events(10, interpret).await.unwrap();
    assert_eq!(space.change(code).await.unwrap().unwrap().status, ChangeStatus::Succeeded);
}

#[tokio::test]
async fn no_match_is_lost_by_request_id() {
    let world = World::with_tenants().await;
    let other = connect(&world.database, KEY_A).await;
    for round in 0..ROUNDS {
        let (request_id, group_id) = (format!("req-{round}"), format!("G{round}"));
        let event = TestEvent::created(Some(&request_id), "Team", &group_id);
        race(&world, &other, &create("Team"), Some(&request_id), event).await;
    }
}

#[tokio::test]
async fn no_match_is_lost_by_group_and_kind() {
    let world = World::with_tenants().await;
    let other = connect(&world.database, KEY_A).await;
    for round in 0..ROUNDS {
        let group_id = format!("G{round}");
        race(&world, &other, &delete(&group_id), None, TestEvent::deleted(None, &group_id)).await;
    }
}

#[tokio::test]
async fn many_changes_and_two_routers_at_once_settle_everything() {
    let world = World::with_tenants().await;
    let other = connect(&world.database, KEY_A).await;
    let callers = async {
        let one = async |number: usize| {
            let request_id = format!("req-{number}");
            let space = world.store.space(ALPHA);
            let code = space.begin_change(&create(&format!("Team {}", number % 3))).await.unwrap();
            let event = TestEvent::created(Some(&request_id), &format!("Team {}", number % 3), &format!("G{number}"));
            let events = [event];
            let (_, answered) = tokio::join!(world.receive(&events), space.record_answer(code, Some(&request_id)));
            answered.unwrap();
            code
        };
        let mut codes = Vec::new();
        for number in (0..60).step_by(3) {
            let (a, b, c) = tokio::join!(one(number), one(number + 1), one(number + 2));
            codes.extend([a, b, c]);
        }
        codes
    };
    let router = async |store: &Store| {
        for _ in 0..60 {
            store.route_events(7, interpret).await.unwrap();
        }
    };
    let (codes, (), ()) = tokio::join!(callers, router(&world.store), router(&other));
    world.route().await;
    for code in codes {
        let change = world.store.space(ALPHA).change(code).await.unwrap().unwrap();
        assert_eq!(change.status, ChangeStatus::Succeeded);
    }
}

#[tokio::test]
async fn a_group_that_two_replicas_find_for_two_creates_at_once_is_given_to_one() {
    let world = World::with_tenants().await;
    let other = connect(&world.database, KEY_A).await;
    for round in 0..20 {
        let subject = format!("Team {round}");
        let space = world.store.space(ALPHA);
        let first = space.begin_change(&create(&subject)).await.unwrap();
        let second = space.begin_change(&create(&subject)).await.unwrap();
        let found = Outcome { group_id: Some(format!("G{round}")), ..Outcome::of(ChangeStatus::Succeeded) };
        let theirs = other.space(ALPHA);
        let (mine, yours) = tokio::join!(space.settle_change(first, &found), theirs.settle_change(second, &found));
        let mut statuses = [mine.unwrap().status, yours.unwrap().status];
        statuses.sort_by_key(|status| status.is_settled());
        assert_eq!(statuses, [ChangeStatus::Sending, ChangeStatus::Succeeded]);
        let loser = if space.change(first).await.unwrap().unwrap().status.is_settled() { second } else { first };
        let next = Outcome { group_id: Some(format!("H{round}")), ..found };
        assert_eq!(space.settle_change(loser, &next).await.unwrap().status, ChangeStatus::Succeeded);
    }
}

#[tokio::test]
async fn two_replicas_settle_an_abandoned_change_once() {
    let world = World::with_tenants().await;
    let other = connect(&world.database, KEY_A).await;
    for round in 0..10 {
        let subject = format!("Team {round}");
        let overdue = NewChange { answer_due: std::time::Duration::ZERO, ..create(&subject) };
        world.store.space(ALPHA).begin_change(&overdue).await.unwrap();
        world.receive(&[TestEvent::created(None, &subject, &format!("G{round}"))]).await;
        world.route().await;
        let (mine, yours) = tokio::join!(world.store.settle_abandoned(), other.settle_abandoned());
        assert_eq!(mine.unwrap() + yours.unwrap(), 1);
    }
}
