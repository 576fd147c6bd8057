//! Asynchronous changes, and the events that end them.

use std::time::Duration;

use serde_json::json;
use tenant_store::{ChangeStatus, GroupLifecycle, GroupUpdate, NewChange, Outcome, StoreError, UniqueCode};
use uuid::Uuid;

use crate::helpers::{
    ALPHA, ALPHA_PHONE, BETA, BETA_PHONE, KEY_A, TestEvent, World, connect, create, delete, succeeded,
};

/// A call whose answer is overdue from the first moment.
fn overdue(change: NewChange) -> NewChange {
    NewChange { answer_due: Duration::ZERO, ..change }
}

async fn status(world: &World, unique_code: UniqueCode) -> ChangeStatus {
    world.store.space(ALPHA).change(unique_code).await.unwrap().unwrap().status
}

#[tokio::test]
async fn a_change_is_on_record_before_the_call_and_only_for_its_tenant() {
    let world = World::with_tenants().await;
    let code = world.store.space(ALPHA).begin_change(&create("Team")).await.unwrap();
    assert_eq!(code.0.get_version_num(), 7);
    let change = world.store.space(ALPHA).change(code).await.unwrap().unwrap();
    assert_eq!((change.status, change.operation.as_str()), (ChangeStatus::Sending, "AddChatGroup"));
    assert_eq!(change.request, json!({"Subject": "Team"}));
    assert!(world.store.space(BETA).change(code).await.unwrap().is_none());
    let error = world.store.space(BETA).record_answer(code, Some("r")).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "change" }), "{error}");
}

#[tokio::test]
async fn an_event_after_the_answer_settles_the_change_and_fills_the_mirror() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let code = space.begin_change(&create("Team")).await.unwrap();
    assert_eq!(space.record_answer(code, Some("req-1")).await.unwrap().status, ChangeStatus::Pending);
    world.receive(&[TestEvent::created(Some("req-1"), "Team", "G1")]).await;
    let routed = world.route().await;
    assert_eq!((routed.routed, routed.settled, routed.failed), (1, 1, 0));
    let change = space.change(code).await.unwrap().unwrap();
    assert_eq!((change.status, change.group_id.as_deref()), (ChangeStatus::Succeeded, Some("G1")));
    assert_eq!(change.invite_link.as_deref(), Some("https://chat.whatsapp.com/G1"));
    let group = space.group(ALPHA_PHONE, "G1").await.unwrap().unwrap();
    assert_eq!((group.subject.as_deref(), group.invite_link), (Some("Team"), change.invite_link));
}

#[tokio::test]
async fn what_happened_in_the_second_of_a_create_is_not_undone_by_it() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let code = space.begin_change(&create("Team")).await.unwrap();
    let begun = space.record_answer(code, Some("req-1")).await.unwrap();
    // Webhooks have whole seconds.
    let at = begun.created_at.unix_timestamp();
    let mut created = TestEvent::created(Some("req-1"), "Team", "G1");
    created.payload["at"] = json!(at);
    world.receive(&[created, TestEvent::new(json!({"group_id": "G1", "subject": "Renamed", "at": at}))]).await;
    assert_eq!(world.route().await.settled, 1);
    let group = space.group(ALPHA_PHONE, "G1").await.unwrap().unwrap();
    assert_eq!(group.subject.as_deref(), Some("Renamed"));
}

#[tokio::test]
async fn an_event_that_others_may_have_caused_ends_only_a_change_that_named_its_users() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let request = json!({"List": [{"ParticipantNumber": "16505550101"}, {"ParticipantNumber": "US.1"}]});
    let addition = NewChange { operation: "AddChatGroupParticipants".to_owned(), request, ..delete("G1") };
    let code = space.begin_change(&addition).await.unwrap();
    let added =
        |users| TestEvent::new(json!({"kind": "AddChatGroupParticipants", "group_id": "G1", "participants": users}));
    world.receive(&[added(json!(["US.1"]))]).await;
    world.route().await;
    assert_eq!(
        space.record_answer(code, None).await.unwrap().status,
        ChangeStatus::Pending,
        "it came before the answer"
    );
    world.receive(&[added(json!(["16505550102", "US.2"])), added(json!([]))]).await;
    assert_eq!(world.route().await.settled, 0);
    world.receive(&[added(json!(["US.2", "US.1"]))]).await;
    assert_eq!(world.route().await.settled, 1);
    assert_eq!(status(&world, code).await, ChangeStatus::Succeeded);
}

