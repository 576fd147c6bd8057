//! `Idempotency-Key`: what is sent twice is done once.

use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::support::{Admin, Answered, TestApp, somebody_waits_for_a_lock, superuser};

async fn add(admin: &Admin, key: &str, body: Value) -> Answered {
    admin.send("POST", "/tenants", &[("idempotency-key", key)], &body.to_string()).await
}

#[actix_web::test]
async fn a_post_that_is_sent_again_is_done_once_and_answered_as_the_first_was() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let first = add(&admin, "order-1", json!({"name": "Once"})).await;
    let again = add(&admin, "order-1", json!({"name": "Once"})).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    for header in ["etag", "location", "x-request-id", "content-type"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    assert_eq!((again.status, &again.text), (201, &first.text));
    let all = admin.get("/tenants").await.done(200);
    assert_eq!(all["data"].as_array().unwrap().len(), 3, "{all}");

    add(&admin, "order-1", json!({"name": "Twice"})).await.problem(422, "IdempotentParameterMismatch");
    let other = app.admin_with("other", &[("*", &["admin.write"])]).await;
    let of_other = add(&other, "order-1", json!({"name": "Once"})).await;
    assert_eq!((of_other.status, of_other.header("idempotency-replayed")), (201, None), "a key is its caller's own");
    add(&admin, "", json!({"name": "x"})).await.problem(400, "InvalidParameter");
}

#[actix_web::test]
async fn a_key_under_which_nothing_was_done_can_be_used_again() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    add(&admin, "order-1", json!({"cust_space_id": "cams-demo1", "name": "Taken"})).await.problem(409, "Conflict");
    add(&admin, "order-1", json!({"cust_space_id": "cams-free", "name": "Free"})).await.done(201);
}

#[actix_web::test]
async fn the_same_post_at_the_same_time_is_done_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let calls = (0..6).map(|_| add(&admin, "order-1", json!({"name": "Once"})));
    let answers = futures_util::future::join_all(calls).await;
    for answer in &answers {
        assert!([201, 409].contains(&answer.status), "{}", answer.text);
    }
    assert!(answers.iter().any(|answer| answer.status == 201));
    assert_eq!(admin.get("/tenants").await.done(200)["data"].as_array().unwrap().len(), 3);
}

/// Leaves the key as a gateway does that is killed before it has written the answer down.
async fn break_off(app: &TestApp) {
    let killed = "update idempotency_keys
                  set state = 'running', claim = gen_random_uuid(), owner = 1, running_until = now() + interval '1 hour',
                      code = null, http_status = null, answer = null, request_id = null";
    sqlx::query(killed).execute(&mut superuser(&app.database).await).await.unwrap();
}

#[actix_web::test]
async fn a_call_that_was_killed_after_its_change_is_not_made_again() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let first = add(&admin, "order-1", json!({"cust_space_id": "cams-once", "name": "Once"})).await;
    let call = first.header("x-request-id").unwrap().to_owned();
    first.done(201);
    break_off(&app).await;
    for _ in 0..2 {
        let again = add(&admin, "order-1", json!({"cust_space_id": "cams-once", "name": "Once"})).await;
        let told = again.problem(409, "IdempotentProcessing");
        let detail = told["detail"].as_str().unwrap();
        assert!(detail.contains("`tenant.add` on `cams-once`") && detail.contains(&call), "{detail}");
    }
}

#[actix_web::test]
async fn a_call_that_was_killed_before_its_change_is_made_by_the_next_one() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    add(&admin, "order-1", json!({"name": "Never"})).await.done(201);
    break_off(&app).await;
    // As if the kill had come before the change's commit.
    sqlx::query("delete from audit_log").execute(&mut superuser(&app.database).await).await.unwrap();
    let made = add(&admin, "order-1", json!({"name": "Never"})).await;
    assert_eq!((made.status, made.header("idempotency-replayed")), (201, None), "{}", made.text);
    let again = add(&admin, "order-1", json!({"name": "Never"})).await;
    assert_eq!((&again.text, again.header("idempotency-replayed")), (&made.text, Some("true")));
}

#[actix_web::test]
async fn whoever_takes_over_waits_for_what_is_being_committed() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let first = add(&admin, "order-1", json!({"name": "Once"})).await;
    let call: uuid::Uuid = first.header("x-request-id").unwrap().parse().unwrap();
    first.done(201);
    break_off(&app).await;
    // A transaction that has written its entry, and commits it only later.
    let mut late = superuser(&app.database).await;
    let mut late = late.begin().await.unwrap();
    sqlx::query("select hold_idempotency_key($1)").bind(call).execute(&mut *late).await.unwrap();
    let again = add(&admin, "order-1", json!({"name": "Once"}));
    let commit = async {
        somebody_waits_for_a_lock(&app.database).await;
        late.commit().await.unwrap();
    };
    let (again, ()) = futures_util::join!(again, commit);
    again.problem(409, "IdempotentProcessing");
}

#[actix_web::test]
async fn an_action_that_is_sent_again_is_not_stale_for_what_it_did_itself() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let tag = admin.get("/tenants/cams-demo1").await.etag();
    let headers = [("idempotency-key", "suspend-1"), ("if-match", tag.as_str())];
    for _ in 0..2 {
        let suspend = admin.send("POST", "/tenants/cams-demo1/suspend", &headers, r#"{"reason": "x"}"#).await;
        assert_eq!(suspend.done(200)["status"], "suspended");
    }
}
