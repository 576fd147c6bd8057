//! `GET /v1/whoami`.

use serde_json::json;

use crate::support::{Answered, TestApp};

async fn ask(app: &TestApp, authorization: &str) -> Answered {
    app.client.send("GET", "/v1/whoami", &[("authorization", authorization)], Vec::new()).await
}

#[actix_web::test]
async fn a_key_is_told_its_grants() {
    let app = TestApp::start().await;
    let grants: &[(&str, &[&str])] = &[("cams-demo1", &["groups.read", "cams:AddChatGroup"]), ("*", &["admin.read"])];
    let key = app.key("key-of-two-grants", grants).await;
    let told = ask(&app, &key.basic()).await.expect(200, "OK");
    assert_eq!(told["AccessKeyId"], "key-of-two-grants");
    assert_eq!(
        told["Grants"],
        json!([
            {"CustSpaceIds": ["cams-demo1"], "Scopes": ["groups.read", "cams:AddChatGroup"]},
            {"CustSpaceIds": ["*"], "Scopes": ["admin.read"]},
        ])
    );
    assert!(told.get("Token").is_none(), "{told}");
    assert!(!told.to_string().contains(&key.secret), "no secret is told");
}

#[actix_web::test]
async fn a_token_is_told_what_it_narrows_and_when_it_ends() {
    let app = TestApp::start().await;
    let token = app.client.token(&app.first.key, Some("groups.read")).await.body();
    let told = ask(&app, &format!("Bearer {}", token["access_token"].as_str().unwrap())).await.expect(200, "OK");
    assert_eq!(told["AccessKeyId"], app.first.key.id);
    assert_eq!(told["Grants"][0]["Scopes"], json!(["groups.read", "groups.write", "messages.send"]), "the key's own");
    assert_eq!(told["Token"]["Scopes"], json!(["groups.read"]));
    assert_eq!(told["Token"]["CustSpaceIds"], json!([app.first.cust_space_id]));
    let ends_in =
        told["Token"]["ExpirationTimestamp"].as_i64().unwrap() - time::OffsetDateTime::now_utc().unix_timestamp();
    assert!((880..=900).contains(&ends_in), "{ends_in}");
}

#[actix_web::test]
async fn nobody_is_nobody_and_only_looking_is_possible() {
    let app = TestApp::start().await;
    app.client.send("GET", "/v1/whoami", &[], Vec::new()).await.expect(401, "Unauthorized");
    ask(&app, "Bearer nonsense").await.expect(401, "InvalidToken");
    let posted = app.client.send("POST", "/v1/whoami", &[], Vec::new()).await;
    assert_eq!(posted.header("allow"), Some("GET, HEAD"));
    posted.expect(405, "MethodNotAllowed");
}
