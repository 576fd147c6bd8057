//! Changes of a group's settings, and which of them an event ends that names no request that is known.

use std::time::Duration;

use serde_json::{Value, json};
use tenant_store::{ChangeStatus, NewChange, UniqueCode};

use crate::helpers::{ALPHA, TestEvent, World, delete};

fn update(settings: &Value) -> NewChange {
    NewChange { operation: "UpdateChatGroup".to_owned(), request: settings.clone(), ..delete("G1") }
}

/// An event that tells of these settings.
fn updated(request_id: Option<&str>, settings: &Value) -> TestEvent {
    TestEvent::new(json!({"kind": "UpdateChatGroup", "request_id": request_id, "group_id": "G1", "settings": settings}))
}

/// An event that tells that these settings were not changed.
fn not_updated(settings: &Value) -> TestEvent {
    TestEvent::new(json!({"kind": "UpdateChatGroup", "group_id": "G1", "settings": settings, "failed": true}))
}

/// Changes that ask for these settings, whose answers named no request.
async fn answered(world: &World, asked: &[Value]) -> Vec<UniqueCode> {
    let space = world.store.space(ALPHA);
    let mut codes = Vec::new();
    for settings in asked {
        let code = space.begin_change(&update(settings)).await.unwrap();
        space.record_answer(code, None).await.unwrap();
        codes.push(code);
    }
    codes
}

/// Changes that ask for these settings, whose answers are overdue.
async fn abandoned(world: &World, asked: &[Value]) -> Vec<UniqueCode> {
    let mut codes = Vec::new();
    for settings in asked {
        let overdue = NewChange { answer_due: Duration::ZERO, ..update(settings) };
        codes.push(world.store.space(ALPHA).begin_change(&overdue).await.unwrap());
    }
    codes
}

/// Which of the changes are ended.
async fn ended(world: &World, codes: &[UniqueCode]) -> Vec<usize> {
    let mut ended = Vec::new();
    for (place, code) in codes.iter().enumerate() {
        let change = world.store.space(ALPHA).change(*code).await.unwrap().unwrap();
        ended.extend((change.status == ChangeStatus::Succeeded).then_some(place));
    }
    ended
}

fn picture(name: &str) -> Value {
    json!({"Subject": null, "Description": null, "ProfilePicture": {"Bytes": 1, "Sha256": name}})
}

#[tokio::test]
async fn an_event_ends_the_oldest_change_that_asked_for_what_it_tells() {
    let world = World::with_tenants().await;
    let asked = [
        json!({"Subject": "One", "Description": null}),
        json!({"Subject": null, "Description": "One"}),
        json!({"Subject": "One", "Description": "Another"}),
        json!({"Subject": null, "Description": "Another"}),
        json!({"Subject": null, "Description": "Another"}),
        json!({"Subject": null, "Description": ""}),
        picture("one"),
        picture("another"),
    ];
    let codes = answered(&world, &asked).await;
    let mut expected = Vec::new();
    for (told, ends) in [
        (json!({"Description": "Nobody's"}), None),
        (json!({"Description": "Another"}), Some(3)),
        (json!({"Description": " Another\r\n"}), Some(4)),
        (json!({"Description": "Another"}), None),
        (json!({"Description": ""}), Some(5)),
        // What was not changed is told without its text, and so is a picture.
        (json!({"ProfilePicture": null}), Some(6)),
        (json!({"Description": null}), Some(1)),
        (json!({"Description": null}), None),
        (json!({"Subject": "One", "ProfilePicture": null}), None),
        (json!({"Subject": "One", "Description": null}), Some(2)),
        // Nothing to go by.
        (json!({}), Some(0)),
        (json!({}), Some(7)),
    ] {
        world.receive(&[updated(None, &told)]).await;
        world.route().await;
        expected.extend(ends);
        expected.sort_unstable();
        assert_eq!(ended(&world, &codes).await, expected, "{told}");
    }
}

