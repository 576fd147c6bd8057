//! Events that are delivered once more.

use std::time::Duration;

use tenant_store::{
    AfterTry, DeliveryFilter, EndpointId, Replay, ReplayOnly, ReplaySize, ReplaySpan, Space, StoreError,
};
use time::OffsetDateTime;

use super::{Post, claim, endpoint, event, of_beta, sequences};
use crate::helpers::{ALPHA, BETA, actor};

/// Five events of the first tenant and one of the second, all of them delivered everywhere.
async fn delivered() -> (Post, EndpointId) {
    let post = Post::new().await;
    let isv = endpoint(post.store().isv(), &[]).await;
    let mut events = [(); 5].map(|()| event("group.created", Some("G1"))).to_vec();
    events.push(of_beta(event("group.created", Some("G9"))));
    post.publish_events(&events).await;
    deliver_all(&post).await;
    (post, isv)
}

/// Delivers all that is open; returns how much it was.
async fn deliver_all(post: &Post) -> u64 {
    let mut done = 0;
    loop {
        let claimed = claim(post.store()).await;
        if claimed.is_empty() {
            return done;
        }
        done += post.end(&claimed, AfterTry::Done).await.done;
    }
}

async fn replay(space: Space<'_>, id: EndpointId, span: ReplaySpan, only: ReplayOnly) -> Result<u64, StoreError> {
    space.replay(id, &Replay { span, only }, &actor()).await
}

fn from(cust_space_id: &str, since: i64, until: Option<i64>) -> ReplaySpan {
    ReplaySpan::Sequences { cust_space_id: cust_space_id.to_owned(), since, until }
}

fn whole_day() -> ReplaySpan {
    ReplaySpan::Times { since: OffsetDateTime::now_utc() - Duration::from_hours(24), until: None }
}

#[tokio::test]
async fn a_span_of_sequences_is_delivered_again_in_its_order_under_the_same_ids() {
    let (post, _) = delivered().await;
    assert_eq!(replay(post.alpha(), post.endpoint, from(ALPHA, 2, Some(4)), ReplayOnly::All).await.unwrap(), 3);
    for expected in 2..=4 {
        let claimed = post.claim().await;
        assert_eq!(sequences(&claimed), [expected]);
        post.end(&claimed, AfterTry::Done).await;
    }
    let deliveries = post.deliveries().await;
    assert_eq!(deliveries.len(), 8);
    assert_eq!(deliveries[1].event_id, deliveries[2].event_id);
    assert_ne!(deliveries[1].delivery_id, deliveries[2].delivery_id);
    assert_eq!(replay(post.alpha(), post.endpoint, from(ALPHA, 4, None), ReplayOnly::All).await.unwrap(), 2);
}

#[tokio::test]
async fn one_event_is_delivered_again_whatever_the_filter_says() {
    let (post, isv) = delivered().await;
    let narrow = endpoint(post.alpha(), &["message.*"]).await;
    let (mine, theirs) = {
        let all = post.store().isv().deliveries(isv, &DeliveryFilter::default(), None, 10).await.unwrap();
        let of = |tenant| all.iter().find(|it| it.event_tenant.as_deref() == Some(tenant)).unwrap().event_id;
        (of(ALPHA), of(BETA))
    };
    for (space, id) in [(post.alpha(), post.endpoint), (post.alpha(), narrow), (post.store().isv(), isv)] {
        assert_eq!(replay(space, id, ReplaySpan::Event(mine), ReplayOnly::All).await.unwrap(), 1);
    }
    assert_eq!(replay(post.store().isv(), isv, ReplaySpan::Event(theirs), ReplayOnly::All).await.unwrap(), 1);
    for strange in [theirs, uuid::Uuid::nil()] {
        let error = replay(post.alpha(), post.endpoint, ReplaySpan::Event(strange), ReplayOnly::All).await.unwrap_err();
        assert!(matches!(error, StoreError::NotFound { what: "event" }), "{error}");
    }
    assert_eq!(deliver_all(&post).await, 4);
}

