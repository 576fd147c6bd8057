//! Tokens: whose they are, what they see, what they may.

use actix_web::http::Method;
use aws_lc_rs::hmac;
use graph_sandbox::{DEMO_GROUP_ID_1, DEMO_GROUP_ID_2, DEMO_PHONE_NUMBER_ID_2};
use serde_json::{Value, json};

use crate::helpers::{APP_SECRET, TOKEN_1, TOKEN_2, TestSandbox, code, sent, whatsapp};

#[actix_web::test]
async fn an_unknown_token_is_refused_with_190_and_a_missing_one_with_104() {
    let sandbox = TestSandbox::start().await;
    let forged = sandbox.graph_as("forged", Method::GET, DEMO_GROUP_ID_1, Value::Null).await;
    assert_eq!(code(&forged), (401, 190));
    assert_eq!(forged.1["error"]["type"], "OAuthException");
    let bare = sandbox.raw(Method::GET, &format!("/v23.0/{DEMO_GROUP_ID_1}"));
    assert_eq!(code(&sent(bare, Value::Null).await.unwrap()), (401, 104));
}

#[actix_web::test]
async fn a_token_sees_only_its_own_accounts_and_foreign_looks_like_unknown() {
    let sandbox = TestSandbox::start().await;
    for id in [DEMO_GROUP_ID_2, DEMO_PHONE_NUMBER_ID_2, "Y2FwaV9ncm91cDoxZD", "999"] {
        let reply = sandbox.get(id).await;
        assert_eq!(code(&reply), (400, 100), "{id}");
        assert_eq!(reply.1["error"]["error_subcode"], 33);
        assert_eq!(reply.1["error"]["type"], "GraphMethodException");
    }
    let (status, _) = sandbox.graph_as(TOKEN_2, Method::GET, DEMO_GROUP_ID_2, Value::Null).await;
    assert_eq!(status, 200);
}

#[actix_web::test]
async fn a_partners_token_sees_both_customers() {
    let sandbox = TestSandbox::start().await;
    for id in [DEMO_GROUP_ID_1, DEMO_GROUP_ID_2] {
        let (status, body) = sandbox.graph_as(TOKEN_2, Method::GET, id, Value::Null).await;
        assert_eq!((status, &body["id"]), (200, &json!(id)));
    }
}

#[actix_web::test]
async fn a_wrong_appsecret_proof_is_refused_and_the_right_one_passes() {
    let sandbox = TestSandbox::start().await;
    let key = hmac::Key::new(hmac::HMAC_SHA256, APP_SECRET.as_bytes());
    let proof = hex::encode(hmac::sign(&key, TOKEN_1.as_bytes()));
    let (status, _) = sandbox.get(&format!("{DEMO_GROUP_ID_1}?appsecret_proof={proof}")).await;
    assert_eq!(status, 200);
    for wrong in ["", "zz", "00", &hex::encode([7; 32])] {
        let reply = sandbox.get(&format!("{DEMO_GROUP_ID_1}?appsecret_proof={wrong}")).await;
        assert_eq!(code(&reply), (400, 100), "{wrong}");
    }
}

#[actix_web::test]
async fn the_token_may_stand_in_the_query() {
    let sandbox = TestSandbox::start().await;
    let path = format!("/{DEMO_GROUP_ID_1}?access_token={TOKEN_1}");
    let reply = sent(sandbox.raw(Method::GET, &path), Value::Null).await.unwrap();
    assert_eq!(reply.0, 200, "{}", reply.1);
}

#[actix_web::test]
async fn expired_and_revoked_tokens_and_missing_scopes_have_metas_codes() {
    let sandbox = TestSandbox::start().await;
    let control = |what: &str, token: &str| format!("tokens/{token}/{what}");
    let body = json!({ "scopes": ["whatsapp_business_management"] });
    sandbox.control(Method::POST, &control("scopes", TOKEN_1), body).await;
    assert_eq!(code(&sandbox.get(DEMO_GROUP_ID_1).await), (403, 10));

    sandbox.control(Method::POST, &control("expire", TOKEN_1), Value::Null).await;
    let expired = sandbox.get(DEMO_GROUP_ID_1).await;
    assert_eq!(code(&expired), (401, 190));
    assert_eq!(expired.1["error"]["error_subcode"], 463);

    sandbox.control(Method::POST, &control("revoke", TOKEN_2), Value::Null).await;
    let revoked = sandbox.graph_as(TOKEN_2, Method::GET, DEMO_GROUP_ID_1, Value::Null).await;
    assert_eq!(code(&revoked), (401, 190));
    let unknown = sandbox.control(Method::POST, &control("revoke", "x"), Value::Null).await;
    assert_eq!(unknown.0, 404);
}

#[actix_web::test]
async fn a_path_that_is_not_served_answers_2500() {
    let sandbox = TestSandbox::start().await;
    for path in ["", "me/accounts", "1/2/3", "100000000000001/nothing"] {
        assert_eq!(code(&sandbox.get(path).await), (400, 2500), "{path}");
    }
    let put = sandbox.graph(Method::PUT, DEMO_GROUP_ID_1, whatsapp(json!({}))).await;
    assert_eq!(code(&put), (400, 2500));
}

#[actix_web::test]
async fn an_edge_of_another_kind_of_object_is_unsupported() {
    let sandbox = TestSandbox::start().await;
    let reply = sandbox.get(&format!("{DEMO_GROUP_ID_1}/groups")).await;
    assert_eq!(code(&reply), (400, 100));
    assert_eq!(reply.1["error"]["error_subcode"], 33);
}