#[tokio::test]
async fn of_two_additions_to_a_group_an_event_ends_the_one_that_named_its_users() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let mut codes = Vec::new();
    for user in ["US.1", "US.2"] {
        let request = json!({"List": [{"ParticipantNumber": user}]});
        let addition = NewChange { operation: "AddChatGroupParticipants".to_owned(), request, ..delete("G1") };
        let code = space.begin_change(&addition).await.unwrap();
        space.record_answer(code, None).await.unwrap();
        codes.push(code);
    }
    let added = json!({"kind": "AddChatGroupParticipants", "group_id": "G1", "participants": ["US.2"]});
    world.receive(&[TestEvent::new(added)]).await;
    assert_eq!(world.route().await.settled, 1);
    assert_eq!(status(&world, codes[0]).await, ChangeStatus::Pending);
    assert_eq!(status(&world, codes[1]).await, ChangeStatus::Succeeded);
}

#[tokio::test]
async fn an_event_before_the_answer_waits_in_the_inbox() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let code = space.begin_change(&create("Team")).await.unwrap();
    world.receive(&[TestEvent::created(Some("req-1"), "Team", "G1")]).await;
    assert_eq!(world.route().await.settled, 0);
    let change = space.record_answer(code, Some("req-1")).await.unwrap();
    assert_eq!((change.status, change.group_id.as_deref()), (ChangeStatus::Succeeded, Some("G1")));
}

#[tokio::test]
async fn an_answer_without_request_id_is_matched_by_group_and_kind_oldest_first() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let mut codes = Vec::new();
    for group in ["G1", "G1", "G2"] {
        let code = space.begin_change(&delete(group)).await.unwrap();
        space.record_answer(code, None).await.unwrap();
        codes.push(code);
    }
    world.receive(&[TestEvent::deleted(Some("unknown to us"), "G1")]).await;
    world.route().await;
    assert_eq!(status(&world, codes[0]).await, ChangeStatus::Succeeded);
    assert_eq!(status(&world, codes[1]).await, ChangeStatus::Pending);
    assert_eq!(status(&world, codes[2]).await, ChangeStatus::Pending);

    let late = space.begin_change(&delete("G3")).await.unwrap();
    world.receive(&[TestEvent::deleted(None, "G3")]).await;
    world.route().await;
    assert_eq!(space.record_answer(late, None).await.unwrap().status, ChangeStatus::Succeeded);
}

#[tokio::test]
async fn an_event_from_before_the_change_does_not_settle_it() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    world.receive(&[TestEvent::deleted(None, "G1")]).await;
    world.route().await;
    let code = space.begin_change(&delete("G1")).await.unwrap();
    assert_eq!(space.record_answer(code, None).await.unwrap().status, ChangeStatus::Pending);
}

#[tokio::test]
async fn a_refused_change_is_failed_with_its_errors() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let code = space.begin_change(&create("Team")).await.unwrap();
    let errors = json!([{"Code": 131_207, "Message": "nul \u{0} inside"}]);
    let change = space.fail_change(code, &errors).await.unwrap();
    assert_eq!((change.status, change.errors), (ChangeStatus::Failed, Some(errors)));
    assert!(change.settled_at.is_some());
}

#[tokio::test]
async fn a_settled_change_stays_as_it_is_but_unknown_gives_way() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let code = space.begin_change(&create("Team")).await.unwrap();
    let unknown = Outcome { status: ChangeStatus::Unknown, ..succeeded(None, None) };
    assert_eq!(space.settle_change(code, &unknown).await.unwrap().status, ChangeStatus::Unknown);
    let done = succeeded(Some("G1"), None);
    assert_eq!(space.settle_change(code, &done).await.unwrap().status, ChangeStatus::Succeeded);
    let after = space.fail_change(code, &json!([])).await.unwrap();
    assert_eq!((after.status, after.group_id.as_deref()), (ChangeStatus::Succeeded, Some("G1")));
}

