//! Participants removed by the business.

use actix_web::http::Method;
use graph_sandbox::{DEMO_GROUP_ID_1, DEMO_PARTICIPANT, DEMO_SECOND_PARTICIPANT};
use serde_json::{Value, json};

use crate::helpers::{Reply, TestSandbox, code, whatsapp};

async fn remove(sandbox: &TestSandbox, participants: Value) -> Reply {
    let body = whatsapp(json!({ "participants": participants }));
    sandbox.graph(Method::DELETE, &format!("{DEMO_GROUP_ID_1}/participants"), body).await
}

async fn outcome(sandbox: &TestSandbox, reply: &Reply) -> Value {
    assert_eq!(reply.0, 200, "{}", reply.1);
    sandbox.receiver.group_event(|e| e["request_id"] == reply.1["request_id"]).await
}

#[actix_web::test]
async fn a_removal_is_promised_and_told_of_by_webhook() {
    let sandbox = TestSandbox::start().await;
    let plus = format!("+{DEMO_PARTICIPANT}");
    let reply = remove(&sandbox, json!([{ "user": plus }])).await;
    let event = outcome(&sandbox, &reply).await;
    assert_eq!(event["type"], "group_participants_remove");
    assert_eq!(event["initiated_by"], "business");
    assert_eq!(event["removed_participants"], json!([{ "input": plus }]));
    assert!(event.get("errors").is_none() && event.get("failed_participants").is_none());
}

#[actix_web::test]
async fn those_who_are_not_there_fail_by_webhook_one_by_one() {
    let sandbox = TestSandbox::start().await;
    let both = json!([{ "user": DEMO_PARTICIPANT }, { "user": "16505559999" }]);
    let event = outcome(&sandbox, &remove(&sandbox, both).await).await;
    assert_eq!(event["removed_participants"], json!([{ "input": DEMO_PARTICIPANT }]));
    let failed = &event["failed_participants"][0];
    assert_eq!(failed["input"], "16505559999");
    assert_eq!(failed["errors"][0]["code"], 131_212);
    let again = remove(&sandbox, json!([{ "user": DEMO_PARTICIPANT }])).await;
    let event = outcome(&sandbox, &again).await;
    assert!(event.get("removed_participants").is_none());
    assert_eq!(event["errors"][0]["code"], 131_212);
}

#[actix_web::test]
async fn a_user_without_a_visible_number_is_removed_by_his_user_id() {
    let sandbox = TestSandbox::start().await;
    let path = format!("users/{DEMO_SECOND_PARTICIPANT}");
    let (_, user) = sandbox.control(Method::PUT, &path, json!({ "hide_wa_id": true })).await;
    let reply = remove(&sandbox, json!([{ "user_id": user["user_id"] }])).await;
    let event = outcome(&sandbox, &reply).await;
    assert_eq!(event["removed_participants"], json!([{ "input": user["user_id"] }]));
}

#[actix_web::test]
async fn one_to_eight_and_none_twice() {
    let sandbox = TestSandbox::start().await;
    let nine: Vec<Value> = (0..9).map(|n| json!({ "user": format!("1650555900{n}") })).collect();
    assert_eq!(code(&remove(&sandbox, json!(nine)).await), (400, 131_204));
    for wrong in [json!([]), json!([{}]), json!("x"), json!([{ "user": "1", "user_id": "2" }])] {
        assert_eq!(code(&remove(&sandbox, wrong.clone()).await), (400, 100), "{wrong}");
    }
    let twice = json!([{ "user": DEMO_PARTICIPANT }, { "user": format!("+{DEMO_PARTICIPANT}") }]);
    assert_eq!(code(&remove(&sandbox, twice).await), (400, 131_202));
    let (_, user) = sandbox.control(Method::PUT, &format!("users/{DEMO_PARTICIPANT}"), json!({})).await;
    let by_both = json!([{ "user": DEMO_PARTICIPANT }, { "user_id": user["user_id"] }]);
    assert_eq!(code(&remove(&sandbox, by_both).await), (400, 131_202));
}

#[actix_web::test]
async fn nobody_can_be_added_by_hand() {
    let sandbox = TestSandbox::start().await;
    let body = whatsapp(json!({ "participants": [{ "user": "16505559999" }] }));
    let path = format!("{DEMO_GROUP_ID_1}/participants");
    let reply = sandbox.graph(Method::POST, &path, body).await;
    assert_eq!(code(&reply), (500, 3));
}
