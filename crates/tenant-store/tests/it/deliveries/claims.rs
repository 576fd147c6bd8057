//! Who tries what: seats, turns, and claims that end before their try does.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use tenant_store::{AfterTry, ClaimedDelivery, DeliveryState};

use super::{LATER, LEASE, Post, claim, end, endpoint, event, sequences};
use crate::helpers::{ALPHA, ALPHA_PHONE, KEY_A, KEY_B, WABA, actor, connect};

#[tokio::test]
async fn a_claim_has_all_that_a_try_needs() {
    let post = Post::new().await;
    post.publish_events(&[event("group.created", Some("G1"))]).await;
    let claimed = &post.claim().await[0];
    assert_eq!((claimed.attempts, claimed.endpoint.secrets.len()), (0, 1));
    assert_eq!((claimed.endpoint.id, claimed.endpoint.space.as_str()), (post.endpoint, ALPHA));
    assert_eq!(claimed.endpoint.url, "https://receiver.example/hook?key=hidden");
    let event = &claimed.event;
    assert_eq!((event.sequence, event.event_type.as_str()), (Some(1), "group.created"));
    assert_eq!((event.cust_space_id.as_deref(), event.group_id.as_deref()), (Some(ALPHA), Some("G1")));
    assert_eq!((event.phone_number_id.as_deref(), event.waba_id.as_deref()), (Some(ALPHA_PHONE), Some(WABA)));
    assert_eq!(event.business_number.as_deref(), Some("15550000001"));
    assert_eq!(post.alpha().event(event.id).await.unwrap().as_ref(), Some(event), "as a pull shows it");
    assert!(!format!("{claimed:?}").contains("hidden"), "{claimed:?}");
}

#[tokio::test]
async fn an_endpoint_has_eight_seats_however_many_replicas_there_are() {
    let post = Post::new().await;
    let other = connect(&post.world.database, KEY_A).await;
    post.publish(&[""; 30]).await;
    let mut delivered = 0;
    while delivered < 30 {
        let (mine, yours) = tokio::join!(claim(post.store()), claim(&other));
        let in_flight = post.store().delivery_backlog().await.unwrap().in_flight;
        assert!(in_flight <= 8, "{in_flight} in flight");
        assert!(!mine.is_empty() || !yours.is_empty());
        delivered += mine.len() + yours.len();
        tokio::join!(end(&other, &mine, AfterTry::Done), end(post.store(), &yours, AfterTry::Done));
    }
    assert_eq!(delivered, 30, "none twice");
}

#[tokio::test]
async fn an_endpoint_that_keeps_failing_has_one_seat_until_a_try_succeeds() {
    let post = Post::new().await;
    post.publish(&[""; 20]).await;
    let claimed = post.claim().await;
    assert_eq!(claimed.len(), 8);
    post.end(&claimed[..5], LATER).await;
    assert!(post.claim().await.is_empty(), "three are in flight still");
    post.end(&claimed[5..], LATER).await;
    let only = post.claim().await;
    assert_eq!(only.len(), 1);
    assert!(post.claim().await.is_empty());
    post.end(&only, AfterTry::Done).await;
    assert_eq!(post.claim().await.len(), 8);
}

#[tokio::test]
async fn a_tenant_has_sixty_four_seats_and_the_isv_has_no_such_bound() {
    let post = Post::new().await;
    for _ in 0..8 {
        endpoint(post.alpha(), &[]).await;
        endpoint(post.store().isv(), &[]).await;
    }
    endpoint(post.store().isv(), &[]).await;
    post.publish(&[""; 8]).await;
    let claimed = post.claim().await;
    let of_tenant = claimed.iter().filter(|delivery| delivery.endpoint.space == ALPHA).count();
    assert_eq!((of_tenant, claimed.len()), (64, 64 + 72));
    assert!(post.claim().await.is_empty());
    post.end(&claimed, AfterTry::Done).await;
    assert_eq!(post.claim().await.len(), 8);
}

#[tokio::test]
async fn a_claim_is_shared_among_the_endpoints_that_wait() {
    let post = Post::new().await;
    for _ in 0..19 {
        endpoint(post.alpha(), &[]).await;
    }
    post.publish(&[""; 5]).await;
    let claimed = post.store().claim_deliveries(20, LEASE).await.unwrap();
    let mut turns: HashMap<_, usize> = HashMap::new();
    for delivery in &claimed {
        *turns.entry(delivery.endpoint.id).or_default() += 1;
    }
    assert_eq!((claimed.len(), turns.len()), (20, 20), "each has its turn before any has a second");
}