#[tokio::test]
async fn only_what_failed_last_is_replayed_where_that_is_asked_for() {
    let (post, _) = delivered().await;
    post.publish_events(&[event("group.created", None), event("group.created", None)]).await;
    let isv_and_tenant = post.claim().await;
    let (mine, isvs): (Vec<_>, Vec<_>) = isv_and_tenant.into_iter().partition(|it| it.endpoint.id == post.endpoint);
    post.end(&isvs, AfterTry::Done).await;
    post.end(&mine[..1], AfterTry::Dead { reason: "x".to_owned() }).await;
    post.end(&mine[1..], AfterTry::Done).await;
    for span in [from(ALPHA, 1, None), whole_day()] {
        assert_eq!(replay(post.alpha(), post.endpoint, span.clone(), ReplayOnly::Failed).await.unwrap(), 1);
        assert_eq!(replay(post.alpha(), post.endpoint, span, ReplayOnly::Failed).await.unwrap(), 0, "on its way");
        let claimed = post.claim().await;
        assert_eq!(sequences(&claimed), [6]);
        post.end(&claimed, AfterTry::Dead { reason: "again".to_owned() }).await;
    }
    replay(post.alpha(), post.endpoint, whole_day(), ReplayOnly::Failed).await.unwrap();
    deliver_all(&post).await;
    assert_eq!(
        replay(post.alpha(), post.endpoint, whole_day(), ReplayOnly::Failed).await.unwrap(),
        0,
        "it succeeded last"
    );
}

#[tokio::test]
async fn how_much_a_replay_would_be_is_told_beforehand() {
    let (post, isv) = delivered().await;
    let size = async |space: Space<'_>, id, span, only| space.replay_size(id, &Replay { span, only }).await.unwrap();
    let sized = |events| ReplaySize { events, is_more: false };
    assert_eq!(size(post.alpha(), post.endpoint, from(ALPHA, 2, Some(4)), ReplayOnly::All).await, sized(3));
    assert_eq!(size(post.alpha(), post.endpoint, whole_day(), ReplayOnly::All).await, sized(5));
    assert_eq!(size(post.store().isv(), isv, whole_day(), ReplayOnly::All).await, sized(6));
    for only in [ReplayOnly::Failed, ReplayOnly::Missed] {
        assert_eq!(size(post.alpha(), post.endpoint, whole_day(), only).await, sized(0));
    }
    let new = endpoint(post.alpha(), &["group.*"]).await;
    assert_eq!(size(post.alpha(), new, whole_day(), ReplayOnly::Missed).await, sized(5));
    assert_eq!(size(post.store().space(BETA), new, whole_day(), ReplayOnly::All).await, sized(0), "it is another's");
    assert!(post.claim().await.is_empty(), "nothing was replayed");
}

#[tokio::test]
async fn a_new_endpoint_can_be_given_what_was_before_it() {
    let (post, _) = delivered().await;
    let new = endpoint(post.alpha(), &["group.*"]).await;
    assert_eq!(replay(post.alpha(), new, whole_day(), ReplayOnly::Failed).await.unwrap(), 0);
    assert_eq!(replay(post.alpha(), new, whole_day(), ReplayOnly::Missed).await.unwrap(), 5);
    assert_eq!(deliver_all(&post).await, 5);
    assert_eq!(replay(post.alpha(), new, whole_day(), ReplayOnly::Missed).await.unwrap(), 0);
    let deaf = endpoint(post.alpha(), &["message.*"]).await;
    assert_eq!(
        replay(post.alpha(), deaf, whole_day(), ReplayOnly::All).await.unwrap(),
        0,
        "the filter holds for spans"
    );
}

#[tokio::test]
async fn the_isvs_endpoint_is_replayed_all_tenants_by_time_and_one_by_its_sequences() {
    let (post, isv) = delivered().await;
    assert_eq!(replay(post.store().isv(), isv, whole_day(), ReplayOnly::All).await.unwrap(), 6);
    assert_eq!(deliver_all(&post).await, 6);
    assert_eq!(replay(post.store().isv(), isv, from(ALPHA, 5, None), ReplayOnly::All).await.unwrap(), 1);
    assert_eq!(replay(post.store().isv(), isv, from(BETA, 1, None), ReplayOnly::All).await.unwrap(), 1);
    let long_ago = ReplaySpan::Times { since: OffsetDateTime::UNIX_EPOCH, until: Some(OffsetDateTime::UNIX_EPOCH) };
    assert_eq!(replay(post.store().isv(), isv, long_ago, ReplayOnly::All).await.unwrap(), 0);
}

#[tokio::test]
async fn a_tenants_endpoint_is_replayed_its_own_events_alone() {
    let (post, _) = delivered().await;
    let error = replay(post.alpha(), post.endpoint, from(BETA, 1, None), ReplayOnly::All).await.unwrap_err();
    assert!(matches!(error, StoreError::NotFound { what: "tenant" }), "{error}");
    assert_eq!(replay(post.alpha(), post.endpoint, whole_day(), ReplayOnly::All).await.unwrap(), 5);
}

