//! Refusals for a reason that passes, such as Meta's limit: nothing was done, so the same call under the same key is made
//! again, whatever broke off in between.

use std::time::Duration;

use serde_json::json;

use super::{
    UNLIMITED, call, calm_once_taken_over, creates, forget_begins, is_replayed, keyed, look_dead, subject, with_keys,
};
use crate::support::{ClosedPort, TestApp};

const REFUSALS: [(i64, u16, &str); 3] =
    [(130_429, 429, "Throttling.Upstream"), (190, 424, "Credential.Invalid"), (10, 424, "Credential.Forbidden")];

/// As if the process had died between the record of Meta's refusal and the key's release.
async fn die_before_the_end(app: &TestApp) {
    let statement = "update idempotency_keys
                     set state = 'running', claim = gen_random_uuid(), owner = 0,
                         running_until = now() + interval '1 hour' where state = 'open'";
    with_keys(app, statement).await;
}

/// A call whose process died before it began anything.
async fn break_off(app: &TestApp, key: &str) {
    keyed(app, "AddChatGroup", key, subject(key)).await.expect(200, "OK");
    forget_begins(app).await;
}

/// The call is made, and Meta refuses it for a reason that passes.
async fn expect_refused(app: &TestApp, fault: i64, status: u16, code: &str) {
    app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "code": fault})).await;
    keyed(app, "AddChatGroup", code, subject(code)).await.expect(status, code);
}

/// The call is made anew, and that is its end.
async fn expect_made(app: &TestApp, key: &str) {
    let before = creates(app).await;
    let made = keyed(app, "AddChatGroup", key, subject(key)).await;
    assert!(!is_replayed(&made), "{}", made.text);
    assert!(made.body()["GroupId"].is_string(), "{}", made.text);
    let again = keyed(app, "AddChatGroup", key, subject(key)).await;
    assert!(is_replayed(&again) && again.text == made.text, "{}", again.text);
    assert_eq!(creates(app).await, before + 1);
}

#[actix_web::test]
async fn a_call_that_broke_off_and_was_then_refused_is_made_again() {
    let app = TestApp::with(&UNLIMITED).await;
    for (fault, status, code) in REFUSALS {
        break_off(&app, code).await;
        expect_refused(&app, fault, status, code).await;
        expect_made(&app, code).await;
    }
}

#[actix_web::test]
async fn a_call_whose_process_died_after_the_refusal_is_made_again() {
    // Refusals for a quota's sake follow each other, and hold nobody here.
    let app = TestApp::with(&[&UNLIMITED[..], &[("GROUPGATE_UPSTREAM_PAUSE", "off")]].concat()).await;
    for (fault, status, code) in REFUSALS {
        break_off(&app, code).await;
        expect_refused(&app, fault, status, code).await;
        die_before_the_end(&app).await;
        // As long as it is refused it stays so, and the key is given back as after any first call.
        expect_refused(&app, fault, status, code).await;
        expect_made(&app, code).await;
    }
}

#[actix_web::test]
async fn a_call_that_did_not_reach_meta_is_made_when_meta_can_be_reached() {
    let app = TestApp::with(&UNLIMITED).await;
    let nobody = ClosedPort::hold();
    let (astray, running) = app.replica_with(&[("GROUPGATE_GRAPH_URL", &nobody.url(""))]).await;
    break_off(&app, "order-1").await;
    let refused = call(&astray, &app.first, "AddChatGroup", "order-1", subject("order-1")).await;
    assert_eq!(refused.expect(502, "Upstream.Unavailable")["RetrySafe"], true);
    expect_made(&app, "order-1").await;
    running.stop(Duration::from_secs(1)).await;
}

#[actix_web::test]
async fn a_refusal_that_comes_while_another_looks_for_the_end_is_no_end() {
    let app = TestApp::with(&UNLIMITED).await;
    let (other, running) = app.replica_with(&UNLIMITED).await;
    let slow_refusal = json!({"method": "POST", "path": "*/groups", "code": 130_429, "delay_ms": 60_000});
    app.sandbox.fail(slow_refusal).await;
    let taken_over = async {
        look_dead(&app, "/groups").await;
        let call = call(&other, &app.first, "AddChatGroup", "order-1", subject("order-1"));
        tokio::join!(call, calm_once_taken_over(&app)).0
    };
    let (first, second) = tokio::join!(keyed(&app, "AddChatGroup", "order-1", subject("order-1")), taken_over);
    first.expect(429, "Throttling.Upstream");
    second.expect(409, "IdempotentProcessing");
    expect_made(&app, "order-1").await;
    running.stop(Duration::from_secs(1)).await;
}
