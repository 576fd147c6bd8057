//! Messages to groups and people, and from them.

use actix_web::http::Method;
use graph_sandbox::{DEMO_GROUP_ID_1, DEMO_GROUP_ID_2, DEMO_PARTICIPANT, DEMO_PHONE_NUMBER_ID_1};
use serde_json::{Value, json};

use crate::helpers::{Reply, TestSandbox, code, whatsapp};

async fn send(sandbox: &TestSandbox, members: Value) -> Reply {
    let path = format!("{DEMO_PHONE_NUMBER_ID_1}/messages");
    sandbox.graph(Method::POST, &path, whatsapp(members)).await
}

fn to_group(id: &str, members: Value) -> Value {
    let mut message = json!({ "recipient_type": "group", "to": id });
    message.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    message
}

fn text() -> Value {
    json!({ "type": "text", "text": { "body": "Hello" } })
}

fn pin(kind: &str, id: &str) -> Value {
    json!({ "type": "pin", "pin": { "type": kind, "message_id": id, "expiration_days": "7" } })
}

#[actix_web::test]
async fn a_group_message_is_sent_and_delivered_to_each_participant() {
    let sandbox = TestSandbox::start().await;
    let (status, answer) = send(&sandbox, to_group(DEMO_GROUP_ID_1, text())).await;
    assert_eq!(status, 200, "{answer}");
    let contact = json!({ "input": DEMO_GROUP_ID_1, "wa_id": DEMO_GROUP_ID_1 });
    assert_eq!(answer["contacts"], json!([contact]));
    sandbox.receiver.count(3).await;
    let statuses = sandbox.receiver.changes();
    let statuses: Vec<&Value> = statuses.iter().map(|c| &c["value"]["statuses"][0]).collect();
    let kinds: Vec<&Value> = statuses.iter().map(|s| &s["status"]).collect();
    assert_eq!(kinds, ["sent", "delivered", "delivered"]);
    for status in &statuses {
        assert_eq!(status["id"], answer["messages"][0]["id"]);
        assert_eq!(status["recipient_id"], DEMO_GROUP_ID_1);
        assert_eq!(status["recipient_type"], "group");
    }
    assert_eq!(statuses[1]["recipient_participant_id"], DEMO_PARTICIPANT);
}

#[actix_web::test]
async fn a_message_to_a_person_goes_to_the_number() {
    let sandbox = TestSandbox::start().await;
    let to = "+1 650 555 7777";
    let (_, answer) = send(&sandbox, json!({ "to": to, "type": "text", "text": { "body": "Hi" } })).await;
    assert_eq!(answer["contacts"], json!([{ "input": to, "wa_id": "16505557777" }]));
    let reply = send(&sandbox, json!({ "to": DEMO_GROUP_ID_1, "type": "text", "text": { "body": "Hi" } })).await;
    assert_eq!(code(&reply), (400, 131_009), "a group needs recipient_type");
}

#[actix_web::test]
async fn what_cannot_be_sent_to_a_group_is_refused() {
    let sandbox = TestSandbox::start().await;
    let empty = sandbox.create_group(json!({})).await;
    let empty = empty["group_id"].as_str().unwrap();
    let location = json!({ "type": "location", "location": { "latitude": 1, "longitude": 2 } });
    let cases = [
        (to_group(empty, text()), 131_020, "nobody is in it"),
        (to_group(DEMO_GROUP_ID_2, text()), 131_041, "another's"),
        (to_group("nothing", text()), 131_041, "unknown"),
        (to_group(DEMO_GROUP_ID_1, location), 131_051, "not for groups"),
        (to_group(DEMO_GROUP_ID_1, json!({ "type": "text" })), 100, "no text"),
        (to_group(DEMO_GROUP_ID_1, json!({ "type": "text", "text": { "body": "" } })), 100, "empty"),
    ];
    for (message, expected, why) in cases {
        assert_eq!(code(&send(&sandbox, message).await), (400, expected), "{why}");
    }
}

#[actix_web::test]
async fn three_messages_stay_pinned_and_the_oldest_gives_way() {
    let sandbox = TestSandbox::start().await;
    for id in ["wamid.1", "wamid.2", "wamid.3", "wamid.4"] {
        let (status, body) = send(&sandbox, to_group(DEMO_GROUP_ID_1, pin("pin", id))).await;
        assert_eq!(status, 200, "{body}");
    }
    send(&sandbox, to_group(DEMO_GROUP_ID_1, pin("unpin", "wamid.3"))).await;
    let pins = &sandbox.state().await["pins"][DEMO_GROUP_ID_1];
    assert_eq!(*pins, json!(["wamid.2", "wamid.4"]));
    let mut for_ever = pin("pin", "wamid.5");
    for_ever["pin"]["expiration_days"] = json!(31);
    let reply = send(&sandbox, to_group(DEMO_GROUP_ID_1, for_ever)).await;
    assert_eq!(code(&reply), (400, 131_009));
}

#[actix_web::test]
async fn a_user_writes_to_a_group_he_is_in() {
    let sandbox = TestSandbox::start().await;
    let path = format!("users/{DEMO_PARTICIPANT}/messages");
    let body = json!({ "group_id": DEMO_GROUP_ID_1, "text": "Grüße" });
    let (_, written) = sandbox.control(Method::POST, &path, body.clone()).await;
    let change = sandbox.receiver.change(|change| change["field"] == "messages").await;
    let message = &change["value"]["messages"][0];
    assert_eq!(message["id"], written["message_id"]);
    assert_eq!(message["group_id"], DEMO_GROUP_ID_1);
    assert_eq!(message["from"], DEMO_PARTICIPANT);
    assert_eq!(message["text"]["body"], "Grüße");
    assert_eq!(change["value"]["contacts"][0]["wa_id"], DEMO_PARTICIPANT);
    assert!(change["value"]["contacts"][0]["profile"]["name"].is_string());

    let stranger = sandbox.control(Method::POST, "users/16505550009/messages", body).await;
    assert_eq!(stranger.0, 400);
    let direct = json!({ "phone_number_id": DEMO_PHONE_NUMBER_ID_1, "text": "Hi" });
    assert_eq!(sandbox.control(Method::POST, &path, direct).await.0, 200);
    let nobody = json!({ "text": "Hi" });
    assert_eq!(sandbox.control(Method::POST, &path, nobody).await.0, 400);
}