#[tokio::test]
async fn a_create_that_a_crash_abandoned_is_settled_from_the_event_of_its_subject() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let other = space.begin_change(&overdue(create("Other"))).await.unwrap();
    let first = space.begin_change(&overdue(create("Team"))).await.unwrap();
    let second = space.begin_change(&overdue(create("Team"))).await.unwrap();
    world.receive(&[TestEvent::created(Some("req-lost"), "Team", "G1")]).await;
    world.route().await;
    assert_eq!(world.store.settle_abandoned().await.unwrap(), 1);
    assert_eq!(status(&world, first).await, ChangeStatus::Succeeded);
    assert_eq!(status(&world, second).await, ChangeStatus::Sending);
    assert_eq!(status(&world, other).await, ChangeStatus::Sending);
    assert_eq!(world.store.settle_abandoned().await.unwrap(), 0);
    assert!(space.knows_group(ALPHA_PHONE, "G1").await.unwrap());
}

#[tokio::test]
async fn an_abandoned_change_takes_no_event_that_may_be_of_a_call_under_way() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let abandoned = space.begin_change(&overdue(create("Team"))).await.unwrap();
    let under_way = space.begin_change(&create("Team")).await.unwrap();
    world.receive(&[TestEvent::created(Some("req-2"), "Team", "G2")]).await;
    world.route().await;
    assert_eq!(world.store.settle_abandoned().await.unwrap(), 0);
    space.record_answer(under_way, Some("req-2")).await.unwrap();
    assert_eq!(status(&world, under_way).await, ChangeStatus::Succeeded);
    assert_eq!(status(&world, abandoned).await, ChangeStatus::Sending);
}

#[tokio::test]
async fn a_call_that_is_not_overdue_is_left_alone() {
    let world = World::with_tenants().await;
    let code = world.store.space(ALPHA).begin_change(&create("Team")).await.unwrap();
    world.receive(&[TestEvent::created(Some("req-1"), "Team", "G1")]).await;
    world.route().await;
    assert_eq!(world.store.settle_abandoned().await.unwrap(), 0);
    assert_eq!(status(&world, code).await, ChangeStatus::Sending);
}

