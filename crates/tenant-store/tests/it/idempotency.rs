//! Idempotency keys: one call gets a key, and what became of it is never lost and never overwritten.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use sqlx::PgPool;
use tenant_store::{ChangeStatus, Claim, HeldKey, NewChange, NewKey, Store, StoredAnswer, UniqueCode};
use uuid::Uuid;

use crate::helpers::{ALPHA, BETA, KEY_A, TestEvent, World, connect, create, new_key};

const NO_TIME: Duration = Duration::ZERO;

/// The tenants, and two processes that live.
struct Replicas {
    world: World,
    other: Store,
    _lives: [tenant_store::Notifications; 2],
}

async fn replicas() -> Replicas {
    let world = World::with_tenants().await;
    let other = connect(&world.database, KEY_A).await;
    let lives = [world.store.listen().await.unwrap(), other.listen().await.unwrap()];
    Replicas { world, other, _lives: lives }
}

async fn claim(store: &Store, new: &NewKey<'_>) -> Claim {
    store.space(ALPHA).claim_key(new).await.unwrap()
}

#[track_caller]
fn new(claim: Claim) -> HeldKey {
    match claim {
        Claim::New(held) => held,
        other => panic!("not new: {other:?}"),
    }
}

#[track_caller]
fn open(claim: Claim) -> HeldKey {
    match claim {
        Claim::Open(held) => held,
        other => panic!("not open: {other:?}"),
    }
}

fn answer(body: &str) -> StoredAnswer {
    StoredAnswer { request_id: Uuid::from_u128(42), code: "OK".to_owned(), http_status: 200, body: body.to_owned() }
}

fn refusal() -> StoredAnswer {
    StoredAnswer { code: "Group.NotFound".to_owned(), http_status: 404, ..answer("{}") }
}

/// As if the keys had been claimed so long ago.
async fn age(world: &World, hours: f64) {
    let aged = sqlx::query("update idempotency_keys set created_at = now() - make_interval(secs => 3600 * $1)");
    aged.bind(hours).execute(&world.owner().await).await.unwrap();
}

/// Ends all sessions that listen, as PostgreSQL does when their processes are gone.
async fn kill_listeners(world: &World) {
    let superuser = PgPool::connect(world.database.superuser_url.expose_secret()).await.unwrap();
    sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where query like 'LISTEN%' and datname = current_database()")
        .execute(&superuser).await.unwrap();
}

