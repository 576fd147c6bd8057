//! Webhooks: at least once, signed, and in the manner that was asked for.

use std::time::Duration;

use actix_web::http::Method;
use graph_sandbox::{DEMO_GROUP_ID_1, DEMO_WABA_ID_1, DEMO_WABA_ID_2, SandboxSettings};
use serde_json::{Value, json};

use crate::helpers::{APP_SECRET, Receiver, TOKEN_2, TestSandbox, settings, whatsapp};

const GROUPS: &str = "100000000000001/groups";

async fn mode(sandbox: &TestSandbox, setting: Value) -> Value {
    let (status, body) = sandbox.control(Method::PUT, "webhooks", setting).await;
    assert_eq!(status, 200, "{body}");
    body
}

async fn release(sandbox: &TestSandbox, body: Value) -> Value {
    let (status, body) = sandbox.control(Method::POST, "webhooks/release", body).await;
    assert_eq!(status, 200, "{body}");
    body
}

/// Users who come in this order, each with a webhook.
async fn joins(sandbox: &TestSandbox, users: &[&str]) {
    let link = sandbox.link(DEMO_GROUP_ID_1).await;
    for user in users {
        assert_eq!(sandbox.join(user, &link).await.0, 200);
    }
}

fn joined(change: &Value) -> String {
    let user = &change["value"]["groups"][0]["added_participants"][0]["wa_id"];
    user.as_str().unwrap_or_default().to_owned()
}

fn arrivals(sandbox: &TestSandbox) -> Vec<String> {
    sandbox.receiver.changes().iter().map(joined).collect()
}

#[actix_web::test]
async fn a_webhook_is_sent_again_until_it_is_answered_with_200() {
    let sandbox = TestSandbox::start().await;
    sandbox.receiver.answer_with(503);
    joins(&sandbox, &["16505550001"]).await;
    sandbox.receiver.count(2).await;
    sandbox.receiver.answer_with(201);
    sandbox.receiver.count(3).await;
    sandbox.receiver.answer_with(200);
    sandbox.receiver.change(|change| joined(change) == "16505550001").await;
    let all = sandbox.receiver.received();
    assert!(all.len() >= 4 && all.iter().all(|one| one.body == all[0].body));
    assert!(all.iter().all(|one| one.is_signed_with(APP_SECRET)));
}

#[actix_web::test]
async fn webhooks_of_one_account_keep_their_order() {
    let sandbox = TestSandbox::start().await;
    let users = ["16505550001", "16505550002", "16505550003", "16505550004"];
    joins(&sandbox, &users).await;
    sandbox.receiver.count(4).await;
    assert_eq!(arrivals(&sandbox), users);
}

#[actix_web::test]
async fn held_webhooks_go_when_released_in_number_and_order() {
    let sandbox = TestSandbox::start().await;
    mode(&sandbox, json!({ "mode": "hold" })).await;
    joins(&sandbox, &["16505550001", "16505550002", "16505550003"]).await;
    let pending = sandbox.state().await["pending_webhooks"].clone();
    assert_eq!(pending.as_array().unwrap().len(), 3);
    assert_eq!(pending[0]["held"], true);
    assert!(sandbox.receiver.received().is_empty());
    let sent = release(&sandbox, json!({ "count": 2, "order": "lifo" })).await;
    assert_eq!(sent["sent"], 2);
    assert_eq!(arrivals(&sandbox), ["16505550003", "16505550002"]);
    assert_eq!(release(&sandbox, Value::Null).await["sent"], 1);
    assert_eq!(release(&sandbox, Value::Null).await["sent"], 0);
    assert_eq!(arrivals(&sandbox).len(), 3);
}

#[actix_web::test]
async fn before_answer_the_webhook_is_there_when_the_call_returns() {
    let sandbox = TestSandbox::start().await;
    mode(&sandbox, json!({ "mode": "before_answer" })).await;
    for n in 1..=5 {
        let body = whatsapp(json!({ "subject": format!("Group {n}") }));
        let (status, answer) = sandbox.graph(Method::POST, GROUPS, body).await;
        assert_eq!(status, 200);
        let changes = sandbox.receiver.changes();
        let last = &changes.last().unwrap()["value"]["groups"][0];
        assert_eq!(last["request_id"], answer["request_id"]);
    }
}

#[actix_web::test]
async fn doubled_webhooks_come_twice_and_shuffled_ones_all_come() {
    let sandbox = TestSandbox::start().await;
    mode(&sandbox, json!({ "mode": "double" })).await;
    joins(&sandbox, &["16505550001"]).await;
    let twice = sandbox.receiver.count(2).await;
    assert_eq!(twice[0].body, twice[1].body);
    mode(&sandbox, json!({ "mode": "shuffle" })).await;
    let users = ["16505550002", "16505550003", "16505550004"];
    joins(&sandbox, &users).await;
    sandbox.receiver.count(5).await;
    let mut arrived = arrivals(&sandbox).split_off(2);
    arrived.sort();
    assert_eq!(arrived, users);
}

