//! Endpoints that are disabled, what the ISV hears of it, and tests.

use serde_json::Value;
use tenant_store::{AfterTry, DeliveryState, EndpointState, Replay, StoreError};

use super::{LATER, Post, endpoint, sequences};
use crate::helpers::{ALPHA, actor};

const FAILING_FOR_DAYS: &str = "update endpoints set failing_since = now() - interval '5 days' where endpoint_id = $1";

#[tokio::test]
async fn five_days_of_nothing_but_failures_disable_an_endpoint_and_the_isv_is_told() {
    let post = Post::new().await;
    let isv = endpoint(post.store().isv(), &["endpoint.*"]).await;
    let other = endpoint(post.store().isv(), &["group.*"]).await;
    post.publish(&["G1", "G1", "G1"]).await;
    let head = post.claim().await;
    post.end(&head, LATER).await;
    let before = post.claim().await;
    post.as_owner(&FAILING_FOR_DAYS.replace("5 days", "4 days")).await;
    assert!(post.end(&before, LATER).await.disabled.is_empty());
    let last = post.claim().await;
    post.as_owner(FAILING_FOR_DAYS).await;
    let recorded = post.end(&last, LATER).await;
    assert_eq!((recorded.again, recorded.disabled), (1, vec![post.endpoint]));

    let stopped = post.alpha().endpoint(post.endpoint).await.unwrap().unwrap();
    assert_eq!(stopped.state, EndpointState::Disabled);
    assert_eq!(stopped.disabled_reason.as_deref(), Some("all tries of five days failed"));
    let dead = post.deliveries().await;
    assert_eq!(dead.len(), 3);
    for delivery in dead {
        assert_eq!(delivery.state, DeliveryState::Dead);
        assert_eq!(delivery.reason.as_deref(), Some("the endpoint was disabled: all tries of five days failed"));
    }
    post.publish(&["G1"]).await;
    let told = post.claim().await;
    assert_eq!(told.iter().map(|claimed| claimed.endpoint.id).collect::<Vec<_>>(), [isv], "not {other}, not itself");
    let event = &told[0].event;
    assert_eq!(
        (event.event_type.as_str(), event.sequence, event.field.as_str()),
        ("endpoint.disabled", None, "groupgate")
    );
    assert_eq!((event.cust_space_id.as_deref(), event.waba_id.as_deref()), (Some(ALPHA), None));
    let detail: Value = serde_json::from_str(&event.value).unwrap();
    assert_eq!(detail["EndpointId"], post.endpoint.to_string());
    assert_eq!((&detail["Reason"], &detail["DeadDeliveries"]), (&"all tries of five days failed".into(), &3.into()));
    assert!(detail["FailingSince"].is_string() && !event.value.contains("receiver.example"), "{detail}");
}

/// How much is open of one endpoint's that was just disabled.
async fn disabled_with(post: &Post, events: usize) -> i64 {
    post.publish(&vec!["G1"; events]).await;
    post.alpha().disable_endpoint(post.endpoint, "maintenance", &actor()).await.unwrap();
    post.store().delivery_backlog().await.unwrap().open
}

#[tokio::test]
async fn what_is_too_much_to_end_with_its_endpoint_is_not_delivered_and_ends_in_parts() {
    let post = Post::new().await;
    assert_eq!(disabled_with(&post, 1_200).await, 200);
    post.alpha().test_endpoint(post.endpoint, &actor()).await.unwrap();
    assert!(post.claim().await.is_empty());
    assert_eq!(post.store().end_stopped_deliveries().await.unwrap(), 201, "a test that came meanwhile goes, too");
    assert_eq!(post.store().end_stopped_deliveries().await.unwrap(), 0);
    post.alpha().test_endpoint(post.endpoint, &actor()).await.unwrap();
    assert_eq!(post.claim().await.len(), 1);
}

#[tokio::test]
async fn an_endpoint_that_is_enabled_before_all_has_ended_gets_the_rest() {
    let post = Post::new().await;
    assert_eq!(disabled_with(&post, 1_200).await, 200);
    post.alpha().enable_endpoint(post.endpoint, &actor()).await.unwrap();
    assert_eq!(post.store().end_stopped_deliveries().await.unwrap(), 0);
    let rest = post.claim().await;
    assert_eq!(rest.len(), 1, "the first that is left of the lane");
    post.end(&rest, AfterTry::Done).await;
    assert_eq!(post.claim().await.len(), 1);
}

