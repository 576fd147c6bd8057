//! Calls of which nobody knows how they ended: settled from the record, or said to be unknown, never sent again.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    call, calm_once_taken_over, creates, forget_begins, forget_ends, is_replayed, keyed, look_dead, send, subject,
};
use crate::matrix;
use crate::support::{META_MAY_TAKE, Reply, TestApp, WebServer, eventually, fixture};

/// Meta does it, and its answer is lost.
fn lost_answer(method: &str, path: &str) -> Value {
    json!({"method": method, "path": path, "count": 1000, "close": "after"})
}

/// The IDs of the groups that Meta has of a subject.
async fn groups_at_meta(app: &TestApp, subject: &str) -> Vec<String> {
    let state = app.sandbox.control("GET", "state").await;
    let groups = state["groups"].as_array().unwrap().iter().filter(|group| group["subject"] == subject);
    groups.map(|group| group["group_id"].as_str().unwrap().to_owned()).collect()
}

async fn losing_answers() -> TestApp {
    let app = TestApp::with(&[META_MAY_TAKE, ("GROUPGATE_UPSTREAM_BREAKERS", "false")]).await;
    app.sandbox.fail(lost_answer("POST", "*")).await;
    app
}

#[actix_web::test]
async fn a_group_that_meta_made_without_saying_so_is_found_again_under_its_key() {
    let app = losing_answers().await;
    let lost = keyed(&app, "AddChatGroup", "order-1", subject("Lost and found")).await;
    let lost = lost.expect(502, "Upstream.Unavailable");
    assert_eq!(lost["RetrySafe"], false);
    let found = keyed(&app, "AddChatGroup", "order-1", subject("Lost and found")).await;
    assert!(!is_replayed(&found), "it was not known before");
    let found = found.expect(200, "OK");
    assert_eq!(found["UniqueCode"], lost["UniqueCode"]);
    assert_eq!(groups_at_meta(&app, "Lost and found").await, [found["GroupId"].as_str().unwrap()]);
    let again = keyed(&app, "AddChatGroup", "order-1", subject("Lost and found")).await;
    assert!(is_replayed(&again));
    assert_eq!(again.body(), found);
    assert_eq!(creates(&app).await, 1);
}

#[actix_web::test]
async fn a_group_of_which_no_webhook_told_yet_is_unknown_until_one_does() {
    let app = losing_answers().await;
    app.sandbox.webhooks(json!({"mode": "hold"})).await;
    let wanted = json!({"Subject": "Lost and found", "WaitSeconds": 0});
    let lost = keyed(&app, "AddChatGroup", "order-1", wanted.clone()).await.expect(502, "Upstream.Unavailable");
    for _ in 0..2 {
        let unknown = keyed(&app, "AddChatGroup", "order-1", wanted.clone()).await;
        let unknown = unknown.expect(409, "IdempotentProcessing");
        assert_eq!(unknown["UniqueCode"], lost["UniqueCode"]);
        assert!(unknown["Message"].as_str().unwrap().starts_with("Outcome unknown"), "{unknown}");
    }
    eventually("held webhooks are sent", async || (app.sandbox.release().await > 0).then_some(())).await;
    let found = eventually("the webhook settles it", async || {
        let answer = keyed(&app, "AddChatGroup", "order-1", wanted.clone()).await;
        (answer.status == 200).then(|| answer.body())
    })
    .await;
    assert_eq!(groups_at_meta(&app, "Lost and found").await, [found["GroupId"].as_str().unwrap()]);
    assert_eq!(creates(&app).await, 1);
}

#[actix_web::test]
async fn a_group_that_was_deleted_without_saying_so_is_known_to_be_under_its_key() {
    let app = TestApp::with(&[META_MAY_TAKE]).await;
    let made = app.client.call("AddChatGroup", &app.first, subject("S")).await.expect(200, "OK");
    app.sandbox.fail(lost_answer("DELETE", "*")).await;
    let group = json!({"GroupId": made["GroupId"]});
    keyed(&app, "DeleteChatGroup", "1", group.clone()).await.expect(502, "Upstream.Unavailable");
    let deleted = keyed(&app, "DeleteChatGroup", "1", group).await.expect(200, "OK");
    assert_eq!((&deleted["Result"], &deleted["GroupStatus"]), (&json!(1), &json!("INACTIVE")));
    assert_eq!(app.sandbox.count("DELETE", "/").await, 1);
}