#[actix_web::test]
async fn a_batch_carries_several_changes_of_one_account() {
    let sandbox = TestSandbox::start().await;
    mode(&sandbox, json!({ "mode": "hold", "batch": 2 })).await;
    joins(&sandbox, &["16505550001", "16505550002", "16505550003"]).await;
    release(&sandbox, Value::Null).await;
    let sizes = |one: &crate::helpers::Received| one.changes().len();
    let sizes: Vec<usize> = sandbox.receiver.count(2).await.iter().map(sizes).collect();
    assert_eq!(sizes, [2, 1]);
}

#[actix_web::test]
async fn webhooks_wait_for_an_address_and_then_go() {
    let settings = SandboxSettings { webhook_url: None, ..settings() };
    let sandbox = graph_sandbox::start(settings).await.unwrap();
    let url = format!("{}/v23.0/100000000000002/groups", sandbox.url());
    let body = whatsapp(json!({ "subject": "Early" }));
    let request = crate::helpers::client().post(url).bearer_auth(TOKEN_2);
    request.send_json(&body).await.unwrap();
    let receiver = Receiver::start();
    sandbox.set_webhook_url(&receiver.url);
    receiver.group_event(|event| event["subject"] == "Early").await;
}

#[actix_web::test]
async fn the_receiver_is_asked_metas_challenge_before_the_first_delivery() {
    for (token, passes) in [("verify-me", true), ("something else", false)] {
        let webhook_verify_token = Some(token.to_owned());
        let settings = SandboxSettings { webhook_verify_token, ..settings() };
        let sandbox = TestSandbox::start_with(settings).await;
        joins(&sandbox, &["16505550001"]).await;
        sandbox.receiver.count(1).await;
        assert_eq!(sandbox.state().await["webhook_receiver"]["verified"], passes);
    }
}

#[actix_web::test]
async fn any_payload_can_be_sent_and_signed_with_any_secret() {
    let sandbox = TestSandbox::start().await;
    let body = json!({ "field": "group_new_thing", "value": { "what": "ever" } });
    let (_, sent) = sandbox.control(Method::POST, "webhooks/send", body.clone()).await;
    assert_eq!(sent["status"], 200);
    mode(&sandbox, json!({ "secret": "another" })).await;
    sandbox.receiver.answer_with(401);
    let (_, sent) = sandbox.control(Method::POST, "webhooks/send", body).await;
    assert_eq!(sent["status"], 401);
    let all = sandbox.receiver.received();
    assert!(all[0].is_signed_with(APP_SECRET) && all[1].is_signed_with("another"));
    assert_eq!(all[0].json()["entry"][0]["id"], DEMO_WABA_ID_1);
    assert_eq!(all[0].changes()[0]["field"], "group_new_thing");
}

#[actix_web::test]
async fn an_account_that_is_not_subscribed_gets_no_webhooks() {
    let sandbox = TestSandbox::start().await;
    let path = format!("{DEMO_WABA_ID_1}/subscribed_apps");
    assert_eq!(sandbox.graph(Method::DELETE, &path, Value::Null).await.0, 200);
    joins(&sandbox, &["16505550001"]).await;
    let of_other = format!("{DEMO_WABA_ID_2}/subscribed_apps");
    let (_, apps) = sandbox.graph_as(TOKEN_2, Method::GET, &of_other, Value::Null).await;
    assert_eq!(apps["data"].as_array().unwrap().len(), 1);
    assert_eq!(sandbox.state().await["pending_webhooks"], json!([]));
    sandbox.graph(Method::POST, &path, Value::Null).await;
    joins(&sandbox, &["16505550002"]).await;
    sandbox.receiver.count(1).await;
    assert_eq!(arrivals(&sandbox), ["16505550002"]);
}

#[actix_web::test]
async fn one_slow_account_does_not_delay_another() {
    let sandbox = TestSandbox::start().await;
    sandbox.receiver.answer_with(500);
    joins(&sandbox, &["16505550001"]).await;
    sandbox.receiver.count(1).await;
    sandbox.receiver.answer_with(200);
    let begun = std::time::Instant::now();
    let body = whatsapp(json!({ "subject": "Of the second" }));
    let path = "100000000000002/groups";
    sandbox.graph_as(TOKEN_2, Method::POST, path, body).await;
    sandbox.receiver.group_event(|event| event["subject"] == "Of the second").await;
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[actix_web::test]
async fn wrong_settings_are_refused_with_a_reason() {
    let sandbox = TestSandbox::start().await;
    for wrong in [
        json!({ "url": "ftp://x" }),
        json!({ "url": "nowhere" }),
        json!({ "mode": "sideways" }),
        json!({ "batch": 0 }),
        json!({ "batch": 1001 }),
        json!({ "colour": 1 }),
    ] {
        let (status, body) = sandbox.control(Method::PUT, "webhooks", wrong.clone()).await;
        assert_eq!(status, 400, "{wrong}");
        assert!(body["error"]["message"].is_string());
    }
}
