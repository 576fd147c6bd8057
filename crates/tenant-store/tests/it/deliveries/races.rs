//! Publishing, claims and ends at the same moment, on different replicas.

use std::{sync::Mutex, time::Duration};

use sqlx::{Postgres, Transaction};
use tenant_store::{AfterTry, EndpointId, Store};

use super::{LATER, Post, claim, end, endpoint, message, tried};
use crate::helpers::{KEY_A, connect, interpret};

/// Of each of these lanes, how many events are published one by one.
const LANES: usize = 2;
const ROUNDS: usize = 60;

/// Tries whatever is ready until so many were delivered; every fifth fails once.
async fn work(store: &Store, delivered: &Mutex<Vec<(String, i64)>>, all: usize) {
    while delivered.lock().unwrap().len() < all {
        let claimed = claim(store).await;
        if claimed.is_empty() {
            tokio::task::yield_now().await;
        }
        for delivery in claimed {
            let event = &delivery.event;
            let sequence = event.sequence.unwrap();
            let fails = sequence % 5 == 0 && delivery.attempts == 0;
            let next = if fails { AfterTry::Again { after: Duration::ZERO } } else { AfterTry::Done };
            if !fails {
                delivered.lock().unwrap().push((event.group_id.clone().unwrap(), sequence));
            }
            assert_eq!(end(store, &[delivery], next).await.lost, 0);
        }
    }
}

#[tokio::test]
async fn no_delivery_is_stranded_where_it_is_published_while_the_one_before_it_ends() {
    let post = Post::new().await;
    let (one, two) = (connect(&post.world.database, KEY_A).await, connect(&post.world.database, KEY_A).await);
    let delivered = Mutex::new(Vec::new());
    let publish = async {
        for round in 0..ROUNDS {
            let group = format!("G{}", round % LANES);
            post.world.receive(&[message(&group)]).await;
            post.store().route_events(10, interpret).await.unwrap();
        }
    };
    let all = async { tokio::join!(publish, work(&one, &delivered, ROUNDS), work(&two, &delivered, ROUNDS)) };
    tokio::time::timeout(Duration::from_mins(1), all).await.expect("nothing is left waiting for ever");
    let mut sequences: Vec<_> = delivered.into_inner().unwrap().into_iter().map(|(_, sequence)| sequence).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=i64::try_from(ROUNDS).unwrap()).collect::<Vec<_>>(), "each once");
    assert_eq!(post.store().delivery_backlog().await.unwrap().open, 0);
}

#[tokio::test]
async fn an_endpoint_that_is_disabled_while_events_are_published_keeps_nothing_open() {
    let post = Post::new().await;
    let other = connect(&post.world.database, KEY_A).await;
    for _ in 0..10 {
        post.world.receive(&[message("G1"), message("G2")]).await;
        let publish = other.route_events(10, interpret);
        let space = post.alpha();
        let actor = crate::helpers::actor();
        let disable = space.disable_endpoint(post.endpoint, "maintenance", &actor);
        let (published, disabled) = tokio::join!(publish, disable);
        published.unwrap();
        disabled.unwrap();
        assert_eq!(post.store().delivery_backlog().await.unwrap().open, 0);
        post.alpha().enable_endpoint(post.endpoint, &actor).await.unwrap();
    }
}

#[tokio::test]
async fn two_replicas_that_record_ends_of_the_same_lanes_free_each_once() {
    let post = Post::new().await;
    let other = connect(&post.world.database, KEY_A).await;
    let groups: Vec<String> = (0..4).map(|group| format!("G{group}")).collect();
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    post.publish(&groups.repeat(5)).await;
    for round in 0..5 {
        let claimed = post.claim().await;
        assert_eq!(claimed.len(), 4, "round {round}");
        let (mine, yours) = claimed.split_at(2);
        tokio::join!(end(post.store(), mine, AfterTry::Done), end(&other, yours, LATER));
    }
    assert!(post.claim().await.is_empty());
}

/// A first try ends while what comes behind it in the lane is not committed yet: the one waits for the other.
#[tokio::test]
async fn an_end_waits_for_what_is_being_published() {
    let post = Post::new().await;
    post.publish(&["G1", "G1"]).await;
    let head = post.claim().await;
    let owner = post.world.owner().await;
    // The second event's delivery, as if it were being published just now.
    post.as_owner("delete from open_deliveries where endpoint_id = $1 and sequence = 2").await;
    let mut publishing = owner.begin().await.unwrap();
    let enqueue = "select enqueue_deliveries(array_agg(id)) from events where sequence = 2";
    sqlx::query(enqueue).execute(&mut *publishing).await.unwrap();
    let ending = end(post.store(), &head, AfterTry::Done);
    let mut ending = std::pin::pin!(ending);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut ending).await;
    assert!(early.is_err(), "it would not see the next of its lane");
    publishing.commit().await.unwrap();
    assert_eq!(ending.await.done, 1);
    assert_eq!(super::sequences(&post.claim().await), [2]);
}