#[actix_web::test]
async fn a_picture_that_meta_took_without_saying_so_is_not_fetched_again_under_its_key() {
    let settings = [META_MAY_TAKE, ("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8")];
    let app = TestApp::with(&settings).await;
    app.sandbox.fail(lost_answer("POST", "*")).await;
    let web = WebServer::start(Reply::file("image/jpeg", &fixture("pictures/baseline.jpg"))).await;
    let picture = json!({"GroupId": app.first.group_id, "ProfilePictureFile": web.url("/picture.jpg")});
    let lost = keyed(&app, "UpdateChatGroup", "1", picture.clone()).await.expect(502, "Upstream.Unavailable");
    assert_eq!(web.connections(), 1);
    web.stop().await;
    let found = keyed(&app, "UpdateChatGroup", "1", picture).await.expect(200, "OK");
    assert_eq!(found["UniqueCode"], lost["UniqueCode"]);
    assert_eq!(found["Fields"], json!({"ProfilePicture": {"UpdateSuccessful": true}}));
    assert_eq!(app.sandbox.count("POST", app.first.group_id).await, 1);
}

#[actix_web::test]
async fn a_change_that_leaves_no_record_stays_unknown_and_is_not_sent_again() {
    let app = losing_answers().await;
    let group = json!({"GroupId": app.first.group_id});
    let lost = keyed(&app, "AddChatGroupInviteLink", "1", group.clone()).await.expect(502, "Upstream.Unavailable");
    assert_eq!(lost["RetrySafe"], false);
    for _ in 0..2 {
        let unknown = keyed(&app, "AddChatGroupInviteLink", "1", group.clone()).await;
        let unknown = unknown.expect(409, "IdempotentProcessing");
        assert!(unknown["Message"].as_str().unwrap().starts_with("Outcome unknown"), "{unknown}");
    }
    assert_eq!(app.sandbox.count("POST", "/invite_link").await, 1);
}

#[actix_web::test]
async fn a_call_that_broke_off_before_its_record_is_made_now() {
    let app = TestApp::start().await;
    keyed(&app, "AddChatGroup", "order-1", subject("S")).await.expect(200, "OK");
    forget_begins(&app).await;
    let made = keyed(&app, "AddChatGroup", "order-1", subject("S")).await;
    assert!(!is_replayed(&made));
    assert!(made.expect(200, "OK")["GroupId"].is_string());
    assert_eq!(creates(&app).await, 2, "the record comes before the call, so nothing had been sent");
}

#[actix_web::test]
async fn a_call_that_broke_off_after_its_end_is_answered_from_the_record() {
    let app = TestApp::start().await;
    let made = keyed(&app, "AddChatGroup", "order-1", subject("S")).await.expect(200, "OK");
    app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "code": 131_211})).await;
    let refused = keyed(&app, "AddChatGroup", "order-2", subject("T")).await.expect(422, "Upstream.Rejected");
    app.sandbox.webhooks(json!({"mode": "hold"})).await;
    let pending = json!({"Subject": "U", "WaitSeconds": 0});
    let begun = keyed(&app, "AddChatGroup", "order-3", pending.clone()).await.expect(200, "OK");
    forget_ends(&app).await;

    let again = keyed(&app, "AddChatGroup", "order-1", subject("S")).await.expect(200, "OK");
    assert_eq!((&again["GroupId"], &again["InviteLink"]), (&made["GroupId"], &made["InviteLink"]));
    let again = keyed(&app, "AddChatGroup", "order-2", subject("T")).await.expect(422, "Upstream.Rejected");
    assert_eq!(again["Upstream"]["Code"], refused["Upstream"]["Code"]);
    let again = keyed(&app, "AddChatGroup", "order-3", pending).await.expect(200, "OK");
    assert_eq!((again.get("GroupId"), &again["UniqueCode"]), (None, &begun["UniqueCode"]));
    assert_eq!(creates(&app).await, 3);
}

