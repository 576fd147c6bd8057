//! A tenant's Graph token: stored, replaced, removed, and what Meta says of it.

use serde_json::{Value, json};

use crate::support::{Admin, Client, Receiver, Tenant, TestApp, eventually};

const CREDENTIAL: &str = "/tenants/cams-demo1/credential";
const APP: (&str, &str) = ("GROUPGATE_APP_ID", "300000000000001");
const ALLOWED: (&str, &str) = ("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8");

/// One whose Meta app may ask about tokens.
async fn app() -> TestApp {
    TestApp::with(&[APP, ALLOWED]).await
}

/// A token more that sees the first tenant's account.
async fn another_token(app: &TestApp, token: &str) {
    let body = json!({"waba_id": app.first.waba_id, "numbers": [], "token": token});
    assert_eq!(app.sandbox.post("wabas", body).await.0, 200);
}

async fn put(admin: &Admin, tag: &str, token: &str) -> crate::support::Answered {
    admin.change("PUT", CREDENTIAL, tag, json!({"access_token": token})).await
}

/// The first tenant's credential, as soon as it is in this state.
async fn in_state(admin: &Admin, state: &str) -> Value {
    eventually("the token is in the state", async || {
        let shown = admin.get(CREDENTIAL).await.done(200);
        (shown["state"] == state).then_some(shown)
    })
    .await
}

/// An endpoint of the ISV that hears of tokens.
async fn isv_hears(admin: &Admin) -> Receiver {
    let receiver = Receiver::recording(|_| 200);
    admin.post("/endpoints", json!({"url": receiver.url("/"), "types": ["credential.*"]})).await.done(201);
    receiver
}

/// What the ISV was told, once it was told as much.
async fn told(receiver: &Receiver, count: usize) -> Vec<Value> {
    eventually("the ISV is told", async || {
        let told: Vec<Value> = receiver.deliveries().iter().map(crate::support::Delivery::event).collect();
        (told.len() == count).then_some(told)
    })
    .await
}

fn group(tenant: &Tenant) -> Value {
    json!({"GroupId": tenant.group_id})
}

#[actix_web::test]
async fn a_token_is_asked_about_stored_shown_by_its_end_alone_and_removed() {
    let app = app().await;
    let admin = app.admin().await;
    let shown = admin.get(CREDENTIAL).await;
    let removed = admin.change("DELETE", CREDENTIAL, &shown.etag(), Value::Null).await;
    assert_eq!((removed.status, removed.text.as_str()), (204, ""));
    assert_eq!(admin.get("/tenants/cams-demo1").await.done(200)["status"], "pending");
    let missing = admin.get(CREDENTIAL).await;
    assert_eq!(missing.etag(), "\"0\"");
    let missing = missing.done(200);
    assert_eq!((&missing["state"], &missing["last4"]), (&json!("missing"), &Value::Null));

    let token = "EAAthe-second-token-of-the-first";
    another_token(&app, token).await;
    put(&admin, "\"1\"", token).await.problem(412, "PreconditionFailed");
    let stored = put(&admin, "\"0\"", token).await;
    let tag = stored.etag();
    assert!(!stored.text.contains(token));
    let stored = stored.done(200);
    assert_eq!(
        (&stored["state"], &stored["last4"], &stored["app_id"]),
        (&json!("valid"), &json!("irst"), &json!(APP.1))
    );
    assert!(stored["checked_at"].is_string() && stored["expires_at"].is_null());
    assert!(stored["scopes"].as_array().unwrap().contains(&json!("whatsapp_business_messaging")));
    assert_eq!(admin.get("/tenants/cams-demo1").await.done(200)["status"], "active");
    let same = admin.get(CREDENTIAL).await;
    assert_eq!((same.etag(), same.done(200)), (tag, stored));
}

#[actix_web::test]
async fn a_token_that_meta_does_not_take_is_refused_and_the_one_before_stays() {
    let app = app().await;
    let admin = app.admin().await;
    let refused = put(&admin, "*", "EAAnobody-gave-this-out").await;
    assert!(!refused.text.contains("nobody-gave-this-out"), "{}", refused.text);
    let refused = refused.problem(400, "InvalidParameter");
    assert_eq!(refused["errors"][0]["field"], "access_token");
    put(&admin, "*", "EAA with spaces").await.problem(400, "InvalidParameter");
    admin.change("PUT", CREDENTIAL, "*", json!({"token": "EAA"})).await.problem(400, "InvalidParameter");
    app.client.call("GetChatGroupInviteLink", &app.first, group(&app.first)).await.expect(200, "OK");
    admin.get("/tenants/cams-nobody/credential").await.problem(404, "NotFound");
    admin.post("/tenants/cams-nobody/credential/check", Value::Null).await.problem(404, "NotFound");
}