/// And the other way around.
#[tokio::test]
async fn what_is_published_waits_for_an_end_that_is_being_recorded() {
    let post = Post::new().await;
    post.publish(&["G1"]).await;
    let head = post.claim().await.remove(0);
    let owner = post.world.owner().await;
    let mut recording = owner.begin().await.unwrap();
    let ends = serde_json::json!([{"delivery_id": head.delivery_id, "claim": head.claim, "at": "2026-11-21T08:00:00Z",
                                   "next": "done", "after_ms": 0, "reason": null, "try": {}}]);
    let record = "select record_tries($1::text::json, true)";
    sqlx::query(record).bind(ends.to_string()).execute(&mut *recording).await.unwrap();
    post.world.receive(&[message("G1")]).await;
    let routing = post.store().route_events(10, interpret);
    let mut routing = std::pin::pin!(routing);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut routing).await;
    assert!(early.is_err(), "it would be put behind a head that is gone");
    recording.commit().await.unwrap();
    routing.await.unwrap();
    assert_eq!(super::sequences(&post.claim().await), [2]);
}

const HOLD_LANES: &str = "select pg_advisory_xact_lock(lanes_lock($1))";

/// Somebody who works on the lanes of an endpoint, until this transaction ends.
async fn busy_with(post: &Post, endpoint: EndpointId) -> Transaction<'static, Postgres> {
    let mut transaction = post.world.owner().await.begin().await.unwrap();
    sqlx::query(HOLD_LANES).bind(endpoint.0).execute(&mut *transaction).await.unwrap();
    transaction
}

#[tokio::test]
async fn an_endpoint_whose_lanes_are_busy_does_not_delay_what_is_recorded_of_others() {
    let post = Post::new().await;
    let isv = endpoint(post.store().isv(), &[]).await;
    post.publish(&["G1"]).await;
    let claimed = post.claim().await;
    let busy: Vec<_> = claimed.iter().filter(|it| it.endpoint.id == isv).map(|it| it.delivery_id).collect();
    let working = busy_with(&post, isv).await;
    let ends: Vec<_> = claimed.iter().map(|delivery| tried(delivery, AfterTry::Done)).collect();
    let recorded = post.store().record_tries_at_once(&ends).await.unwrap();
    assert_eq!((recorded.done, recorded.lost, &recorded.put_off), (1, 0, &busy));
    let recorded = post.store().record_tries(&ends).await.unwrap();
    assert_eq!((recorded.done, recorded.lost, &recorded.put_off), (0, 1, &busy), "after a second");
    working.commit().await.unwrap();
    let recorded = post.store().record_tries(&ends).await.unwrap();
    assert_eq!((recorded.done, recorded.lost, recorded.put_off), (1, 1, vec![]));
}

#[tokio::test]
async fn an_endpoint_whose_filter_does_not_fit_delays_nothing_that_is_published() {
    let post = Post::new().await;
    let narrow = endpoint(post.alpha(), &["group.*"]).await;
    let working = busy_with(&post, narrow).await;
    let publish = post.publish(&["G1"]);
    tokio::time::timeout(Duration::from_mins(1), publish).await.expect("it is not for that endpoint");
    working.commit().await.unwrap();
    assert_eq!(post.claim().await.len(), 1);
}

#[tokio::test]
async fn an_endpoint_that_is_removed_beside_an_event_of_our_own_leaves_nothing_open() {
    let post = Post::new().await;
    let isv = endpoint(post.store().isv(), &[]).await;
    let mut publishing = post.world.owner().await.begin().await.unwrap();
    let publish = "select publish_own_event('number.unknown', null, '{}')";
    sqlx::query(publish).execute(&mut *publishing).await.unwrap();
    let (space, actor) = (post.store().isv(), crate::helpers::actor());
    let mut removing = std::pin::pin!(space.remove_endpoint(isv, &actor));
    let early = tokio::time::timeout(Duration::from_millis(300), &mut removing).await;
    assert!(early.is_err(), "it would not see what is being opened");
    publishing.commit().await.unwrap();
    removing.await.unwrap();
    assert_eq!(post.store().delivery_backlog().await.unwrap().open, 0);
}

#[tokio::test]
async fn a_tenant_is_erased_beside_tries_of_its_events_at_the_isvs_endpoints() {
    let post = Post::new().await;
    for _ in 0..5 {
        endpoint(post.store().isv(), &[]).await;
    }
    post.publish(&["", "", "", "", "", "", "", ""]).await;
    let claimed = post.claim().await;
    let (other, actor) = (connect(&post.world.database, KEY_A).await, crate::helpers::actor());
    let ends: Vec<_> = claimed.iter().rev().map(|delivery| tried(delivery, AfterTry::Done)).collect();
    let record = async {
        for chunk in ends.chunks(6) {
            other.record_tries(chunk).await.unwrap();
        }
    };
    let space = post.alpha();
    let (erased, ()) = tokio::join!(space.erase(&actor), record);
    assert_eq!(erased.unwrap().rows.endpoints, 1);
    assert_eq!(post.store().delivery_backlog().await.unwrap().open, 0);
}