#[tokio::test]
async fn an_endpoint_with_very_much_open_is_removed_in_parts() {
    let post = Post::new().await;
    post.publish(&vec![""; 5_100]).await;
    post.alpha().remove_endpoint(post.endpoint, &actor()).await.unwrap();
    assert_eq!(post.store().delivery_backlog().await.unwrap().open, 0);
    assert_eq!(post.alpha().endpoint(post.endpoint).await.unwrap(), None);
    assert_eq!(post.alpha().audit(1).await.unwrap()[0].action, "endpoint.remove");
}

#[tokio::test]
async fn a_success_among_the_failures_of_five_days_keeps_an_endpoint() {
    let post = Post::new().await;
    post.publish(&["", ""]).await;
    let claimed = post.claim().await;
    post.end(&claimed[..1], LATER).await;
    post.as_owner(FAILING_FOR_DAYS).await;
    assert!(post.end(&claimed[1..], AfterTry::Done).await.disabled.is_empty());
}

#[tokio::test]
async fn an_endpoint_that_says_it_is_gone_is_disabled_at_once() {
    let post = Post::new().await;
    post.publish(&["G1", "G1", "G2"]).await;
    let claimed = post.claim().await;
    let recorded = post.end(&claimed[..1], AfterTry::Gone).await;
    assert_eq!((recorded.dead, recorded.disabled), (1, vec![post.endpoint]));
    let reasons: Vec<_> = post.deliveries().await.into_iter().filter_map(|delivery| delivery.reason).collect();
    let behind = "the endpoint was disabled: it answered 410 Gone";
    assert_eq!(reasons, ["the endpoint answered 410 Gone", behind, behind]);
    assert_eq!(post.end(&claimed[1..], AfterTry::Done).await.lost, 1, "it was dead by then");
}

#[tokio::test]
async fn the_isvs_own_endpoint_is_not_told_of_its_own_end() {
    let post = Post::new().await;
    let (gone, other) = (endpoint(post.store().isv(), &[]).await, endpoint(post.store().isv(), &[]).await);
    post.store().isv().disable_endpoint(gone, "maintenance", &actor()).await.unwrap();
    let told = post.claim().await;
    assert_eq!(told.iter().map(|claimed| claimed.endpoint.id).collect::<Vec<_>>(), [other]);
    assert_eq!(told[0].event.cust_space_id, None);
    let again = post.store().isv().disable_endpoint(gone, "twice", &actor()).await.unwrap();
    assert_eq!(again.disabled_reason.as_deref(), Some("maintenance"));
    assert!(post.claim().await.is_empty());
}

#[tokio::test]
async fn an_enabled_endpoint_gets_what_comes_and_what_it_missed_when_asked() {
    let post = Post::new().await;
    post.publish(&["G1", "G1", "G1"]).await;
    post.end(&post.claim().await, AfterTry::Done).await;
    post.alpha().disable_endpoint(post.endpoint, "maintenance", &actor()).await.unwrap();
    post.publish(&["G1", "G2"]).await;
    let enabled = post.alpha().enable_endpoint(post.endpoint, &actor()).await.unwrap();
    let seen = &enabled.endpoint;
    assert_eq!((seen.state, &seen.disabled_reason, seen.disabled_at), (EndpointState::Enabled, &None, None));
    assert!(post.claim().await.is_empty());
    assert_eq!(enabled.missed_since, Some(seen.created_at), "what is older was never its to have");
    let missed = Replay::missed(enabled.missed_since.unwrap());
    assert_eq!(post.alpha().replay(post.endpoint, &missed, &actor()).await.unwrap(), 4);
    assert_eq!(sequences(&post.claim().await), [2, 5], "the first of each lane; 1 was delivered");
    assert_eq!(post.alpha().replay(post.endpoint, &missed, &actor()).await.unwrap(), 0, "all is on its way");
    let again = post.alpha().enable_endpoint(post.endpoint, &actor()).await.unwrap();
    assert_eq!(again.missed_since, None);
    let actions: Vec<_> = post.alpha().audit(4).await.unwrap().into_iter().map(|entry| entry.action).collect();
    assert_eq!(actions, ["endpoint.replay", "endpoint.replay", "endpoint.enable", "endpoint.disable"]);
}

