//! Streams: in order and without a gap, for as long as they may be.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tenant_store::AccessKeyChange;

use super::{Reading, STREAM, about, get, published, pull, reader, receive, texts};
use crate::dice::Dice;
use crate::support::{PATIENCE, TestApp, actor, eventually};
use crate::tokens::signed;

#[actix_web::test]
async fn events_come_as_they_are_published_also_those_of_another_replica() {
    let app = TestApp::start().await;
    let key = reader(&app, &app.first).await;
    receive(&app.client, &app.first, &texts("before", 2)).await;
    published(&app, &key, &app.first, 2).await;
    let (other, running) = app.replica().await;
    let mut from_now_on = Reading::with_key(&other, &key, app.first.cust_space_id).await;
    let mut from_the_first = Reading::open(&other, &key.basic(), app.first.cust_space_id, "&After=0", None).await;
    receive(&app.client, &app.first, &texts("behind", 3)).await;
    receive(&app.client, &app.second, &texts("foreign", 3)).await;
    let pulled = published(&app, &key, &app.first, 5).await["List"].clone();
    for (reading, first) in [(&mut from_now_on, 3), (&mut from_the_first, 1)] {
        for sequence in first..=5_usize {
            let frame = reading.next_event().await.unwrap();
            assert_eq!(frame.id, Some(i64::try_from(sequence).unwrap()));
            assert_eq!(frame.event, "message.received");
            assert_eq!(frame.json(), pulled[sequence - 1], "what a pull gives");
        }
    }
    running.stop(Duration::from_secs(5)).await;
    from_now_on.ends().await;
    from_the_first.ends().await;
}

#[actix_web::test]
async fn a_client_that_comes_back_misses_nothing_and_gets_nothing_twice() {
    const EVENTS: i64 = 600;
    let app = TestApp::with(&[("GROUPGATE_RATE_PER_KEY", "off"), ("GROUPGATE_RATE_PER_TENANT", "off")]).await;
    let key = reader(&app, &app.first).await;
    let (other, running) = app.replica().await;
    let sending = async {
        for (batch, texts) in texts("under-load", usize::try_from(EVENTS).unwrap()).chunks(20).enumerate() {
            let client = if batch % 2 == 0 { &app.client } else { &other };
            receive(client, &app.first, texts).await;
        }
    };
    let reading = async {
        let (mut dice, mut ids, mut streams) = (Dice(7), Vec::new(), 0);
        while ids.len() < usize::try_from(EVENTS).unwrap() {
            let client = if dice.below(2) == 0 { &app.client } else { &other };
            let last = ids.last().copied().unwrap_or(0);
            let mut reading =
                Reading::open(client, &key.basic(), app.first.cust_space_id, "&After=0", Some(last)).await;
            streams += 1;
            for _ in 0..=dice.below(60) {
                if ids.len() < usize::try_from(EVENTS).unwrap() {
                    ids.push(reading.next_event().await.unwrap().id.unwrap());
                }
            }
        }
        (ids, streams)
    };
    let ((ids, streams), ()) = tokio::join!(reading, sending);
    assert!(ids.iter().copied().eq(1..=EVENTS), "{streams} streams: {ids:?}");
    running.stop(Duration::ZERO).await;
}