#[tokio::test]
async fn two_replicas_never_look_up_the_same_change_at_once() {
    let world = World::with_tenants().await;
    let other = connect(&world.database, KEY_A).await;
    for subject in ["One", "Two", "Three", "Four"] {
        world.store.space(ALPHA).begin_change(&create(subject)).await.unwrap();
    }
    let (mine, yours) =
        tokio::join!(world.store.stale_changes(Duration::ZERO, 2), other.stale_changes(Duration::ZERO, 10));
    let mut codes: Vec<_> = mine.unwrap().iter().chain(&yours.unwrap()).map(|stale| stale.change.unique_code).collect();
    codes.extend(
        world.store.stale_changes(Duration::ZERO, 10).await.unwrap().iter().map(|stale| stale.change.unique_code),
    );
    assert_eq!(codes.len(), 4);
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 4);
    assert!(world.store.stale_changes(Duration::from_mins(10), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_change_that_is_put_off_leaves_the_turn_to_others_for_as_long() {
    let world = World::with_tenants().await;
    let held = world.store.space(ALPHA).begin_change(&create("Held")).await.unwrap();
    let other = world.store.space(ALPHA).begin_change(&create("Other")).await.unwrap();
    let turn = async || {
        let stale = world.store.stale_changes(Duration::ZERO, 1).await.unwrap();
        stale.into_iter().map(|stale| stale.change.unique_code).next()
    };
    world.store.space(ALPHA).put_off_change(held, Duration::from_hours(1)).await.unwrap();
    assert_eq!(turn().await, Some(other));
    assert_eq!(turn().await, None);
    world.store.space(ALPHA).put_off_change(held, Duration::ZERO).await.unwrap();
    assert_eq!(turn().await, Some(held));
}

#[tokio::test]
async fn nul_in_a_subject_is_replaced_and_still_matches() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let code = space.begin_change(&create("Te\0am")).await.unwrap();
    space.record_answer(code, None).await.unwrap();
    world.receive(&[TestEvent::created(None, "Te\0am", "G1")]).await;
    assert_eq!(world.route().await.settled, 1);
    let change = space.change(code).await.unwrap().unwrap();
    assert_eq!((change.status, change.subject.as_deref()), (ChangeStatus::Succeeded, Some("Te\u{fffd}am")));
}

#[tokio::test]
async fn an_unknown_code_is_none() {
    let world = World::with_tenants().await;
    let nobody = UniqueCode(Uuid::now_v7());
    assert!(world.store.space(ALPHA).change(nobody).await.unwrap().is_none());
    assert_eq!(nobody.to_string(), nobody.0.to_string());
}

#[tokio::test]
async fn a_partial_outcome_keeps_who_failed_and_why() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let code = space.begin_change(&delete("G1")).await.unwrap();
    space.record_answer(code, Some("req-1")).await.unwrap();
    let partial = Outcome {
        status: ChangeStatus::Partial,
        failed: Some(json!([{"ParticipantNumber": "16505551234", "Code": 131_204, "Message": "z\u{0}"}])),
        fields: Some(json!({"Subject": {"UpdateSuccessful": true}})),
        errors: Some(json!([])),
        ..succeeded(None, None)
    };
    let change = space.settle_change(code, &partial).await.unwrap();
    assert_eq!((change.status, change.failed), (ChangeStatus::Partial, partial.failed));
    assert_eq!((change.fields, change.errors), (partial.fields, partial.errors));
    assert_eq!(change.request_id.as_deref(), Some("req-1"));
}

#[tokio::test]
async fn an_event_that_comes_after_the_look_up_gave_up_still_settles_the_change() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let code = space.begin_change(&create("Team")).await.unwrap();
    space.record_answer(code, Some("req-1")).await.unwrap();
    let unknown = Outcome { status: ChangeStatus::Unknown, ..succeeded(None, None) };
    space.settle_change(code, &unknown).await.unwrap();
    world.receive(&[TestEvent::created(Some("req-1"), "Team", "G1")]).await;
    assert_eq!(world.route().await.settled, 1);
    assert_eq!(status(&world, code).await, ChangeStatus::Succeeded);
}

#[tokio::test]
async fn the_same_request_id_in_two_tenants_settles_each_its_own() {
    let world = World::with_tenants().await;
    let alphas = world.store.space(ALPHA).begin_change(&create("Team")).await.unwrap();
    world.store.space(ALPHA).record_answer(alphas, Some("req-1")).await.unwrap();
    world.receive(&[TestEvent::created(Some("req-1"), "Team", "G1").of_number(Some(BETA_PHONE))]).await;
    assert_eq!(world.route().await.settled, 0);
    assert_eq!(status(&world, alphas).await, ChangeStatus::Pending);
}

#[tokio::test]
async fn a_group_created_long_ago_does_not_undo_what_happened_to_it_since() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let code = space.begin_change(&overdue(create("Team"))).await.unwrap();
    world.receive(&[TestEvent::created(None, "Team", "G1")]).await;
    world.route().await;
    let renamed = GroupUpdate {
        group_id: "G1".to_owned(),
        subject: Some("Renamed".to_owned()),
        lifecycle: Some(GroupLifecycle::Inactive),
        ..GroupUpdate::default()
    };
    space.apply_group(ALPHA_PHONE, &renamed).await.unwrap();
    world.store.settle_abandoned().await.unwrap();
    assert_eq!(status(&world, code).await, ChangeStatus::Succeeded);
    let group = space.group(ALPHA_PHONE, "G1").await.unwrap().unwrap();
    assert_eq!((group.subject.as_deref(), group.lifecycle), (Some("Renamed"), GroupLifecycle::Inactive));
}
