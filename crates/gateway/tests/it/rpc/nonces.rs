//! A nonce is good once: on every replica, after a restart, and while PostgreSQL is away.

use serde_json::json;

use crate::support::{RpcRequest, SignedRequest, TestApp, eventually, with_tenant};

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
        let stored = "select count(*) from nonces";
        let count: i64 =
            sqlx::query_scalar(stored).fetch_one(&mut crate::support::superuser(&app.database).await).await.unwrap();
        (count >= 2).then_some(())
    })
    .await;
    signed_in_the_dark.send(&app.client).await.expect(400, "SignatureNonceUsed");
}