#[actix_web::test]
async fn the_place_is_held_to_its_rule() {
    let app = TestApp::start().await;
    let key = reader(&app, &app.first).await;
    let path = format!("{STREAM}{}", about(&app.first, ""));
    for wrong in ["abc", "-1", "9"] {
        let headers = [("authorization", key.basic()), ("last-event-id", wrong.to_owned())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let refused = app.client.send("GET", &path, &headers, Vec::new()).await.expect(400, "InvalidParameter");
        assert!(refused["Message"].as_str().unwrap().contains("`Last-Event-ID`"), "{refused}");
    }
    for (more, named) in [("&Limit=1", "`Limit` is not a parameter"), ("&After=x", "`After`")] {
        let refused = get(&app.client, &key, &format!("{path}{more}")).await.expect(400, "InvalidParameter");
        assert!(refused["Message"].as_str().unwrap().contains(named), "{refused}");
    }
}

#[actix_web::test]
async fn a_stream_ends_with_the_right_to_it() {
    let app = TestApp::start().await;
    let (first, second) = (app.first.cust_space_id, app.second.cust_space_id);
    let own = reader(&app, &app.first).await;
    let revoked = app.key("to-be-revoked", &[(first, &["events.read"])]).await;
    let rotated = app.key("to-be-rotated", &[(first, &["events.read"])]).await;
    let moved = app.key("to-be-moved", &[(first, &["events.read"])]).await;
    let suspended = reader(&app, &app.second).await;
    let soon = time::OffsetDateTime::now_utc().unix_timestamp() + 12;
    let token = signed(&app, json!({"sub": own.id, "scope": "events.read", "exp": soon})).await;
    let expires = Reading::open(&app.client, &format!("Bearer {token}"), first, "", None).await;
    let mut stays = Reading::with_key(&app.client, &own, first).await;
    let ends = [
        expires,
        Reading::with_key(&app.client, &revoked, first).await,
        Reading::with_key(&app.client, &rotated, first).await,
        Reading::with_key(&app.client, &moved, first).await,
        Reading::with_key(&app.client, &suspended, second).await,
    ];
    app.store.revoke_access_key(&revoked.id, None, &actor()).await.unwrap();
    app.store.rotate_access_key(&rotated.id, Duration::ZERO, None, &actor()).await.unwrap();
    let elsewhere = vec!["192.0.2.0/24".parse().unwrap()];
    let elsewhere = AccessKeyChange { allowed_networks: Some(elsewhere), ..AccessKeyChange::default() };
    app.store.change_access_key(&moved.id, &elsewhere, None, &actor()).await.unwrap();
    app.store.space(second).suspend("unpaid", &actor()).await.unwrap();
    // Well before the minute after which all is looked up anew.
    let all = tokio::time::timeout(PATIENCE, join_all(ends.map(Reading::ends)));
    all.await.expect("each has ended within seconds");
    receive(&app.client, &app.first, &texts("behind", 1)).await;
    assert_eq!(stays.next_event().await.unwrap().id, Some(1), "the others go on");
}

#[actix_web::test]
async fn whoever_does_not_read_holds_up_nobody() {
    let app = TestApp::with(&[("GROUPGATE_RATE_PER_KEY", "off"), ("GROUPGATE_RATE_PER_TENANT", "off")]).await;
    let key = reader(&app, &app.first).await;
    let mut slow = Reading::with_key(&app.client, &key, app.first.cust_space_id).await;
    let mut quick = Reading::with_key(&app.client, &key, app.first.cust_space_id).await;
    // More than the sockets between hold.
    let texts: Vec<String> = (0..300).map(|number| format!("{number}-{}", "x".repeat(20_000))).collect();
    for batch in texts.chunks(50) {
        receive(&app.client, &app.first, batch).await;
    }
    for expected in 1..=300 {
        assert_eq!(quick.next_event().await.unwrap().id, Some(expected));
    }
    pull(&app.client, &key, &app.first, "&After=300").await.expect(200, "OK");
    for expected in 1..=300 {
        assert_eq!(slow.next_event().await.unwrap().id, Some(expected), "and misses nothing");
    }
}

#[actix_web::test]
async fn a_tenant_has_so_many_streams_at_the_same_time() {
    let app = TestApp::start().await;
    let key = reader(&app, &app.first).await;
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(Reading::with_key(&app.client, &key, app.first.cust_space_id).await);
    }
    let path = format!("{STREAM}{}", about(&app.first, ""));
    let refused = get(&app.client, &key, &path).await;
    assert_eq!(refused.header("retry-after"), Some("10"));
    refused.expect(429, "Throttling.Tenant");
    let another = reader(&app, &app.second).await;
    let _another = Reading::with_key(&app.client, &another, app.second.cust_space_id).await;
    open.pop();
    let authorization = key.basic();
    eventually("one has ended", async || {
        let looked = app.client.send("HEAD", &path, &[("authorization", &authorization)], Vec::new()).await;
        (looked.status == 200).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_stream_stays_with_a_comment_while_postgresql_is_away_and_goes_on_after_it() {
    let (app, proxy) = TestApp::behind_proxy(&[]).await;
    let key = reader(&app, &app.first).await;
    let mut reading = Reading::with_key(&app.client, &key, app.first.cust_space_id).await;
    receive(&app.client, &app.first, &texts("before", 1)).await;
    assert_eq!(reading.next_event().await.unwrap().id, Some(1));
    proxy.cut();
    let comment = reading.next().await.unwrap();
    assert!(comment.comment.is_some(), "{comment:?}");
    proxy.restore();
    eventually("a webhook is taken", async || {
        let headers: Value = app.client.send("GET", "/health/ready", &[], Vec::new()).await.body();
        (headers["status"] == "ready").then_some(())
    })
    .await;
    receive(&app.client, &app.first, &texts("after", 2)).await;
    for expected in [2, 3] {
        assert_eq!(reading.next_event().await.unwrap().id, Some(expected));
    }
}
