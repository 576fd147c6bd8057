//! The order within a lane.

use tenant_store::{AfterTry, DeliveryState};

use super::{LATER, Post, endpoint, sequences};

#[tokio::test]
async fn only_the_first_of_a_lane_is_tried_until_its_first_try_has_ended() {
    let post = Post::new().await;
    post.publish(&["G1", "G1", "G2", "G1"]).await;
    let heads = post.claim().await;
    assert_eq!(sequences(&heads), [1, 3]);
    assert!(post.claim().await.is_empty());
    post.end(&heads[..1], AfterTry::Done).await;
    let second = post.claim().await;
    assert_eq!(sequences(&second), [2]);
    post.end(&second, AfterTry::Done).await;
    assert_eq!(sequences(&post.claim().await), [4]);
}

#[tokio::test]
async fn a_first_try_that_failed_frees_the_next_and_a_later_one_holds_up_nothing() {
    let post = Post::new().await;
    post.publish(&["G1", "G1", "G1"]).await;
    for expected in 1..=3 {
        let claimed = post.claim().await;
        assert_eq!(sequences(&claimed), [expected]);
        post.end(&claimed, LATER).await;
    }
    assert!(post.claim().await.is_empty());
    post.as_owner("update open_deliveries set due_at = now() where endpoint_id = $1").await;
    assert_eq!(sequences(&post.claim().await), [1, 2, 3], "tried ones wait for each other no more");
}

#[tokio::test]
async fn a_head_that_is_dead_frees_the_next() {
    let post = Post::new().await;
    post.publish(&["G1", "G1"]).await;
    let head = post.claim().await;
    post.end(&head, AfterTry::Dead { reason: "all tries failed".to_owned() }).await;
    assert_eq!(sequences(&post.claim().await), [2]);
}

#[tokio::test]
async fn what_is_published_behind_a_head_waits_for_it_and_behind_tried_ones_does_not() {
    let post = Post::new().await;
    post.publish(&["G1"]).await;
    let head = post.claim().await;
    post.publish(&["G1"]).await;
    assert!(post.claim().await.is_empty());
    post.end(&head, LATER).await;
    let second = post.claim().await;
    assert_eq!(sequences(&second), [2]);
    post.end(&second, LATER).await;
    post.publish(&["G1"]).await;
    assert_eq!(sequences(&post.claim().await), [3]);
}

#[tokio::test]
async fn events_without_a_group_wait_for_nothing() {
    let post = Post::new().await;
    post.publish(&["", "", ""]).await;
    assert_eq!(sequences(&post.claim().await), [1, 2, 3]);
}

#[tokio::test]
async fn each_endpoint_has_lanes_of_its_own() {
    let post = Post::new().await;
    let other = endpoint(post.alpha(), &[]).await;
    let isv = endpoint(post.store().isv(), &[]).await;
    post.publish(&["G1", "G1"]).await;
    let heads = post.claim().await;
    assert_eq!(sequences(&heads), [1, 1, 1]);
    let of_other: Vec<_> = heads.into_iter().filter(|claimed| claimed.endpoint.id == other).collect();
    post.end(&of_other, AfterTry::Done).await;
    let next = post.claim().await;
    assert_eq!((sequences(&next), next[0].endpoint.id), (vec![2], other));
    assert_ne!(isv, other);
}

#[tokio::test]
async fn a_head_that_was_given_back_untried_is_still_the_head() {
    let post = Post::new().await;
    post.publish(&["G1", "G1"]).await;
    let head = &post.claim().await[0];
    assert_eq!(post.store().release_claims(&[(head.delivery_id, head.claim)]).await.unwrap(), 1);
    assert_eq!(sequences(&post.claim().await), [1]);
    let states: Vec<_> = post.deliveries().await.iter().map(|delivery| delivery.state).collect();
    assert_eq!(states, [DeliveryState::InFlight, DeliveryState::Waiting]);
}