#[tokio::test]
async fn of_many_claims_at_once_on_two_replicas_one_is_new_and_the_others_see_it_run() {
    let Replicas { world, other, .. } = &replicas().await;
    for round in 0..10 {
        let key = format!("order-{round}");
        let claims = (0..30).map(|n| {
            let (store, key) = (if n % 2 == 0 { world.store.clone() } else { other.clone() }, key.clone());
            tokio::spawn(async move { claim(&store, &new_key(&key)).await })
        });
        let claims: Vec<_> = claims.collect();
        let (mut new, mut running) = (0, 0);
        for claimed in claims {
            match claimed.await.unwrap() {
                Claim::New(_) => new += 1,
                Claim::Running => running += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((new, running), (1, 29));
    }
}

#[tokio::test]
async fn an_answer_is_given_again_to_the_byte_on_every_replica() {
    let Replicas { world, other, .. } = &replicas().await;
    let held = new(claim(&world.store, &new_key("order-1")).await);
    let answer = answer("{\"b\" : 1,\"a\":\"\\u0000 \u{1f389}\"}");
    assert!(world.store.space(ALPHA).answer_key(&held, &answer).await.unwrap());
    for store in [&world.store, other] {
        match claim(store, &new_key("order-1")).await {
            Claim::Answered(again) => assert!(again == answer && again.body == answer.body),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn another_request_under_the_key_is_a_mismatch_however_the_key_stands() {
    let Replicas { world, .. } = &replicas().await;
    let space = world.store.space(ALPHA);
    let other_request = NewKey { fingerprint: [8; 32], ..new_key("order-1") };
    let held = new(claim(&world.store, &new_key("order-1")).await);
    assert!(matches!(claim(&world.store, &other_request).await, Claim::Mismatch));
    space.open_key(&held).await.unwrap();
    assert!(matches!(claim(&world.store, &other_request).await, Claim::Mismatch));
    space.answer_key(&held, &answer("{}")).await.unwrap();
    assert!(matches!(claim(&world.store, &other_request).await, Claim::Mismatch));
}

#[tokio::test]
async fn a_key_is_one_of_its_tenant_and_operation() {
    let Replicas { world, .. } = &replicas().await;
    new(claim(&world.store, &new_key("order-1")).await);
    new(claim(&world.store, &new_key("order-2")).await);
    new(claim(&world.store, &NewKey { operation: "DeleteChatGroup", ..new_key("order-1") }).await);
    new(world.store.space(BETA).claim_key(&new_key("order-1")).await.unwrap());
}

#[tokio::test]
async fn a_key_that_was_given_back_is_new_and_has_another_code() {
    let Replicas { world, .. } = &replicas().await;
    let first = new(claim(&world.store, &new_key("order-1")).await);
    assert!(world.store.space(ALPHA).release_key(&first).await.unwrap());
    let second = new(claim(&world.store, &new_key("order-1")).await);
    assert_ne!(first.unique_code, second.unique_code);
}

#[tokio::test]
async fn a_key_that_was_left_open_is_open_for_one_call_at_a_time_under_the_same_code() {
    let Replicas { world, other, .. } = &replicas().await;
    let first = new(claim(&world.store, &new_key("order-1")).await);
    assert!(world.store.space(ALPHA).open_key(&first).await.unwrap());
    let second = open(claim(other, &new_key("order-1")).await);
    assert_eq!(first.unique_code, second.unique_code);
    assert!(matches!(claim(&world.store, &new_key("order-1")).await, Claim::Running));
}

#[tokio::test]
async fn the_keys_of_a_process_are_open_as_soon_as_it_is_gone() {
    let Replicas { world, other, _lives: [mine, _] } = replicas().await;
    let first = new(claim(&world.store, &new_key("order-1")).await);
    assert!(matches!(claim(&other, &new_key("order-1")).await, Claim::Running));
    drop(mine);
    let second = loop {
        // PostgreSQL ends the session when it sees that the connection is closed.
        match claim(&other, &new_key("order-1")).await {
            Claim::Running => tokio::task::yield_now().await,
            claim => break open(claim),
        }
    };
    assert_eq!(first.unique_code, second.unique_code);
}

#[tokio::test]
async fn a_process_that_lost_its_connection_lives_again_when_it_is_back() {
    let Replicas { world, other, _lives: [mut mine, mut yours] } = replicas().await;
    kill_listeners(&world).await;
    assert_eq!(mine.next().await, tenant_store::Notification::Reconnected);
    assert_eq!(yours.next().await, tenant_store::Notification::Reconnected);
    new(claim(&world.store, &new_key("order-1")).await);
    assert!(matches!(claim(&other, &new_key("order-1")).await, Claim::Running));
}

#[tokio::test]
async fn a_process_believes_its_own_calls_to_run_while_its_connection_is_lost() {
    let world = World::with_tenants().await;
    new(claim(&world.store, &new_key("order-1")).await);
    assert!(matches!(claim(&world.store, &new_key("order-1")).await, Claim::Running));
}

#[tokio::test]
async fn a_call_that_runs_for_longer_than_it_may_is_not_believed_to_run() {
    let Replicas { world, .. } = &replicas().await;
    let first = new(claim(&world.store, &NewKey { lease: NO_TIME, ..new_key("order-1") }).await);
    let second = open(claim(&world.store, &new_key("order-1")).await);
    assert_eq!(first.unique_code, second.unique_code);
}

#[tokio::test]
async fn a_late_call_changes_nothing_of_the_one_that_took_its_key_over() {
    let Replicas { world, other, .. } = &replicas().await;
    let (mine, yours) = (world.store.space(ALPHA), other.space(ALPHA));
    let late = new(claim(&world.store, &NewKey { lease: NO_TIME, ..new_key("order-1") }).await);
    let later = open(claim(other, &new_key("order-1")).await);
    assert!(!mine.release_key(&late).await.unwrap());
    assert!(!mine.open_key(&late).await.unwrap());
    assert!(!mine.answer_key(&late, &refusal()).await.unwrap(), "another call is at it");
    assert!(yours.answer_key(&later, &answer("[]")).await.unwrap());
    assert!(!mine.answer_key(&late, &answer("{}")).await.unwrap(), "it is answered");
    match claim(&world.store, &new_key("order-1")).await {
        Claim::Answered(kept) => assert_eq!(kept.body, "[]"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_a_late_call_learned_is_kept_where_nobody_else_knows() {
    let Replicas { world, other, .. } = &replicas().await;
    let late = new(claim(&world.store, &NewKey { lease: NO_TIME, ..new_key("order-1") }).await);
    let later = open(claim(other, &new_key("order-1")).await);
    assert!(other.space(ALPHA).open_key(&later).await.unwrap());
    assert!(!world.store.space(ALPHA).release_key(&late).await.unwrap(), "an open key is not given back");
    assert!(world.store.space(ALPHA).answer_key(&late, &answer("{}")).await.unwrap());
    assert!(matches!(claim(other, &new_key("order-1")).await, Claim::Answered(_)));
}

#[tokio::test]
async fn what_a_late_call_did_is_kept_also_while_another_looks_for_it() {
    let Replicas { world, other, .. } = &replicas().await;
    let late = new(claim(&world.store, &NewKey { lease: NO_TIME, ..new_key("order-1") }).await);
    let later = open(claim(other, &new_key("order-1")).await);
    assert!(world.store.space(ALPHA).answer_key(&late, &answer("{}")).await.unwrap());
    assert!(!other.space(ALPHA).open_key(&later).await.unwrap());
    assert!(matches!(claim(other, &new_key("order-1")).await, Claim::Answered(_)));
}

#[tokio::test]
async fn what_a_late_call_did_is_not_kept_with_a_key_that_was_made_new() {
    let Replicas { world, other, .. } = &replicas().await;
    let late = new(claim(&world.store, &NewKey { lease: NO_TIME, ..new_key("order-1") }).await);
    let mut later = open(claim(other, &new_key("order-1")).await);
    assert!(other.space(ALPHA).renew_key(&mut later, UniqueCode::new()).await.unwrap());
    assert_ne!(late.unique_code, later.unique_code);
    assert!(!world.store.space(ALPHA).answer_key(&late, &answer("{}")).await.unwrap());
    assert!(other.space(ALPHA).answer_key(&later, &answer("[]")).await.unwrap());
}

#[tokio::test]
async fn a_call_that_is_heard_of_is_believed_to_run() {
    let Replicas { world, other, .. } = &replicas().await;
    let space = world.store.space(ALPHA);
    let mut held = new(claim(&world.store, &NewKey { lease: NO_TIME, ..new_key("order-1") }).await);
    assert!(space.prolong_key(&held, Duration::from_mins(1)).await.unwrap());
    assert!(matches!(claim(other, &new_key("order-1")).await, Claim::Running));
    assert!(space.prolong_key(&held, NO_TIME).await.unwrap());
    open(claim(other, &new_key("order-1")).await);
    assert!(!space.prolong_key(&held, Duration::from_mins(1)).await.unwrap(), "it is a later call's");
    assert!(!space.renew_key(&mut held, UniqueCode::new()).await.unwrap(), "it is a later call's");
}

#[tokio::test]
async fn after_24_hours_a_key_is_absent_and_soon_gone() {
    let Replicas { world, .. } = &replicas().await;
    let first = new(claim(&world.store, &new_key("order-1")).await);
    world.store.space(ALPHA).answer_key(&first, &answer("{}")).await.unwrap();
    age(world, 23.9).await;
    assert!(matches!(claim(&world.store, &new_key("order-1")).await, Claim::Answered(_)));
    assert_eq!(world.store.forget_old_keys(10).await.unwrap(), 0);
    age(world, 24.1).await;
    let second = new(claim(&world.store, &NewKey { fingerprint: [8; 32], ..new_key("order-1") }).await);
    assert_ne!(first.unique_code, second.unique_code);
    for number in 2..6 {
        new(claim(&world.store, &new_key(&format!("order-{number}"))).await);
    }
    age(world, 24.1).await;
    let forgotten = async || world.store.forget_old_keys(3).await.unwrap();
    assert_eq!((forgotten().await, forgotten().await, forgotten().await), (3, 2, 0));
}

#[tokio::test]
async fn many_keys_at_once_are_each_their_own() {
    let Replicas { world, other, .. } = &replicas().await;
    let claims: Vec<_> = (0..200)
        .map(|number| {
            let store = if number % 2 == 0 { world.store.clone() } else { other.clone() };
            tokio::spawn(async move {
                let held = new(claim(&store, &new_key(&format!("order-{number}"))).await);
                store.space(ALPHA).answer_key(&held, &answer(&number.to_string())).await.unwrap()
            })
        })
        .collect();
    for claimed in claims {
        assert!(claimed.await.unwrap());
    }
    match claim(&world.store, &new_key("order-77")).await {
        Claim::Answered(kept) => assert_eq!(kept.body, "77"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_key_of_255_characters_of_four_bytes_fits() {
    let Replicas { world, .. } = &replicas().await;
    let longest = "\u{1f389}".repeat(255);
    new(claim(&world.store, &new_key(&longest)).await);
    assert!(matches!(claim(&world.store, &new_key(&longest)).await, Claim::Running));
}

#[tokio::test]
async fn neither_a_key_nor_an_answer_is_shown_in_a_log() {
    let Replicas { world, .. } = &replicas().await;
    let held = new(claim(&world.store, &new_key("16505551234")).await);
    assert!(!format!("{held:?}").contains("16505551234"));
    assert!(!format!("{:?}", answer("https://chat.whatsapp.com/x")).contains("whatsapp"));
}

#[tokio::test]
async fn a_change_that_is_abandoned_is_settled_by_its_event_before_its_time() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let code = space.begin_change(&create("Team")).await.unwrap();
    world.receive(&[TestEvent::created(Some("req-1"), "Team", "G1")]).await;
    world.route().await;
    assert_eq!(space.change(code).await.unwrap().unwrap().status, ChangeStatus::Sending, "its answer may still come");
    let change = space.abandon_change(code).await.unwrap().unwrap();
    assert_eq!((change.status, change.group_id.as_deref()), (ChangeStatus::Succeeded, Some("G1")));
}

#[tokio::test]
async fn an_abandoned_changes_event_may_come_later() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let code = space.begin_change(&create("Team")).await.unwrap();
    assert_eq!(space.abandon_change(code).await.unwrap().unwrap().status, ChangeStatus::Sending);
    world.receive(&[TestEvent::created(Some("req-1"), "Team", "G1")]).await;
    world.route().await;
    assert_eq!(world.store.settle_abandoned().await.unwrap(), 1);
    assert_eq!(space.abandon_change(code).await.unwrap().unwrap().status, ChangeStatus::Succeeded);
}

#[tokio::test]
async fn an_abandoned_change_does_not_take_the_event_of_a_like_one_that_is_being_sent() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let abandoned = space.begin_change(&create("Team")).await.unwrap();
    let sent = space.begin_change(&create("Team")).await.unwrap();
    world.receive(&[TestEvent::created(Some("req-2"), "Team", "G2")]).await;
    world.route().await;
    assert_eq!(space.abandon_change(abandoned).await.unwrap().unwrap().status, ChangeStatus::Sending);
    let answered = space.record_answer(sent, Some("req-2")).await.unwrap();
    assert_eq!((answered.status, answered.group_id.as_deref()), (ChangeStatus::Succeeded, Some("G2")));
}

#[tokio::test]
async fn a_change_that_is_answered_or_of_nobody_is_not_touched_by_being_abandoned() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    let overdue = NewChange { answer_due: NO_TIME, ..create("Team") };
    let code = space.begin_change(&overdue).await.unwrap();
    let answered = space.record_answer(code, Some("req-1")).await.unwrap();
    assert_eq!(space.abandon_change(code).await.unwrap().unwrap(), answered);
    assert!(world.store.space(BETA).abandon_change(code).await.unwrap().is_none());
}
