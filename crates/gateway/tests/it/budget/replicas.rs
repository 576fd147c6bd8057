//! What Meta tells one replica, the others heed.

use std::time::Duration;

use serde_json::{Value, json};
use tenant_store::Notification;
use tokio::time::timeout;

use super::{app, asked, held, read};
use crate::support::{Answered, Client, TestApp, eventually};

/// A read of the first tenant's at this replica.
async fn read_at(replica: &Client, app: &TestApp) -> Answered {
    replica.call("GetChatGroupInviteLink", &app.first, json!({"GroupId": app.first.group_id})).await
}

/// Has Meta refuse one read at the first replica.
async fn refuse(app: &TestApp, fault: Value) -> Answered {
    app.sandbox.fail(fault).await;
    read(app, &app.first).await
}

/// Waits until the other replica holds the first tenant's reads; how long it has them wait, in milliseconds.
async fn held_at(other: &Client, app: &TestApp) -> u64 {
    eventually("the other replica holds calls, too", async || {
        let answer = read_at(other, app).await;
        (answer.status != 200).then(|| held(answer))
    })
    .await
}

#[actix_web::test]
async fn what_meta_tells_one_replica_the_others_hold_as_long() {
    let app = app().await;
    let (other, _running) = app.replica().await;
    read_at(&other, &app).await.expect(200, "OK");
    let refused = json!({"path": "*/invite_link", "code": 80_007, "retry_after": 60});
    refuse(&app, refused).await.expect(429, "Throttling.Upstream");
    let wait = held_at(&other, &app).await;
    assert!((30_000..=61_000).contains(&wait), "{wait} ms");
    let before = asked(&app).await;
    for _ in 0..3 {
        held(read_at(&other, &app).await);
        held(read(&app, &app.first).await);
    }
    assert_eq!(asked(&app).await, before, "no replica asks Meta");
    other.call("GetChatGroupInviteLink", &app.second, json!({"GroupId": app.second.group_id})).await.expect(200, "OK");
}

#[actix_web::test]
async fn a_replica_that_started_later_finds_out_by_one_call_of_its_own() {
    let app = app().await;
    let mut notifications = app.store.listen().await.unwrap();
    let refused = json!({"path": "*/invite_link", "code": 4, "retry_after": 60, "count": 2});
    refuse(&app, refused).await.expect(429, "Throttling.Upstream");
    let is_told = async { while !matches!(notifications.next().await, Notification::NotBefore(_)) {} };
    timeout(Duration::from_mins(1), is_told).await.expect("it is told before the other starts");
    let (late, _running) = app.replica().await;
    let before = asked(&app).await;
    read_at(&late, &app).await.expect(429, "Throttling.Upstream");
    for _ in 0..3 {
        held(read_at(&late, &app).await);
    }
    assert_eq!(asked(&app).await, before + 1);
}

#[actix_web::test]
async fn nobody_waits_for_the_others_to_be_told() {
    let (app, proxy) = TestApp::behind_proxy(&[]).await;
    read(&app, &app.first).await.expect(200, "OK");
    proxy.cut();
    let begun = std::time::Instant::now();
    let refused = json!({"path": "*/invite_link", "code": 80_007, "retry_after": 60});
    refuse(&app, refused).await.expect(429, "Throttling.Upstream");
    held(read(&app, &app.first).await);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
