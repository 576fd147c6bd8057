//! A nonce is good once: on every replica, after a restart, and while PostgreSQL is away.

use serde_json::json;

use crate::support::{Answered, RpcRequest, SignedRequest, TestApp, eventually, with_tenant};

fn signed(app: &TestApp) -> SignedRequest {
    let asked = with_tenant(&app.first, json!({"GroupId": app.first.group_id}));
    // Signed for one name, by which all replicas are called.
    RpcRequest::new("GetChatGroup", &asked).sign(&app.client, &app.first.key)
}

#[actix_web::test]
async fn a_request_that_is_sent_again_is_refused_on_every_replica() {
    let app = TestApp::start().await;
    let (replica, _running) = app.replica().await;
    for (first, then) in [(&app.client, &replica), (&replica, &app.client)] {
        let signed = signed(&app);
        signed.send(first).await.expect(200, "OK");
        signed.send(first).await.expect(400, "SignatureNonceUsed");
        signed.send(then).await.expect(400, "SignatureNonceUsed");
    }
}

#[actix_web::test]
async fn a_request_that_is_sent_again_after_a_restart_is_refused() {
    let app = TestApp::start().await;
    let signed = signed(&app);
    signed.send(&app.client).await.expect(200, "OK");
    let stopped = app.stop_gateway().await;
    let (client, _running) = stopped.start_gateway().await;
    signed.send(&client).await.expect(400, "SignatureNonceUsed");
}

#[actix_web::test]
async fn of_many_requests_with_one_nonce_at_once_one_is_done() {
    let app = TestApp::start().await;
    let signed = signed(&app);
    let answers = futures_util::future::join_all((0..20).map(|_| signed.send(&app.client))).await;
    let done = answers.iter().filter(|answer| answer.code() == "OK").count();
    let refused = answers.iter().filter(|answer| answer.code() == "SignatureNonceUsed").count();
    assert_eq!((done, refused), (1, 19));
}

#[actix_web::test]
async fn who_cannot_sign_uses_up_nobodys_nonce() {
    let app = TestApp::start().await;
    let sound = signed(&app);
    let mut forged = sound.clone();
    let signature = forged.header("authorization");
    let last = if signature.ends_with('0') { '1' } else { '0' };
    signature.pop();
    signature.push(last);
    forged.send(&app.client).await.expect(400, "SignatureDoesNotMatch");
    sound.send(&app.client).await.expect(200, "OK");
}

#[actix_web::test]
async fn a_call_that_is_refused_for_a_limit_costs_no_nonce_and_can_be_sent_again_as_it_is() {
    let app = TestApp::with(&[("GROUPGATE_RATE_PER_TENANT", "1/h;burst=1")]).await;
    signed(&app).send(&app.client).await.expect(200, "OK");
    let before = stored(&app).await;
    let refused = signed(&app);
    for _ in 0..5 {
        refused.send(&app.client).await.expect(429, "Throttling.Tenant");
        signed(&app).send(&app.client).await.expect(429, "Throttling.Tenant");
    }
    assert_eq!((before, stored(&app).await), (1, 1));
}

#[actix_web::test]
async fn who_sends_a_signed_request_again_and_again_uses_up_nobodys_limits() {
    let limits = [("GROUPGATE_RATE_PER_KEY", "1/h;burst=9"), ("GROUPGATE_RATE_PER_TENANT", "1/h;burst=8")];
    let app = TestApp::with(&limits).await;
    let once = signed(&app);
    let left = |answer: &Answered| answer.header("ratelimit").unwrap().to_owned();
    let answer = once.send(&app.client).await;
    assert_eq!((answer.status, left(&answer).as_str()), (200, r#""tenant";r=7;t=3600"#));
    for _ in 0..50 {
        once.send(&app.client).await.expect(400, "SignatureNonceUsed");
    }
    let answer = signed(&app).send(&app.client).await;
    assert_eq!((answer.status, left(&answer).as_str()), (200, r#""tenant";r=6;t=7200"#));
}

/// How many nonces PostgreSQL remembers.
async fn stored(app: &TestApp) -> i64 {
    let mut database = crate::support::superuser(&app.database).await;
    sqlx::query_scalar("select count(*) from nonces").fetch_one(&mut database).await.unwrap()
}

#[actix_web::test]
async fn two_keys_may_use_the_same_nonce() {
    let app = TestApp::start().await;
    for tenant in [&app.first, &app.second] {
        let asked = with_tenant(tenant, json!({"GroupId": tenant.group_id}));
        let request = RpcRequest::new("GetChatGroup", &asked).header("x-acs-signature-nonce", "one and the same");
        request.sign(&app.client, &tenant.key).send(&app.client).await.expect(200, "OK");
    }
}

#[actix_web::test]
async fn while_postgresql_is_away_nonces_are_good_once_all_the_same_and_stay_so() {
    let (app, proxy) = TestApp::behind_proxy(&[]).await;
    signed(&app).send(&app.client).await.expect(200, "OK");
    proxy.cut();
    let signed_in_the_dark = signed(&app);
    signed_in_the_dark.send(&app.client).await.expect(200, "OK");
    signed_in_the_dark.send(&app.client).await.expect(400, "SignatureNonceUsed");
    proxy.restore();
    eventually("nonces are in PostgreSQL again", async || {
        signed(&app).send(&app.client).await.expect(200, "OK");
        (stored(&app).await >= 2).then_some(())
    })
    .await;
    signed_in_the_dark.send(&app.client).await.expect(400, "SignatureNonceUsed");
}