#[tokio::test]
async fn a_claim_begins_at_another_endpoint_each_time() {
    let post = Post::new().await;
    for _ in 0..19 {
        endpoint(post.alpha(), &[]).await;
    }
    post.publish(&[""]).await;
    let mut first = HashSet::new();
    for _ in 0..60 {
        let claimed = post.store().claim_deliveries(1, LEASE).await.unwrap();
        first.insert(claimed[0].endpoint.id);
        post.store().release_claims(&[(claimed[0].delivery_id, claimed[0].claim)]).await.unwrap();
    }
    assert!(first.len() > 5, "{} of 20 in 60 claims", first.len());
}

#[tokio::test]
async fn the_claims_of_a_process_that_died_are_soon_free_and_those_of_a_living_one_are_not() {
    let post = Post::new().await;
    let other = connect(&post.world.database, KEY_A).await;
    let life = other.listen().await.unwrap();
    post.publish(&["G1"]).await;
    assert_eq!(claim(&other).await.len(), 1);
    post.as_owner(FIVE_SECONDS_AGO).await;
    assert_eq!(post.store().release_dead_claims().await.unwrap(), 0);
    assert!(post.claim().await.is_empty());
    drop(life);
    let released = async {
        while post.store().release_dead_claims().await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), released).await.expect("PostgreSQL sees that the session ended");
    assert_eq!(sequences(&post.claim().await), [1]);
}

#[tokio::test]
async fn a_claim_whose_lease_is_over_is_free() {
    let post = Post::new().await;
    post.publish(&["G1"]).await;
    assert_eq!(post.store().claim_deliveries(10, Duration::ZERO).await.unwrap().len(), 1);
    assert_eq!(post.store().release_dead_claims().await.unwrap(), 1);
    assert_eq!(post.claim().await.len(), 1);
}

#[tokio::test]
async fn the_late_end_of_a_lost_claim_changes_nothing() {
    let post = Post::new().await;
    post.publish(&["G1", "G1"]).await;
    let late = post.claim().await;
    let token: Vec<_> = late.iter().map(|delivery| (delivery.delivery_id, delivery.claim)).collect();
    post.store().release_claims(&token).await.unwrap();
    let held = post.claim().await;
    assert_eq!(held[0].delivery_id, late[0].delivery_id);
    for next in [AfterTry::Done, LATER, AfterTry::Dead { reason: "x".to_owned() }, AfterTry::Gone] {
        let recorded = post.end(&late, next).await;
        assert_eq!((recorded.lost, recorded.done + recorded.again + recorded.dead), (1, 0));
        assert!(recorded.disabled.is_empty());
    }
    assert_eq!(post.store().release_claims(&token).await.unwrap(), 0);
    assert!(post.claim().await.is_empty(), "it is held, and the lane waits");
    assert_eq!(post.end(&held, AfterTry::Done).await.done, 1);
    let deliveries = post.deliveries().await;
    assert_eq!((deliveries[0].state, deliveries[0].tries.len()), (DeliveryState::Done, 1));
    assert_eq!(post.end(&held, AfterTry::Done).await.lost, 1, "recorded twice, it counts once");
}

#[tokio::test]
async fn a_suspended_tenants_endpoints_wait_and_the_isvs_do_not() {
    let post = Post::new().await;
    let isv = endpoint(post.store().isv(), &[]).await;
    post.publish(&["G1"]).await;
    post.alpha().suspend("unpaid", &actor()).await.unwrap();
    let claimed = post.claim().await;
    assert_eq!(claimed.iter().map(|delivery| delivery.endpoint.id).collect::<Vec<_>>(), [isv]);
    post.alpha().resume(&actor()).await.unwrap();
    assert_eq!(post.claim().await.len(), 1);
}

