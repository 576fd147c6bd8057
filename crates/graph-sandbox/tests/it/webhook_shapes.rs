//! Each webhook has exactly the members that Meta's guide pages show.

use actix_web::http::Method;
use graph_sandbox::{DEMO_GROUP_ID_1, DEMO_PARTICIPANT, DEMO_SECOND_PARTICIPANT, DEMO_SPARE_GROUP_ID_1};
use serde_json::{Value, json};

use crate::helpers::{TestSandbox, whatsapp};

/// Waits for an event of this type in this field; its members, sorted.
async fn members(sandbox: &TestSandbox, field: &str, kind: &str) -> Vec<String> {
    let is_it = |change: &Value| change["field"] == field && change["value"]["groups"][0]["type"] == kind;
    let change = sandbox.receiver.change(is_it).await;
    assert_eq!(change["value"]["groups"].as_array().unwrap().len(), 1);
    let event = change["value"]["groups"][0].as_object().unwrap();
    assert!(event["timestamp"].as_str().unwrap().parse::<i64>().is_ok(), "a string of seconds");
    event.keys().cloned().collect()
}

#[actix_web::test]
async fn of_the_lifecycle() {
    let sandbox = TestSandbox::start().await;
    sandbox.create_group(json!({ "description": "D" })).await;
    let expected =
        ["description", "group_id", "invite_link", "join_approval_mode", "request_id", "subject", "timestamp", "type"];
    assert_eq!(members(&sandbox, "group_lifecycle_update", "group_create").await, expected);
    sandbox.graph(Method::DELETE, DEMO_SPARE_GROUP_ID_1, Value::Null).await;
    let expected = ["group_id", "request_id", "timestamp", "type"];
    assert_eq!(members(&sandbox, "group_lifecycle_update", "group_delete").await, expected);
}

#[actix_web::test]
async fn of_users_who_come_and_go_by_themselves() {
    let sandbox = TestSandbox::start().await;
    let link = sandbox.link(DEMO_GROUP_ID_1).await;
    sandbox.join("16505550001", &link).await;
    let expected = ["added_participants", "group_id", "reason", "timestamp", "type"];
    assert_eq!(members(&sandbox, "group_participants_update", "group_participants_add").await, expected);
    let body = json!({ "group_id": DEMO_GROUP_ID_1 });
    sandbox.control(Method::POST, "users/16505550001/leave", body).await;
    let expected = ["group_id", "initiated_by", "removed_participants", "timestamp", "type"];
    assert_eq!(members(&sandbox, "group_participants_update", "group_participants_remove").await, expected);
}

#[actix_web::test]
async fn of_users_who_ask_and_of_one_who_withdraws() {
    let sandbox = TestSandbox::start().await;
    let group = sandbox.create_group(json!({ "join_approval_mode": "approval_required" })).await;
    let user = json!({ "username": "ann" });
    sandbox.control(Method::PUT, "users/16505550001", user).await;
    let (_, asked) = sandbox.join("16505550001", group["invite_link"].as_str().unwrap()).await;
    let expected = ["group_id", "join_request_id", "reason", "timestamp", "type", "user_id", "username", "wa_id"];
    assert_eq!(members(&sandbox, "group_participants_update", "group_join_request_created").await, expected);
    let body = json!({ "join_request_id": asked["join_request_id"] });
    sandbox.control(Method::POST, "users/16505550001/revoke", body).await;
    assert_eq!(members(&sandbox, "group_participants_update", "group_join_request_revoked").await, expected);
}

#[actix_web::test]
async fn of_removals_by_the_business() {
    let sandbox = TestSandbox::start().await;
    let body = whatsapp(json!({ "participants": [{ "user": DEMO_PARTICIPANT }, { "user": "16505559999" }] }));
    sandbox.graph(Method::DELETE, &format!("{DEMO_GROUP_ID_1}/participants"), body).await;
    let expected = [
        "errors",
        "failed_participants",
        "group_id",
        "initiated_by",
        "removed_participants",
        "request_id",
        "timestamp",
        "type",
    ];
    assert_eq!(members(&sandbox, "group_participants_update", "group_participants_remove").await, expected);
}

#[actix_web::test]
async fn of_settings_and_of_suspension() {
    let sandbox = TestSandbox::start().await;
    let body = whatsapp(json!({ "subject": "S", "description": "D" }));
    sandbox.graph(Method::POST, DEMO_GROUP_ID_1, body).await;
    let expected = ["group_description", "group_id", "group_subject", "request_id", "timestamp", "type"];
    assert_eq!(members(&sandbox, "group_settings_update", "group_settings_update").await, expected);
    let suspend = format!("groups/{DEMO_GROUP_ID_1}/suspend");
    sandbox.control(Method::POST, &suspend, Value::Null).await;
    let expected = ["group_id", "timestamp", "type"];
    assert_eq!(members(&sandbox, "group_status_update", "group_suspend").await, expected);
}

#[actix_web::test]
async fn a_hidden_number_appears_in_no_webhook() {
    let sandbox = TestSandbox::start().await;
    let hidden = DEMO_SECOND_PARTICIPANT;
    sandbox.control(Method::PUT, &format!("users/{hidden}"), json!({ "hide_wa_id": true, "name": "N" })).await;
    let message = json!({ "group_id": DEMO_GROUP_ID_1, "text": "Hi" });
    sandbox.control(Method::POST, &format!("users/{hidden}/messages"), message).await;
    let reply = whatsapp(json!({ "recipient_type": "group", "to": DEMO_GROUP_ID_1, "text": { "body": "Hi" } }));
    sandbox.graph(Method::POST, "100000000000001/messages", reply).await;
    let leave = json!({ "group_id": DEMO_GROUP_ID_1 });
    sandbox.control(Method::POST, &format!("users/{hidden}/leave"), leave).await;
    // What the user wrote, that he left, and what became of the reply: sent, and delivered to both.
    let all = sandbox.receiver.count(4).await;
    for webhook in all {
        assert!(!String::from_utf8_lossy(&webhook.body).contains(hidden), "{:?}", webhook.json());
    }
}
