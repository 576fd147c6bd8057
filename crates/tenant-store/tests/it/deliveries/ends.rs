//! What is kept of tries, and when the next one is.

use std::{collections::HashSet, pin::pin, time::Duration};

use tenant_store::{AfterTry, DeliveryFilter, DeliveryState, EndpointState};
use time::OffsetDateTime;

use super::{LATER, LEASE, Post, sequences};
use crate::helpers::BETA;

#[tokio::test]
async fn the_caller_says_when_the_next_try_is() {
    let post = Post::new().await;
    post.publish(&["G1"]).await;
    let recorded = post.end(&post.claim().await, LATER).await;
    assert_eq!((recorded.again, recorded.lost), (1, 0));
    let waiting = &post.deliveries().await[0];
    let due = waiting.due_at.unwrap() - OffsetDateTime::now_utc();
    assert!((Duration::from_mins(59)..=Duration::from_hours(1)).contains(&due.unsigned_abs()), "{due}");
    assert_eq!((waiting.state, waiting.ended_at), (DeliveryState::Waiting, None));
    post.as_owner("update open_deliveries set due_at = now() where endpoint_id = $1").await;
    let again = post.claim().await;
    assert_eq!(again[0].attempts, 1);
    post.end(&again, AfterTry::Again { after: Duration::ZERO }).await;
    assert_eq!(post.claim().await[0].attempts, 2);
}

#[tokio::test]
async fn each_try_is_kept_with_how_it_ended() {
    let post = Post::new().await;
    post.publish(&["G1"]).await;
    post.end(&post.claim().await, AfterTry::Again { after: Duration::ZERO }).await;
    let claimed = post.claim().await;
    let long = super::tried(&claimed[0], AfterTry::Dead { reason: "all tries failed".to_owned() });
    let answer = format!("{}é", "x".repeat(1023));
    let error = Some("no answer within 15 s".to_owned());
    let recorded =
        post.store().record_tries(&[tenant_store::TriedDelivery { answer, error, status: None, ..long }]).await;
    assert_eq!(recorded.unwrap().dead, 1);
    let dead = post.deliveries().await.remove(0);
    assert_eq!((dead.state, dead.reason.as_deref()), (DeliveryState::Dead, Some("all tries failed")));
    assert_eq!((dead.sequence, dead.group_id.as_deref(), dead.due_at), (Some(1), Some("G1"), None));
    assert!(dead.ended_at.unwrap() >= dead.created_at);
    let [first, second] = &dead.tries[..] else { panic!("{dead:?}") };
    assert_eq!(
        (first.status, first.milliseconds, first.answer.as_str()),
        (Some(500), 12, "an answer with a NUL: \u{fffd}")
    );
    assert_eq!(
        (second.status, second.error.as_deref(), second.answer.len()),
        (None, Some("no answer within 15 s"), 1023)
    );
    assert_eq!(post.alpha().delivery(dead.delivery_id).await.unwrap(), Some(dead.clone()));
    assert_eq!(post.store().space(BETA).delivery(dead.delivery_id).await.unwrap(), None);
}

#[tokio::test]
async fn deliveries_are_listed_by_page_state_and_event() {
    let post = Post::new().await;
    post.publish(&["", "", "", "G1", "G1"]).await;
    let claimed = post.claim().await;
    post.end(&claimed[..1], AfterTry::Done).await;
    post.end(&claimed[1..2], AfterTry::Dead { reason: "x".to_owned() }).await;
    let list = async |filter: DeliveryFilter, after, limit| {
        post.alpha().deliveries(post.endpoint, &filter, after, limit).await.unwrap()
    };
    let all = list(DeliveryFilter::default(), None, 10).await;
    assert!(all.is_sorted_by(|a, b| a.delivery_id > b.delivery_id));
    let first = list(DeliveryFilter::default(), None, 3).await;
    let rest = list(DeliveryFilter::default(), Some(first[2].delivery_id), 3).await;
    assert_eq!([first, rest].concat(), all);
    for (state, expected) in [
        (DeliveryState::Done, vec![1]),
        (DeliveryState::Dead, vec![2]),
        (DeliveryState::InFlight, vec![3, 4]),
        (DeliveryState::Waiting, vec![5]),
    ] {
        let mut found: Vec<_> =
            list(DeliveryFilter { state: Some(state), ..DeliveryFilter::default() }, None, 10).await;
        found.sort_by_key(|delivery| delivery.sequence);
        assert_eq!(found.iter().filter_map(|delivery| delivery.sequence).collect::<Vec<_>>(), expected, "{state:?}");
    }
    let event_id = Some(claimed[0].event.id);
    assert_eq!(list(DeliveryFilter { event_id, ..DeliveryFilter::default() }, None, 10).await.len(), 1);
}

#[tokio::test]
async fn a_delivery_that_ends_while_it_is_listed_stands_in_the_list_once() {
    const ALL: usize = 100;
    let post = Post::new().await;
    post.publish(&[""; ALL]).await;
    let working = async {
        for _ in 0..ALL {
            let claimed = post.store().claim_deliveries(1, LEASE).await.unwrap();
            post.end(&claimed, AfterTry::Done).await;
        }
    };
    let mut working = pin!(working);
    let mut is_working = true;
    while is_working {
        let mut looking = pin!(post.deliveries());
        let listed = loop {
            tokio::select! {
                () = &mut working, if is_working => is_working = false,
                listed = &mut looking => break listed,
            }
        };
        let ids: HashSet<_> = listed.iter().map(|delivery| delivery.delivery_id).collect();
        assert_eq!((listed.len(), ids.len()), (ALL, ALL));
    }
}