#[actix_web::test]
async fn a_dead_token_is_found_at_metas_first_refusal_told_once_and_meta_is_asked_no_more() {
    let app = app().await;
    let admin = app.admin().await;
    let isv = isv_hears(&admin).await;
    app.sandbox.control("POST", &format!("tokens/{}/revoke", app.first.graph_token)).await;
    let dead = async || {
        let answered = app.client.call("GetChatGroupInviteLink", &app.first, group(&app.first)).await;
        answered.expect(424, "Credential.Invalid")
    };
    dead().await;
    let shown = in_state(&admin, "invalid").await;
    assert!(shown["reason"].as_str().unwrap().contains("logged out"), "{shown}");
    eventually("the gateway refuses by itself", async || dead().await.get("Upstream").is_none().then_some(())).await;
    let asked = app.sandbox.count("GET", "/invite_link").await;
    dead().await;
    assert_eq!(app.sandbox.count("GET", "/invite_link").await, asked, "Meta is not asked with a dead token");
    let told = told(&isv, 1).await;
    assert_eq!((&told[0]["Type"], &told[0]["CustSpaceId"]), (&json!("credential.invalid"), &json!("cams-demo1")));
    assert!(told[0]["Data"]["Detail"]["Reason"].as_str().unwrap().contains("logged out"), "{}", told[0]);

    another_token(&app, "EAAthe-second-token-of-the-first").await;
    put(&admin, "*", "EAAthe-second-token-of-the-first").await.done(200);
    eventually("the new token is used", async || {
        let answered = app.client.call("GetChatGroupInviteLink", &app.first, group(&app.first)).await;
        (answered.status == 200).then_some(())
    })
    .await;
}

/// As soon as Meta was asked about both tenants' tokens, as it is when they were just stored: when about the first.
async fn first_look(admin: &Admin) -> Value {
    let when =
        async |tenant: &str| admin.get(&format!("/tenants/{tenant}/credential")).await.body()["checked_at"].clone();
    eventually("Meta was asked", async || {
        let (first, second) = (when("cams-demo1").await, when("cams-demo2").await);
        (first.is_string() && second.is_string()).then_some(first)
    })
    .await
}

#[actix_web::test]
async fn a_refusal_that_was_metas_mistake_harms_no_later_call() {
    let app = app().await;
    let admin = app.admin().await;
    let before = first_look(&admin).await;
    app.sandbox.fail(json!({"path": "*/invite_link", "code": 190})).await;
    let call = async || app.client.call("GetChatGroupInviteLink", &app.first, group(&app.first)).await;
    call().await.expect(424, "Credential.Invalid");
    call().await.expect(200, "OK");
    let shown = eventually("Meta was asked again", async || {
        Some(admin.get(CREDENTIAL).await.body()).filter(|shown| shown["checked_at"] != before)
    })
    .await;
    assert_eq!((&shown["state"], &shown["reason"]), (&json!("valid"), &Value::Null));
    call().await.expect(200, "OK");
}

#[actix_web::test]
async fn what_meta_may_take_back_kills_no_token() {
    let app = app().await;
    let admin = app.admin().await;
    let isv = isv_hears(&admin).await;
    let before = first_look(&admin).await;
    let call = async || app.client.call("GetChatGroupInviteLink", &app.first, group(&app.first)).await;
    let dead = |error: Value| json!({"data": {"is_valid": false, "error": error}});
    for mut fault in [
        json!({"code": 2, "count": 3}),
        json!({"http_status": 502, "body": "<html>", "count": 3}),
        json!({"close": "before", "count": 3}),
        json!({"http_status": 200, "body": dead(json!({"code": 190, "subcode": 459, "message": "checkpointed"}))}),
        json!({"http_status": 200, "body": dead(json!({"code": 1, "message": "try again"}))}),
    ] {
        fault["path"] = json!("*/debug_token");
        app.sandbox.fail(fault.clone()).await;
        let refused = admin.post(&format!("{CREDENTIAL}/check"), Value::Null).await;
        refused.problem(422, "Upstream.Rejected");
        let shown = admin.get(CREDENTIAL).await.done(200);
        assert_eq!((&shown["state"], &shown["checked_at"]), (&json!("valid"), &before), "{fault}");
        call().await.expect(200, "OK");
    }
    // Nor does the look that a refused call gives rise to.
    let asked = app.sandbox.count("GET", "/debug_token").await;
    let body = dead(json!({"code": 190, "subcode": 464, "message": "not confirmed"}));
    app.sandbox.fail(json!({"path": "*/debug_token", "http_status": 200, "body": body})).await;
    app.sandbox.fail(json!({"path": "*/invite_link", "code": 190})).await;
    call().await.expect(424, "Credential.Invalid");
    eventually("Meta was asked", async || (app.sandbox.count("GET", "/debug_token").await > asked).then_some(())).await;
    call().await.expect(200, "OK");
    assert_eq!(admin.get(CREDENTIAL).await.done(200)["state"], "valid");
    assert!(isv.deliveries().is_empty());
}

