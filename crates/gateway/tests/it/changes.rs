//! `QueryChatGroupRequest`.

use serde_json::json;

use secrecy::ExposeSecret;
use sqlx::Connection;

use crate::support::{TestApp, eventually};

#[actix_web::test]
async fn a_change_of_nobody_is_not_found() {
    let app = TestApp::start().await;
    let ask = json!({"UniqueCode": "0199aa0e-7c1d-7c44-9d0e-8a4f5a1b2c3d"});
    app.client.call("QueryChatGroupRequest", &app.first, ask).await.expect(404, "UniqueCode.NotFound");
}

#[actix_web::test]
async fn a_change_of_another_tenant_looks_the_same_as_none() {
    let app = TestApp::start().await;
    let begun = app.client.call("AddChatGroup", &app.first, json!({"Subject": "S"})).await.expect(200, "OK");
    let ask = json!({"UniqueCode": begun["UniqueCode"]});
    app.client.call("QueryChatGroupRequest", &app.first, ask.clone()).await.expect(200, "OK");
    app.client.call("QueryChatGroupRequest", &app.second, ask).await.expect(404, "UniqueCode.NotFound");
}

/// As if the change had been begun long ago.
async fn age(app: &TestApp) {
    let mut database = sqlx::PgConnection::connect(app.database.superuser_url.expose_secret()).await.unwrap();
    let aged = sqlx::query("update changes set created_at = created_at - interval '11 minutes'");
    assert_eq!(aged.execute(&mut database).await.unwrap().rows_affected(), 1);
}

#[actix_web::test]
async fn a_change_whose_webhook_never_comes_is_looked_up_at_meta() {
    let app = TestApp::start().await;
    app.sandbox.webhooks(json!({"mode": "hold"})).await;
    let wanted = json!({"Subject": "Nobody says so", "WaitSeconds": 0});
    let begun = app.client.call("AddChatGroup", &app.first, wanted).await.expect(200, "OK");
    age(&app).await;
    let ask = json!({"UniqueCode": begun["UniqueCode"]});
    let settled = eventually("the change is looked up", async || {
        let state = app.client.call("QueryChatGroupRequest", &app.first, ask.clone()).await.expect(200, "OK");
        (state["Status"] == "SUCCEEDED").then_some(state)
    })
    .await;
    let group = json!({"GroupId": settled["GroupId"]});
    let seen = app.client.call("GetChatGroup", &app.first, group).await.expect(200, "OK");
    assert_eq!(seen["Data"]["Subject"], "Nobody says so");
}

#[actix_web::test]
async fn a_change_that_meta_knows_nothing_of_becomes_unknown() {
    let app = TestApp::start().await;
    app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "close": "before"})).await;
    let wanted = json!({"Subject": "Lost on the way", "WaitSeconds": 0});
    let lost = app.client.call("AddChatGroup", &app.first, wanted).await.expect(502, "Upstream.Unavailable");
    age(&app).await;
    let ask = json!({"UniqueCode": lost["UniqueCode"]});
    eventually("the change is given up", async || {
        let state = app.client.call("QueryChatGroupRequest", &app.first, ask.clone()).await.expect(200, "OK");
        (state["Status"] == "UNKNOWN").then_some(())
    })
    .await;
}