#[tokio::test]
async fn an_event_that_came_before_the_answer_ends_no_change_that_asked_for_something_else() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let one = space.begin_change(&update(&json!({"Description": "One"}))).await.unwrap();
    let another = space.begin_change(&update(&json!({"Description": "Another"}))).await.unwrap();
    world.receive(&[updated(None, &json!({"Description": "Another"}))]).await;
    world.route().await;
    assert_eq!(space.record_answer(one, None).await.unwrap().status, ChangeStatus::Pending);
    assert_eq!(space.record_answer(another, None).await.unwrap().status, ChangeStatus::Succeeded);
}

#[tokio::test]
async fn what_was_not_changed_ends_a_change_that_asked_for_its_text_or_else_the_oldest_that_asked_for_any() {
    let world = World::with_tenants().await;
    let asked = ["One", "Another", "A third"].map(|text| json!({"Description": text}));
    let codes = answered(&world, &asked).await;
    for (text, expected) in [("Another", vec![1]), ("as it was", vec![0, 1]), ("as it was", vec![0, 1, 2])] {
        world.receive(&[not_updated(&json!({"Description": text}))]).await;
        world.route().await;
        assert_eq!(ended(&world, &codes).await, expected, "{text}");
    }
}

#[tokio::test]
async fn what_was_not_changed_waits_for_the_answer_to_the_change_that_asked_for_its_text() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let answered = answered(&world, &[json!({"Description": "One"})]).await;
    let sent = space.begin_change(&update(&json!({"Description": "Another"}))).await.unwrap();
    world.receive(&[not_updated(&json!({"Description": "Another"}))]).await;
    assert_eq!(world.route().await.held, 1);
    assert_eq!(space.record_answer(sent, None).await.unwrap().status, ChangeStatus::Succeeded);
    assert_eq!(ended(&world, &[answered[0], sent]).await, [1]);
}

#[tokio::test]
async fn an_event_without_a_request_id_waits_for_no_answer_to_what_asked_for_something_else() {
    let world = World::with_tenants().await;
    world.store.space(ALPHA).begin_change(&update(&json!({"Description": "One"}))).await.unwrap();
    for (request_id, text, is_held) in [(None, "Another", 0), (None, "One", 1), (Some("req-1"), "Another", 1)] {
        world.receive(&[updated(request_id, &json!({"Description": text}))]).await;
        assert_eq!(world.route().await.held, is_held, "{request_id:?} {text}");
    }
}

#[tokio::test]
async fn of_changes_whose_answers_were_lost_an_event_ends_the_one_that_asked_for_what_it_tells() {
    let world = World::with_tenants().await;
    let codes = abandoned(&world, &[json!({"Description": "One"}), json!({"Description": "Another"})]).await;
    world.receive(&[updated(Some("req-lost"), &json!({"Description": "Another"}))]).await;
    world.route().await;
    let open = world.store.space(ALPHA).abandon_change(codes[0]).await.unwrap().unwrap();
    assert_eq!(open.status, ChangeStatus::Sending);
    assert_eq!(world.store.settle_abandoned().await.unwrap(), 1);
    assert_eq!(ended(&world, &codes).await, [1]);
}

#[tokio::test]
async fn changes_that_no_event_ends_are_in_no_others_way() {
    let world = World::with_tenants().await;
    let asked: Vec<Value> = (0..101).map(|nth| json!({"Description": nth.to_string()})).collect();
    let codes = abandoned(&world, &asked).await;
    world.receive(&[updated(None, &json!({"Description": "100"}))]).await;
    world.route().await;
    assert_eq!(world.store.settle_abandoned().await.unwrap(), 1);
    assert_eq!(ended(&world, &codes).await, [100]);
}

#[tokio::test]
async fn a_request_id_that_is_known_decides_whatever_the_event_tells() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let asked = [json!({"Description": "One"}), json!({"Description": "Another"})];
    let codes = answered(&world, &asked[1..]).await;
    let known = space.begin_change(&update(&asked[0])).await.unwrap();
    space.record_answer(known, Some("req-1")).await.unwrap();
    world.receive(&[updated(Some("req-1"), &asked[1])]).await;
    assert_eq!(world.route().await.settled, 1);
    assert_eq!(ended(&world, &[codes[0], known]).await, [1]);
}
