//! How a call with a key ends, and what of it is kept.

use std::cell::RefCell;
use std::time::Duration;

use serde_json::{Value, json};

use super::{UNLIMITED, call, creates, hang_up_once_asked, is_replayed, keyed, once_ended, send, subject};
use crate::support::{ClosedPort, PATIENCE, TestApp, eventually, overtaken, with_tenant};

/// How long Meta takes over a call, in milliseconds: until the sandbox is calmed.
const LONG: u64 = 60_000;

/// A fault that Meta answers a create with.
fn refused_with(code: i64) -> Value {
    json!({"method": "POST", "path": "*/groups", "code": code})
}

/// Whether Meta has answered to all creates.
async fn has_answered(app: &TestApp) -> bool {
    let asked = app.sandbox.requests().await.into_iter();
    let mut creates = asked.filter(|request| request["path"].as_str().unwrap().ends_with("/groups"));
    creates.all(|request| request["status"].is_u64())
}

#[actix_web::test]
async fn a_definite_end_is_kept() {
    let app = TestApp::with(&UNLIMITED).await;
    let refusals = [(131_211, 422, "Upstream.Rejected"), (131_215, 422, "BusinessNumber.NotEligible")];
    for (fault, status, code) in refusals {
        app.sandbox.fail(refused_with(fault)).await;
        let first = keyed(&app, "AddChatGroup", code, subject("S")).await;
        assert_eq!((first.status, first.code().as_str()), (status, code), "{}", first.text);
        let again = keyed(&app, "AddChatGroup", code, subject("S")).await;
        assert!(is_replayed(&again) && again.text == first.text, "{}", again.text);
        again.expect(status, code);
    }
    assert_eq!(creates(&app).await, 2, "each was asked for once");

    let nobodys = json!({"GroupId": "bm9ib2R5cw"});
    let not_found = keyed(&app, "DeleteChatGroup", "404", nobodys.clone()).await;
    assert!(is_replayed(&keyed(&app, "DeleteChatGroup", "404", nobodys).await));
    not_found.expect(404, "Group.NotFound");

    app.sandbox.fail(json!({"method": "DELETE", "code": 131_207})).await;
    let group = json!({"GroupId": app.first.group_id});
    let suspended = keyed(&app, "DeleteChatGroup", "409", group.clone()).await;
    let again = keyed(&app, "DeleteChatGroup", "409", group).await;
    assert!(is_replayed(&again) && again.text == suspended.text);
    suspended.expect(409, "Group.Suspended");
}

#[actix_web::test]
async fn an_end_that_changed_nothing_gives_the_key_back() {
    let app = TestApp::with(&UNLIMITED).await;
    let refusals =
        [(130_429, 429, "Throttling.Upstream"), (190, 424, "Credential.Invalid"), (10, 424, "Credential.Forbidden")];
    for (fault, status, code) in refusals {
        app.sandbox.fail(refused_with(fault)).await;
        let before = creates(&app).await;
        let refused = keyed(&app, "AddChatGroup", code, subject(code)).await.expect(status, code);
        assert_ne!(refused["RetrySafe"], false, "{refused}");
        let made = keyed(&app, "AddChatGroup", code, subject(code)).await;
        assert!(!is_replayed(&made));
        assert!(made.expect(200, "OK")["GroupId"].is_string());
        assert_eq!(creates(&app).await, before + 2);
    }
}

#[actix_web::test]
async fn a_call_that_never_came_to_meta_gives_the_key_back() {
    let app = TestApp::with(&UNLIMITED).await;
    // Nobody listens where this replica thinks Meta is.
    let nobody = ClosedPort::hold();
    let (lost, _running) = app.replica_with(&[("GROUPGATE_GRAPH_URL", &nobody.url(""))]).await;
    let refused = call(&lost, &app.first, "AddChatGroup", "order-1", subject("S")).await;
    assert_eq!(refused.expect(502, "Upstream.Unavailable")["RetrySafe"], true);
    let made = keyed(&app, "AddChatGroup", "order-1", subject("S")).await;
    assert!(!is_replayed(&made));
    assert!(made.expect(200, "OK")["GroupId"].is_string());
    assert_eq!(creates(&app).await, 1);
}

