//! Which keys may sign.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::support::{Answered, Credentials, RpcRequest, TestApp, actor, eventually, with_tenant};

fn asked(app: &TestApp) -> Value {
    with_tenant(&app.first, json!({"GroupId": app.first.group_id}))
}

async fn look(app: &TestApp, key: &Credentials) -> Answered {
    app.client.rpc(key, "GetChatGroup", &asked(app)).await
}

#[actix_web::test]
async fn an_unknown_key_a_wrong_secret_and_a_revoked_key_are_told_apart() {
    let app = TestApp::start().await;
    let sound = app.first.key.clone();
    for nobody in ["nobody", "no such key", "a\u{e9}", "..", &"x".repeat(200)] {
        let unknown = Credentials::new(nobody, &sound.secret);
        look(&app, &unknown).await.expect(404, "InvalidAccessKeyId.NotFound");
    }
    look(&app, &Credentials::new(&sound.id, "another secret")).await.expect(400, "SignatureDoesNotMatch");
    look(&app, &sound).await.expect(200, "OK");
    app.store.revoke_access_key(&sound.id, None, &actor()).await.unwrap();
    eventually("the key is refused", async || (look(&app, &sound).await.code() != "OK").then_some(())).await;
    look(&app, &sound).await.expect(400, "InvalidAccessKeyId.Inactive");
}

#[actix_web::test]
async fn a_rotated_key_signs_with_both_secrets_until_the_overlap_is_over() {
    let app = TestApp::start().await;
    let old = app.first.key.clone();
    look(&app, &old).await.expect(200, "OK");
    let rotated = app.store.rotate_access_key(&old.id, Duration::from_hours(1), None, &actor()).await.unwrap();
    let new = Credentials::new(&old.id, rotated.key.secret.expose_secret());
    eventually("the new secret is known", async || (look(&app, &new).await.code() == "OK").then_some(())).await;
    look(&app, &old).await.expect(200, "OK");
    let rotated = app.store.rotate_access_key(&old.id, Duration::ZERO, None, &actor()).await.unwrap();
    let newest = Credentials::new(&old.id, rotated.key.secret.expose_secret());
    eventually("the newest secret is known", async || (look(&app, &newest).await.code() == "OK").then_some(())).await;
    for gone in [&old, &new] {
        look(&app, gone).await.expect(400, "SignatureDoesNotMatch");
    }
}

#[actix_web::test]
async fn after_too_many_wrong_signatures_an_address_has_to_wait_by_every_face() {
    let app = TestApp::with(&[("GROUPGATE_AUTH_FAILURES", "3/h")]).await;
    look(&app, &app.first.key).await.expect(200, "OK");
    for wrong in [Credentials::new(&app.second.key.id, "wrong"), Credentials::new("nobody", "wrong")] {
        assert!(look(&app, &wrong).await.status < 429);
    }
    app.client
        .call_as(&Credentials::new("nobody", "wrong"), "GetChatGroup", asked(&app))
        .await
        .expect(401, "Unauthorized");
    let throttled = look(&app, &app.second.key).await;
    assert!(throttled.header("retry-after").is_some() && throttled.header("x-acs-retry-after").is_some());
    throttled.expect(429, "Throttling.User");
    // What is no guess at a secret does not count, and a key that is known from there goes on.
    look(&app, &app.first.key).await.expect(200, "OK");
}

#[actix_web::test]
async fn what_is_no_guess_at_a_secret_does_not_count_as_one() {
    let app = TestApp::with(&[("GROUPGATE_AUTH_FAILURES", "1/h")]).await;
    for _ in 0..5 {
        let old = RpcRequest::new("GetChatGroup", &asked(&app)).header("x-acs-date", "2026-01-01T00:00:00Z");
        let answer = old.sign(&app.client, &app.first.key).send(&app.client).await;
        answer.expect(400, "InvalidTimeStamp.Expired");
        app.client.send("POST", "/", &[], Vec::new()).await.expect(400, "IncompleteSignature");
    }
    look(&app, &app.first.key).await.expect(200, "OK");
}

#[actix_web::test]
async fn a_signed_call_counts_against_the_limit_of_its_key() {
    let app = TestApp::with(&[("GROUPGATE_RATE_PER_KEY", "1/h;burst=2")]).await;
    for _ in 0..2 {
        look(&app, &app.first.key).await.expect(200, "OK");
    }
    let throttled = look(&app, &app.first.key).await;
    assert!(throttled.header("x-acs-retry-after").is_some() && throttled.header("ratelimit").is_some());
    throttled.expect(429, "Throttling.User");
}
