//! `QueryChatGroupRequest`.

use serde_json::json;

use crate::support::{TestApp, eventually, superuser};

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

/// As if the change had been begun 11 minutes ago, and not been looked up yet.
async fn age(app: &TestApp) {
    age_by(app, "11 minutes").await;
}

async fn age_by(app: &TestApp, interval: &str) {
    let mut database = superuser(&app.database).await;
    let aged = "update changes set created_at = created_at - $1::text::interval, claimed_until = null";
    assert_eq!(sqlx::query(aged).bind(interval).execute(&mut database).await.unwrap().rows_affected(), 1);
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

#[actix_web::test]
async fn a_list_that_never_ends_settles_nothing_until_the_change_is_given_up() {
    let app = TestApp::with(&[("GROUPGATE_RATE_PER_NUMBER", "off")]).await;
    app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "close": "before"})).await;
    let wanted = json!({"Subject": "Lost on the way", "WaitSeconds": 0});
    let lost = app.client.call("AddChatGroup", &app.first, wanted).await.expect(502, "Upstream.Unavailable");
    let endless = json!({
        "data": {"groups": [{"id": "another", "subject": "Another", "created_at": "1763712000"}]},
        "paging": {"cursors": {"after": "more"}, "next": "more"},
    });
    let path = json!({"method": "GET", "path": "*/groups", "http_status": 200, "count": 1000, "body": endless});
    app.sandbox.fail(path).await;
    let ask = json!({"UniqueCode": lost["UniqueCode"]});
    let status =
        async || app.client.call("QueryChatGroupRequest", &app.first, ask.clone()).await.body()["Status"].clone();
    age(&app).await;
    let asked = async |pages: usize| (app.sandbox.count("GET", "/groups").await >= pages).then_some(());
    eventually("every page that Meta may have is asked for", async || asked(16).await).await;
    assert_eq!(status().await, "SENDING");
    age_by(&app, "1 hour").await;
    eventually("the change is given up", async || (status().await == "UNKNOWN").then_some(())).await;
    assert_eq!(app.sandbox.count("GET", "/groups").await, 32, "a look asks for sixteen pages and no more");
}