#[actix_web::test]
async fn metas_own_trouble_leaves_the_key_to_the_call_that_was_made() {
    let app = TestApp::with(&UNLIMITED).await;
    app.sandbox.fail(json!({"path": "*/invite_link", "code": 131_016})).await;
    let group = json!({"GroupId": app.first.group_id});
    let trouble = keyed(&app, "AddChatGroupInviteLink", "1", group.clone()).await;
    assert_eq!(trouble.expect(502, "Upstream.Unavailable")["RetrySafe"], false);
    keyed(&app, "AddChatGroupInviteLink", "1", group).await.expect(409, "IdempotentProcessing");
    assert_eq!(app.sandbox.count("POST", "/invite_link").await, 1);
}

#[actix_web::test]
async fn without_postgresql_a_call_with_a_key_is_not_made() {
    let (app, proxy) = TestApp::behind_proxy(&[]).await;
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    proxy.cut();
    let refused = keyed(&app, "AddChatGroupInviteLink", "1", group.clone()).await;
    refused.expect(503, "ServiceUnavailable");
    assert_eq!(app.sandbox.count("POST", "/invite_link").await, 0);
    app.client.call("AddChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    proxy.restore();
    eventually("the key can be used", async || {
        (keyed(&app, "AddChatGroupInviteLink", "1", group.clone()).await.status == 200).then_some(())
    })
    .await;
    assert_eq!(app.sandbox.count("POST", "/invite_link").await, 2);
}

#[actix_web::test]
async fn a_short_outage_after_metas_answer_loses_nothing() {
    let (app, proxy) = TestApp::behind_proxy(&[]).await;
    for nth in 1..=5 {
        app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "delay_ms": LONG})).await;
        let cut = async {
            eventually("Meta is asked", async || (creates(&app).await == nth).then_some(())).await;
            proxy.cut();
            app.sandbox.calm().await;
            // The answer finds nobody to be written down by.
            eventually("Meta has answered", async || has_answered(&app).await.then_some(())).await;
            proxy.restore();
        };
        let (key, wanted) = (format!("order-{nth}"), subject(&format!("S{nth}")));
        let (made, ()) = tokio::join!(keyed(&app, "AddChatGroup", &key, wanted.clone()), cut);
        let again = once_ended(&app, "AddChatGroup", &key, wanted).await;
        // Where the machine stalls, the outage is a long one: that is the next test.
        if made.status != 503 {
            let made = made.expect(200, "OK");
            assert!(made["GroupId"].is_string(), "{made}");
            assert!(is_replayed(&again));
            assert_eq!(again.body(), made);
            return;
        }
    }
    panic!("no outage was outlasted");
}

#[actix_web::test]
async fn a_long_outage_after_metas_answer_leaves_the_key_open_and_no_longer_than_it_lasts() {
    let (app, proxy) = TestApp::behind_proxy(&[]).await;
    app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "delay_ms": LONG})).await;
    let cut = async {
        eventually("Meta is asked", async || (creates(&app).await == 1).then_some(())).await;
        proxy.cut();
        app.sandbox.calm().await;
    };
    let (lost, ()) = tokio::join!(keyed(&app, "AddChatGroup", "order-1", subject("S")), cut);
    let lost = lost.expect(503, "ServiceUnavailable");
    assert_eq!(lost["RetrySafe"], false, "{lost}");
    keyed(&app, "AddChatGroup", "order-1", subject("S")).await.expect(503, "ServiceUnavailable");
    proxy.restore();
    let found = eventually("the key leads to the group", async || {
        let answer = keyed(&app, "AddChatGroup", "order-1", subject("S")).await;
        (answer.status == 200).then(|| answer.body())
    })
    .await;
    assert!(found["GroupId"].is_string(), "{found}");
    assert_eq!(found["UniqueCode"], lost["UniqueCode"]);
    assert_eq!(creates(&app).await, 1);
}