/// How long Meta takes over a call, in milliseconds: until the sandbox is calmed.
const TAKES_ITS_TIME: u64 = 60_000;

#[actix_web::test]
async fn a_process_that_looked_dead_and_was_not_makes_one_group_with_the_one_that_took_over() {
    let app = TestApp::start().await;
    let (other, running) = app.replica().await;
    app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "delay_ms": TAKES_ITS_TIME})).await;
    let taken_over = async {
        look_dead(&app, "/groups").await;
        let call = call(&other, &app.first, "AddChatGroup", "order-1", subject("S"));
        tokio::join!(call, calm_once_taken_over(&app)).0
    };
    let (first, second) = tokio::join!(keyed(&app, "AddChatGroup", "order-1", subject("S")), taken_over);
    let (first, second) = (first.expect(200, "OK"), second.expect(200, "OK"));
    assert_eq!((&first["GroupId"], &first["UniqueCode"]), (&second["GroupId"], &second["UniqueCode"]));
    assert!(first["GroupId"].is_string(), "{first}");
    assert_eq!(creates(&app).await, 1);
    running.stop(Duration::from_secs(1)).await;
}

#[actix_web::test]
async fn a_process_that_looked_dead_and_was_not_tells_what_the_one_that_took_over_could_not() {
    let app = TestApp::start().await;
    let (other, running) = app.replica().await;
    let group = json!({"GroupId": app.first.group_id});
    other.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    app.sandbox.fail(json!({"method": "POST", "path": "*/invite_link", "delay_ms": TAKES_ITS_TIME})).await;
    let taken_over = async {
        look_dead(&app, "/invite_link").await;
        let told = call(&other, &app.first, "AddChatGroupInviteLink", "1", group.clone()).await;
        app.sandbox.calm().await;
        told
    };
    let (first, second) = tokio::join!(keyed(&app, "AddChatGroupInviteLink", "1", group.clone()), taken_over);
    second.expect(409, "IdempotentProcessing");
    let again = call(&other, &app.first, "AddChatGroupInviteLink", "1", group).await;
    assert!(is_replayed(&again) && again.text == first.text, "{}", again.text);
    first.expect(200, "OK");
    assert_eq!(app.sandbox.count("POST", "/invite_link").await, 1);
    running.stop(Duration::from_secs(1)).await;
}

#[actix_web::test]
async fn a_key_that_is_open_does_not_give_its_call_another_body() {
    let app = losing_answers().await;
    keyed(&app, "AddChatGroup", "order-1", subject("S")).await.expect(502, "Upstream.Unavailable");
    let other = keyed(&app, "AddChatGroup", "order-1", subject("T")).await;
    other.expect(422, "IdempotentParameterMismatch");
}

/// What may have changed something at Meta, so far.
async fn changes(app: &TestApp) -> usize {
    app.sandbox.requests().await.iter().filter(|request| request["method"] != "GET").count()
}

#[actix_web::test]
async fn no_operation_is_sent_twice_under_one_key() {
    let app = losing_answers().await;
    app.sandbox.fail(lost_answer("DELETE", "*")).await;
    let everything = app.key("everything", &[(app.first.cust_space_id, &["cams:*"])]).await;
    for row in matrix::rows().into_iter().filter(|row| row.is_change) {
        let body = row.about(&app.first).to_string();
        let make =
            async || send(&app.client, &everything, row.operation, &[("idempotency-key", "1")], body.clone()).await;
        let before = changes(&app).await;
        let first = make().await;
        let sent = changes(&app).await;
        assert!(sent > before, "{} was not sent at all: {}", row.operation, first.text);
        let second = make().await;
        assert!([200, 404, 409, 422].contains(&second.status), "{}: {}", row.operation, second.text);
        assert_eq!(changes(&app).await, sent, "{} was sent again", row.operation);
    }
}