#[actix_web::test]
async fn meta_is_asked_once_a_replica_about_a_dead_token_however_many_calls_found_it() {
    let app = app().await;
    let admin = app.admin().await;
    let isv = isv_hears(&admin).await;
    let (replica, running) = app.replica_with(&[APP, ALLOWED]).await;
    let call =
        async |client: &Client| client.call("GetChatGroupInviteLink", &app.first, group(&app.first)).await.status;
    assert_eq!((call(&app.client).await, call(&replica).await), (200, 200));
    first_look(&admin).await;
    let before = app.sandbox.count("GET", "/debug_token").await;
    app.sandbox.control("POST", &format!("tokens/{}/revoke", app.first.graph_token)).await;
    let calls = (0..20).map(|index| call(if index % 2 == 0 { &app.client } else { &replica }));
    assert!(futures_util::future::join_all(calls).await.iter().all(|status| *status == 424));
    in_state(&admin, "invalid").await;
    eventually("both replicas refuse by themselves", async || {
        let asked = app.sandbox.count("GET", "/invite_link").await;
        assert_eq!((call(&app.client).await, call(&replica).await), (424, 424));
        (app.sandbox.count("GET", "/invite_link").await == asked).then_some(())
    })
    .await;
    told(&isv, 1).await;
    assert!(app.sandbox.count("GET", "/debug_token").await - before <= 2, "once a replica");
    running.stop(std::time::Duration::ZERO).await;
    assert_eq!(isv.deliveries().len(), 1);
}

#[actix_web::test]
async fn a_dead_token_is_found_on_metas_own_paths_and_refused_there_without_meta() {
    let app = app().await;
    let admin = app.admin().await;
    first_look(&admin).await;
    app.sandbox.control("POST", &format!("tokens/{}/revoke", app.first.graph_token)).await;
    let bearer = app.first.key.bearer();
    let list = async || {
        let path = format!("/graph/v23.0/{}/groups", app.first.phone_number_id);
        let answered = app.client.send("GET", &path, &[("authorization", &bearer)], Vec::new()).await;
        answered.body()["error"]["code"].clone()
    };
    assert_eq!(list().await, 190);
    in_state(&admin, "invalid").await;
    eventually("the gateway refuses by itself", async || {
        let asked = app.sandbox.count("GET", "/groups").await;
        let code = list().await;
        (app.sandbox.count("GET", "/groups").await == asked)
            .then(|| assert_eq!(code, 10, "190 is for the caller's own key"))
    })
    .await;
}

#[actix_web::test]
async fn a_check_asks_meta_now_and_an_end_is_told_ahead_of_time() {
    let app = app().await;
    let admin = app.admin().await;
    let isv = isv_hears(&admin).await;
    let in_three_days = time::OffsetDateTime::now_utc().unix_timestamp() + 3 * 24 * 3600;
    let expire = format!("tokens/{}/expire", app.first.graph_token);
    assert_eq!(app.sandbox.post(&expire, json!({"at": in_three_days})).await.0, 200);
    let checked = admin.post(&format!("{CREDENTIAL}/check"), Value::Null).await.done(200);
    assert_eq!(checked["state"], "expiring");
    assert!(checked["expires_at"].is_string());
    let told = told(&isv, 1).await;
    assert_eq!(told[0]["Type"], "credential.expiring");
    assert_eq!(
        told[0]["Data"]["Detail"]["ExpiresAt"].as_str().map(|at| &at[..10]),
        checked["expires_at"].as_str().map(|at| &at[..10])
    );
    app.client.call("GetChatGroupInviteLink", &app.first, group(&app.first)).await.expect(200, "OK");
}

#[actix_web::test]
async fn without_the_apps_id_a_token_is_stored_unchecked_and_cannot_be_checked() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let stored = put(&admin, "*", "EAAwhatever-token-this-is").await.done(200);
    assert_eq!((&stored["state"], &stored["checked_at"]), (&json!("valid"), &Value::Null));
    let unfit = admin.post(&format!("{CREDENTIAL}/check"), Value::Null).await.problem(409, "Conflict.State");
    assert!(unfit["detail"].as_str().unwrap().contains("GROUPGATE_APP_ID"), "{unfit}");
    let unfit = admin.post("/tenants/cams-demo1/onboarding", json!({"access_token": "EAAx"})).await;
    unfit.problem(409, "Conflict.State");
}