#[actix_web::test]
async fn a_caller_who_hangs_up_finds_the_answer_under_its_key() {
    let app = TestApp::start().await;
    app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "delay_ms": LONG})).await;
    hang_up_once_asked(&app, keyed(&app, "AddChatGroup", "order-1", subject("S"))).await;
    app.sandbox.calm().await;
    let answer = once_ended(&app, "AddChatGroup", "order-1", subject("S")).await;
    assert!(is_replayed(&answer));
    assert!(answer.expect(200, "OK")["GroupId"].is_string());
    assert_eq!(creates(&app).await, 1);
}

#[actix_web::test]
async fn a_caller_whose_time_is_over_finds_the_answer_under_its_key() {
    let app = TestApp::start().await;
    app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "delay_ms": LONG})).await;
    let body = with_tenant(&app.first, subject("S")).to_string();
    let key_of = |time: &str| format!("order within {time} ms");
    let used = RefCell::new(String::new());
    let late = overtaken(
        async || creates(&app).await,
        async |time| {
            used.replace(key_of(time));
            let headers = [("idempotency-key", &*key_of(time)), ("x-request-timeout-ms", time)];
            send(&app.client, &app.first.key, "AddChatGroup", &headers, body.clone()).await
        },
    );
    assert_eq!(late.await.expect(504, "Upstream.Timeout")["RetrySafe"], false);
    let key = used.take();
    let running = keyed(&app, "AddChatGroup", &key, subject("S")).await.expect(409, "IdempotentProcessing");
    assert!(running["Message"].as_str().unwrap().contains("still running"), "{running}");
    app.sandbox.calm().await;
    let answer = once_ended(&app, "AddChatGroup", &key, subject("S")).await;
    assert!(is_replayed(&answer));
    assert!(answer.expect(200, "OK")["GroupId"].is_string());
    assert_eq!(creates(&app).await, 1);
}

#[actix_web::test]
async fn a_gateway_that_stops_lets_the_call_end_and_keeps_its_answer() {
    let app = TestApp::start().await;
    let (other, running) = app.replica().await;
    app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "delay_ms": LONG})).await;
    hang_up_once_asked(&app, call(&other, &app.first, "AddChatGroup", "order-1", subject("S"))).await;
    // It stops first, and then Meta answers.
    tokio::join!(biased; running.stop(PATIENCE), app.sandbox.calm());
    let answer = keyed(&app, "AddChatGroup", "order-1", subject("S")).await;
    assert!(is_replayed(&answer), "{}", answer.text);
    answer.expect(200, "OK");
}

#[actix_web::test]
async fn a_gateway_that_stops_writes_down_first_what_it_could_not_write_down_at_once() {
    let (app, proxy) = TestApp::behind_proxy(&[]).await;
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    app.sandbox.fail(json!({"method": "POST", "path": "*/invite_link", "delay_ms": LONG})).await;
    let cut = async {
        let asked = async || (app.sandbox.count("POST", "/invite_link").await == 1).then_some(());
        eventually("Meta is asked", asked).await;
        proxy.cut();
        app.sandbox.calm().await;
    };
    let (first, ()) = tokio::join!(keyed(&app, "AddChatGroupInviteLink", "1", group.clone()), cut);
    let first = first.expect(200, "OK");
    proxy.restore();
    let stopped = app.stop_gateway_within(PATIENCE).await;
    let (client, running) = stopped.start_gateway().await;
    let again = call(&client, &stopped.first, "AddChatGroupInviteLink", "1", group).await;
    assert!(is_replayed(&again), "{}", again.text);
    assert_eq!(again.body(), first);
    running.stop(Duration::from_secs(1)).await;
}
