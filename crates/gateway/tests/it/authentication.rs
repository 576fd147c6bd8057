//! Who calls: HTTP Basic and Bearer, on every operation.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Credentials, Measured, TestApp, actor, eventually, one_is_within, with_tenant};

fn group_of(app: &TestApp) -> serde_json::Value {
    with_tenant(&app.first, json!({"GroupId": app.first.group_id}))
}

#[actix_web::test]
async fn an_unknown_key_and_a_wrong_secret_look_alike() {
    let app = TestApp::start().await;
    let wrong = Credentials::new(&app.first.key.id, "not its secret");
    let unknown = Credentials::new("no-such-key", "not its secret");
    let mut messages = Vec::new();
    for key in [wrong, unknown, Credentials::new("", ""), Credentials::new("käse", "🧀")] {
        let answer = app.client.call_as(&key, "GetChatGroup", group_of(&app)).await;
        assert!(answer.header("www-authenticate").unwrap().contains("Basic"), "{answer:?}");
        messages.push(answer.expect(401, "Unauthorized")["Message"].clone());
    }
    messages.dedup();
    assert_eq!(messages.len(), 1, "{messages:?}");
}

#[actix_web::test]
async fn no_credentials_and_unreadable_ones_are_told_apart_from_wrong_ones() {
    let app = TestApp::start().await;
    let body = group_of(&app).to_string().into_bytes();
    let path = "/v1/GetChatGroup";
    app.client.send("POST", path, &[], body.clone()).await.expect(401, "Unauthorized");
    for value in ["Basic", "Basic !!!", "Basic bm9jb2xvbg==", "Digest x", "ACS3 x", "", "Basic /w=="] {
        let answer = app.client.send("POST", path, &[("authorization", value)], body.clone()).await;
        assert!(answer.header("www-authenticate").is_some(), "{value}: {answer:?}");
        answer.expect(401, "Unauthorized");
    }
    let twice = [("authorization", "Bearer a"), ("authorization", "Bearer b")];
    app.client.send("POST", path, &twice, body.clone()).await.expect(401, "Unauthorized");
    app.client.send("POST", path, &[("authorization", "Bearer x")], body).await.expect(401, "InvalidToken");
}

#[actix_web::test]
async fn the_scheme_is_read_in_any_case() {
    let app = TestApp::start().await;
    let token = app.client.token(&app.first.key, None).await.body()["access_token"].as_str().unwrap().to_owned();
    for scheme in ["bearer", "BEARER", "Bearer"] {
        let value = format!("{scheme} {token}");
        let headers = [("authorization", value.as_str())];
        app.client
            .send("POST", "/v1/GetChatGroup", &headers, group_of(&app).to_string().into())
            .await
            .expect(200, "OK");
    }
}

#[actix_web::test]
async fn a_revoked_key_is_refused_within_a_second_with_its_tokens() {
    let app = TestApp::start().await;
    let mut ordinals = 0..5;
    one_is_within(Duration::from_secs(1), async || {
        let id = format!("key-{}", ordinals.next().unwrap());
        let key = app.key(&id, &[(app.first.cust_space_id, &["groups.read"])]).await;
        let token = app.client.token(&key, None).await.body()["access_token"].as_str().unwrap().to_owned();
        app.client.call_with_token(&token, "GetChatGroup", group_of(&app)).await.expect(200, "OK");
        app.store.revoke_access_key(&key.id, None, &actor()).await.unwrap();
        let begun = Instant::now();
        eventually("the token is refused", async || {
            let answer = app.client.call_with_token(&token, "GetChatGroup", group_of(&app)).await;
            (answer.code() == "InvalidToken").then_some(())
        })
        .await;
        let time = begun.elapsed();
        let begun = Instant::now();
        app.client.call_as(&key, "GetChatGroup", group_of(&app)).await.expect(401, "Unauthorized");
        Measured { time, plain: begun.elapsed() * 10 }
    })
    .await;
}

#[actix_web::test]
async fn nobody_learns_about_parameters_who_may_not_call() {
    let app = TestApp::start().await;
    app.client.send("POST", "/v1/GetChatGroup", &[], b"{ not json".to_vec()).await.expect(401, "Unauthorized");
}

#[actix_web::test]
async fn a_secret_that_does_not_open_is_nobodys_and_tells_nothing() {
    let app = TestApp::start().await;
    let url = secrecy::ExposeSecret::expose_secret(&app.database.superuser_url).to_owned();
    let mut database = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let copied =
        "update access_keys set sealed_secret = (select sealed_secret from access_keys where access_key_id = $2)
                  where access_key_id = $1";
    let copied = sqlx::query(copied).bind(&app.first.key.id).bind(&app.second.key.id).execute(&mut database).await;
    assert_eq!(copied.unwrap().rows_affected(), 1);
    for secret in [&app.first.key.secret, &app.second.key.secret] {
        let key = Credentials::new(&app.first.key.id, secret);
        app.client.call_as(&key, "GetChatGroup", group_of(&app)).await.expect(401, "Unauthorized");
    }
}