#[tokio::test]
async fn an_endpoint_whose_secret_does_not_open_keeps_nobody_else_from_theirs() {
    let post = Post::new().await;
    let both = format!("{KEY_B},{KEY_A}");
    let other = connect(&post.world.database, &both).await;
    let readable = endpoint(other.isv(), &[]).await;
    post.publish(&["G1"]).await;
    let stranger = connect(&post.world.database, KEY_B).await;
    let claimed: Vec<ClaimedDelivery> = claim(&stranger).await;
    assert_eq!(claimed.iter().map(|delivery| delivery.endpoint.id).collect::<Vec<_>>(), [readable]);
    assert!(claim(&stranger).await.is_empty() && post.claim().await.is_empty(), "for a minute");
    assert_eq!(post.store().delivery_backlog().await.unwrap().in_flight, 1, "its claim was given back");
    post.as_owner("update endpoints set paused_until = now() where endpoint_id = $1").await;
    assert_eq!(post.claim().await.len(), 1);
}

const FIVE_SECONDS_AGO: &str = "update open_deliveries set claimed_at = claimed_at - interval '5 seconds' where endpoint_id = $1 and claim is not null";

#[tokio::test]
async fn a_process_that_is_not_seen_for_a_moment_keeps_its_claims() {
    let post = Post::new().await;
    let unseen = connect(&post.world.database, KEY_A).await;
    post.publish(&["G1"]).await;
    assert_eq!(claim(&unseen).await.len(), 1);
    assert_eq!(post.store().release_dead_claims().await.unwrap(), 0);
    post.as_owner(FIVE_SECONDS_AGO).await;
    assert_eq!(post.store().release_dead_claims().await.unwrap(), 1);
}

#[tokio::test]
async fn who_has_its_hands_full_gives_an_endpoint_two_seats() {
    let post = Post::new().await;
    for _ in 0..32 {
        endpoint(post.store().isv(), &[]).await;
    }
    post.publish(&[""; 8]).await;
    assert_eq!(post.claim().await.len(), 33 * 8);
    let late = endpoint(post.store().isv(), &["group.*"]).await;
    let events = [(); 8].map(|()| event("group.created", None));
    post.publish_events(&events).await;
    let claimed = post.claim().await;
    assert!(claimed.iter().all(|delivery| delivery.endpoint.id == late), "all others have theirs");
    assert_eq!(claimed.len(), 2);
    let other = connect(&post.world.database, KEY_A).await;
    let by_another = claim(&other).await.into_iter().filter(|delivery| delivery.endpoint.id == late);
    assert_eq!(by_another.count(), 6, "another replica has its hands free");
}

#[tokio::test]
async fn endpoints_that_keep_failing_hold_a_part_of_the_seats_together() {
    let post = Post::new().await;
    for _ in 0..90 {
        endpoint(post.store().isv(), &[]).await;
    }
    for _ in 0..50 {
        endpoint(post.alpha(), &[]).await;
    }
    post.as_owner("update endpoints set failures = 5 where $1::uuid is not null").await;
    let sound = endpoint(post.store().isv(), &[]).await;
    post.publish(&["", ""]).await;
    let claimed = post.claim().await;
    let of_sound = claimed.iter().filter(|delivery| delivery.endpoint.id == sound).count();
    assert_eq!((claimed.len() - of_sound, of_sound), (128, 2));
    assert!(post.claim().await.is_empty());
}

#[tokio::test]
async fn a_claim_that_is_put_off_counts_as_no_try() {
    let post = Post::new().await;
    post.publish(&["G1"]).await;
    let claimed = post.claim().await.remove(0);
    let claims = [(claimed.delivery_id, claimed.claim)];
    assert_eq!(post.store().put_off_claims(&claims, Duration::from_hours(1)).await.unwrap(), 1);
    assert!(post.claim().await.is_empty());
    let waiting = post.deliveries().await.remove(0);
    assert_eq!((waiting.state, waiting.tries.len()), (DeliveryState::Waiting, 0));
    post.as_owner("update open_deliveries set due_at = now() where endpoint_id = $1").await;
    assert_eq!(post.claim().await[0].attempts, 0);
}

#[tokio::test]
async fn a_claim_that_cannot_be_used_is_given_back_at_once() {
    let post = Post::new().await;
    post.publish(&["G1"]).await;
    let owner = post.world.owner().await;
    let role: String =
        sqlx::query_scalar("select current_user::text").fetch_one(&post.world.plain_gateway().await).await.unwrap();
    let forbid = format!("revoke execute on function claimed_endpoints from {role}");
    sqlx::query(sqlx::AssertSqlSafe(forbid)).execute(&owner).await.unwrap();
    assert!(post.store().claim_deliveries(10, LEASE).await.is_err());
    assert_eq!(post.store().delivery_backlog().await.unwrap().in_flight, 0);
}