#[tokio::test]
async fn a_test_goes_to_its_endpoint_alone_and_is_tried_twice_at_most() {
    let post = Post::new().await;
    let isv = endpoint(post.store().isv(), &["group.*"]).await;
    let sent = post.alpha().test_endpoint(post.endpoint, &actor()).await.unwrap();
    let claimed = post.claim().await;
    assert_eq!((claimed.len(), claimed[0].event.id), (1, sent.event_id));
    assert_eq!((claimed[0].delivery_id, claimed[0].event.event_type.as_str()), (sent.delivery_id.0, "endpoint.test"));
    assert_eq!((claimed[0].event.sequence, claimed[0].event.cust_space_id.as_deref()), (None, Some(ALPHA)));
    let now = AfterTry::Again { after: std::time::Duration::ZERO };
    assert_eq!(post.end(&claimed, now.clone()).await.again, 1);
    assert_eq!(post.end(&post.claim().await, now).await.dead, 1);
    let sent = post.store().isv().test_endpoint(isv, &actor()).await.unwrap();
    let claimed = post.claim().await;
    assert_eq!((claimed[0].event.id, claimed[0].endpoint.id), (sent.event_id, isv), "whatever its filter says");
    assert_eq!(claimed[0].event.cust_space_id, None);
}

#[tokio::test]
async fn a_disabled_endpoint_can_be_tested_and_is_replayed_nothing() {
    let post = Post::new().await;
    post.publish(&["G1"]).await;
    post.alpha().disable_endpoint(post.endpoint, "maintenance", &actor()).await.unwrap();
    post.alpha().test_endpoint(post.endpoint, &actor()).await.unwrap();
    let claimed = post.claim().await;
    assert_eq!(claimed[0].event.event_type, "endpoint.test");
    let recorded = post.end(&claimed, AfterTry::Gone).await;
    assert_eq!((recorded.dead, recorded.disabled.len()), (1, 0), "it was disabled already");
    let replay = Replay::missed(time::OffsetDateTime::UNIX_EPOCH);
    let error = post.alpha().replay(post.endpoint, &replay, &actor()).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "enabled endpoint" }), "{error}");
}

#[tokio::test]
async fn tests_hide_neither_since_when_an_endpoint_failed_nor_what_it_missed() {
    let post = Post::new().await;
    post.publish(&["", ""]).await;
    let claimed = post.claim().await;
    post.end(&claimed[..1], LATER).await;
    post.as_owner(&FAILING_FOR_DAYS.replace("5 days", "3 days")).await;
    let failing_since = async || post.alpha().endpoint(post.endpoint).await.unwrap().unwrap().failing_since;
    let since = failing_since().await.unwrap();
    for (is_disabled, next) in [(false, AfterTry::Done), (true, AfterTry::Done), (true, LATER)] {
        if is_disabled {
            post.alpha().disable_endpoint(post.endpoint, "maintenance", &actor()).await.unwrap();
        }
        let sent = post.alpha().test_endpoint(post.endpoint, &actor()).await.unwrap();
        post.as_owner("update endpoints set failures = 1 where endpoint_id = $1").await;
        let test: Vec<_> = post.claim().await.into_iter().filter(|claimed| claimed.event.id == sent.event_id).collect();
        assert_eq!(test.len(), 1);
        post.end(&test, next).await;
        assert_eq!(failing_since().await, Some(since), "{is_disabled}");
    }
    post.as_owner("update endpoints set created_at = now() - interval '60 days' where endpoint_id = $1").await;
    let missed_since = post.alpha().enable_endpoint(post.endpoint, &actor()).await.unwrap().missed_since.unwrap();
    assert!(missed_since <= since - time::Duration::days(2), "{missed_since}");
}

#[tokio::test]
async fn what_is_open_for_an_endpoint_that_is_gone_or_disabled_all_the_same_is_not_delivered_and_ends() {
    let post = Post::new().await;
    let disable =
        "update endpoints set state = 'disabled', disabled_at = now(), disabled_reason = 'x' where endpoint_id = $1";
    for (without_its_lanes, reason) in [
        (disable, "the endpoint was disabled: x"),
        ("delete from endpoints where endpoint_id = $1", "the endpoint was removed"),
    ] {
        post.publish(&[""]).await;
        post.as_owner(without_its_lanes).await;
        assert!(post.claim().await.is_empty());
        assert_eq!(post.store().end_stopped_deliveries().await.unwrap(), 1);
        let ended = post.deliveries().await.pop().unwrap();
        assert_eq!((ended.state, ended.reason.as_deref()), (DeliveryState::Dead, Some(reason)));
        post.as_owner("update endpoints set state = 'enabled', disabled_at = null where endpoint_id = $1").await;
    }
}