#[tokio::test]
async fn a_replay_longer_than_one_transaction_misses_nothing_and_doubles_nothing() {
    let post = Post::new().await;
    let isv = endpoint(post.store().isv(), &["message.*"]).await;
    post.as_owner(
        "with new as (
            insert into events (id, cust_space_id, field, waba_id, value, state, sequence, type, occurred_at)
            select random_uuid_at(now()), 'cams-alpha', 'x', '', '{}', 'routed', n, 'message.received', now()
            from generate_series(1, 4500) n returning $1::uuid)
         update event_counters set last_sequence = 4500 where cust_space_id = 'cams-alpha'",
    )
    .await;
    assert_eq!(replay(post.alpha(), post.endpoint, from(ALPHA, 1, None), ReplayOnly::All).await.unwrap(), 4_500);
    assert_eq!(replay(post.store().isv(), isv, whole_day(), ReplayOnly::Missed).await.unwrap(), 4_500);
    let distinct: i64 = sqlx::query_scalar("select count(distinct (endpoint_id, event_id)) from open_deliveries")
        .fetch_one(&post.world.owner().await)
        .await
        .unwrap();
    assert_eq!(distinct, 9_000);
}

/// As if so many events had been published, and delivered to the endpoint but for every `dead_each`-th.
async fn ended(post: &Post, events: usize, dead_each: usize) {
    post.as_owner(&format!(
        "with new as (
            insert into events (id, cust_space_id, field, waba_id, value, state, received_at, sequence, type, occurred_at)
            select random_uuid_at(now()), 'cams-alpha', 'x', '', '{{}}', 'routed', now(), n, 'message.received', now()
            from generate_series(1, {events}) n returning id, sequence),
         counted as (update event_counters set last_sequence = {events} where cust_space_id = 'cams-alpha')
         insert into deliveries (delivery_id, endpoint_id, cust_space_id, event_id, event_type, event_tenant, sequence,
                                 state, tries, created_at)
         select random_uuid_at(now()), $1, 'cams-alpha', n.id, 'message.received', 'cams-alpha', n.sequence,
                case when n.sequence % {dead_each} = 0 then 'dead' else 'done' end, '[]', now() from new n"
    ))
    .await;
}

/// `GROUPGATE_DELIVERED_EVENTS` makes them more.
#[tokio::test]
async fn a_replay_of_what_is_missing_is_quick_beside_very_much_that_is_not() {
    let post = Post::new().await;
    let events = super::many::size("GROUPGATE_DELIVERED_EVENTS", 20_000);
    ended(&post, events, events / 2).await;
    for only in [ReplayOnly::Failed, ReplayOnly::Missed] {
        let begin = std::time::Instant::now();
        assert_eq!(replay(post.alpha(), post.endpoint, whole_day(), only).await.unwrap(), 2);
        println!("{only:?} of {events} events: {:?}", begin.elapsed());
        assert!(begin.elapsed() < Duration::from_mins(1), "{:?}", begin.elapsed());
        let claimed = post.claim().await;
        assert_eq!(post.end(&claimed, AfterTry::Dead { reason: "again".to_owned() }).await.dead, 2);
    }
}

#[tokio::test]
async fn what_fails_while_failures_are_replayed_is_not_replayed_with_them() {
    let post = Post::new().await;
    post.publish(&[""]).await;
    post.end(&post.claim().await, AfterTry::Dead { reason: "x".to_owned() }).await;
    let found: (Vec<uuid::Uuid>, Option<uuid::Uuid>) = sqlx::query_as(
        "select wanted, last_id from (select set_config('groupgate.cust_space_id', 'cams-alpha', false)) s,
         replayable_failures($1, 'cams-alpha', 0, 10, now() - interval '1 day', now(), now() - interval '1 minute',
                             '00000000-0000-0000-0000-000000000000', 10)",
    )
    .bind(post.endpoint.0)
    .fetch_one(&post.world.owner().await)
    .await
    .unwrap();
    assert_eq!(found, (vec![], None), "it did not fail a minute ago");
    assert_eq!(
        replay(post.alpha(), post.endpoint, from(ALPHA, 1, Some(i64::MAX)), ReplayOnly::Failed).await.unwrap(),
        1
    );
}