#[tokio::test]
async fn deliveries_are_listed_by_type_family_and_time() {
    let post = Post::new().await;
    let types = ["group.created", "group.participant.joined", "message.received"];
    post.publish_events(&types.map(|name| super::event(name, None))).await;
    let claimed = post.claim().await;
    post.end(&claimed[..1], AfterTry::Done).await;
    let list = async |filter: DeliveryFilter| {
        let found = post.alpha().deliveries(post.endpoint, &filter, None, 10).await.unwrap();
        let mut found: Vec<_> = found.into_iter().map(|delivery| (delivery.sequence, delivery.created_at)).collect();
        found.sort_unstable();
        found.into_iter().filter_map(|(sequence, at)| Some((sequence?, at))).collect::<Vec<_>>()
    };
    for (wanted, expected) in [
        ("group.*", vec![1, 2]),
        ("group.created", vec![1]),
        ("group.participant.*", vec![2]),
        ("message.received", vec![3]),
        ("group", vec![]),
        ("%", vec![]),
    ] {
        let found = list(DeliveryFilter { event_type: Some(wanted.to_owned()), ..DeliveryFilter::default() }).await;
        assert_eq!(found.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), expected, "{wanted}");
    }
    let at = list(DeliveryFilter::default()).await[0].1;
    let moment = time::Duration::microseconds(1);
    for (since, until, expected) in [
        (Some(at), Some(at), 3),
        (Some(at + moment), None, 0),
        (None, Some(at - moment), 0),
        (Some(OffsetDateTime::UNIX_EPOCH - moment), Some(at + time::Duration::days(400_000)), 3),
    ] {
        let found = list(DeliveryFilter { since, until, ..DeliveryFilter::default() }).await;
        assert_eq!(found.len(), expected, "{since:?} {until:?}");
    }
}

#[tokio::test]
async fn how_deliveries_go_is_told_of_each_endpoint() {
    let post = Post::new().await;
    let other = super::endpoint(post.alpha(), &["message.sent"]).await;
    post.publish(&["", "", "G1", "G1", "G1"]).await;
    let claimed = post.claim().await;
    assert_eq!(claimed.len(), 3, "two of the lane wait behind the first");
    post.end(&claimed[..1], AfterTry::Done).await;
    post.end(&claimed[1..2], AfterTry::Dead { reason: "x".to_owned() }).await;
    let mut told = post.alpha().delivery_progress(None).await.unwrap();
    told.sort_unstable_by_key(|progress| progress.endpoint_id != post.endpoint);
    let [busy, idle] = told[..] else { panic!("{told:?}") };
    assert_eq!((busy.endpoint_id, busy.open), (post.endpoint, 3));
    assert!(busy.last_done_at.is_some() && busy.last_dead_at.is_some());
    assert_eq!((idle.endpoint_id, idle.open, idle.last_done_at, idle.last_dead_at), (other, 0, None, None));
    assert_eq!(post.alpha().delivery_progress(Some(post.endpoint)).await.unwrap(), [busy]);
    assert_eq!(post.store().space(BETA).delivery_progress(Some(post.endpoint)).await.unwrap(), []);
}

#[tokio::test]
async fn failures_are_counted_until_a_try_succeeds() {
    let post = Post::new().await;
    let seen = async || post.alpha().endpoint(post.endpoint).await.unwrap().unwrap();
    post.publish(&["", "", ""]).await;
    let claimed = post.claim().await;
    post.end(&claimed[..2], LATER).await;
    let failing = seen().await;
    assert_eq!((failing.failures, failing.state), (2, EndpointState::Enabled));
    let since = failing.failing_since.expect("it fails");
    post.publish(&[""]).await;
    post.end(&post.claim().await, LATER).await;
    assert_eq!((seen().await.failures, seen().await.failing_since), (3, Some(since)));
    post.end(&claimed[2..], AfterTry::Done).await;
    assert_eq!((seen().await.failures, seen().await.failing_since), (0, None));
}

#[tokio::test]
async fn of_tries_that_are_recorded_at_once_the_later_ones_count() {
    let post = Post::new().await;
    post.publish(&["", "", ""]).await;
    let claimed = post.claim().await;
    let begin = OffsetDateTime::now_utc();
    let ends =
        [LATER, AfterTry::Done, LATER].into_iter().zip(&claimed).zip(0_i64..).map(|((next, delivery), second)| {
            tenant_store::TriedDelivery { at: begin + time::Duration::seconds(second), ..super::tried(delivery, next) }
        });
    post.store().record_tries(&ends.collect::<Vec<_>>()).await.unwrap();
    let endpoint = post.alpha().endpoint(post.endpoint).await.unwrap().unwrap();
    assert_eq!(endpoint.failures, 1, "the failure before the success is over");
    assert!(endpoint.failing_since.unwrap() > begin + time::Duration::seconds(1));
}

#[tokio::test]
async fn what_waits_is_counted() {
    let post = Post::new().await;
    let empty = post.store().delivery_backlog().await.unwrap();
    assert_eq!((empty.open, empty.in_flight, empty.oldest_enqueued_at), (0, 0, None));
    post.publish(&["G1", "G1"]).await;
    let claimed = post.claim().await;
    assert_eq!(sequences(&claimed), [1]);
    let backlog = post.store().delivery_backlog().await.unwrap();
    assert_eq!((backlog.open, backlog.in_flight, backlog.endpoints_disabled), (2, 1, 0));
    assert_eq!(backlog.oldest_enqueued_at, Some(claimed[0].enqueued_at));
}
