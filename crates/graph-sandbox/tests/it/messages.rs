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

/// The statuses in the order of their coming, after so many webhooks.
async fn statuses(sandbox: &TestSandbox, webhooks: usize) -> Vec<Value> {
    sandbox.receiver.count(webhooks).await;
    let changes = sandbox.receiver.changes();
    changes.iter().flat_map(|change| change["value"]["statuses"].as_array().cloned().unwrap_or_default()).collect()
}

/// A user writes to the first number, so that it may answer freely.
async fn writes_first(sandbox: &TestSandbox, user: &str) {
    let body = json!({ "phone_number_id": DEMO_PHONE_NUMBER_ID_1, "text": "Hi" });
    let (status, answer) = sandbox.control(Method::POST, &format!("users/{user}/messages"), body).await;
    assert_eq!(status, 200, "{answer}");
    sandbox.receiver.change(|change| change["value"]["messages"][0]["id"] == answer["message_id"]).await;
}

#[actix_web::test]
async fn a_group_message_is_sent_and_one_webhook_tells_that_each_participant_got_it() {
    let sandbox = TestSandbox::start().await;
    let (status, answer) = send(&sandbox, to_group(DEMO_GROUP_ID_1, text())).await;
    assert_eq!(status, 200, "{answer}");
    let contact = json!({ "input": DEMO_GROUP_ID_1, "wa_id": DEMO_GROUP_ID_1 });
    assert_eq!(answer["contacts"], json!([contact]));
    let statuses = statuses(&sandbox, 2).await;
    let kinds: Vec<&Value> = statuses.iter().map(|s| &s["status"]).collect();
    assert_eq!(kinds, ["sent", "delivered", "delivered"]);
    for status in &statuses {
        assert_eq!(status["id"], answer["messages"][0]["id"]);
        assert_eq!(status["recipient_id"], DEMO_GROUP_ID_1);
        assert_eq!(status["recipient_type"], "group");
    }
    assert_eq!(statuses[1]["recipient_participant_id"], DEMO_PARTICIPANT);
    assert!(statuses[1]["recipient_participant_user_id"].is_string());
    let delivered = &sandbox.receiver.changes()[1]["value"];
    assert_eq!(delivered["contacts"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn a_message_that_a_participant_reads_is_told_of_in_the_other_spelling() {
    let sandbox = TestSandbox::start().await;
    let message = to_group(DEMO_GROUP_ID_1, json!({ "text": { "body": "Hi" }, "biz_opaque_callback_data": "order 7" }));
    let (_, sent) = send(&sandbox, message).await;
    let read = json!({ "message_id": sent["messages"][0]["id"] });
    let path = format!("users/{DEMO_PARTICIPANT}/read");
    assert_eq!(sandbox.control(Method::POST, &path, read.clone()).await.0, 200);
    let statuses = statuses(&sandbox, 3).await;
    assert_eq!(statuses[3]["status"], "read");
    assert_eq!(statuses[3]["participant_recipient_id"], DEMO_PARTICIPANT);
    assert!(statuses.iter().all(|status| status["biz_opaque_callback_data"] == "order 7"), "{statuses:?}");
    let stranger = sandbox.control(Method::POST, "users/16505550009/read", read).await;
    assert_eq!(stranger.0, 404);
}

#[actix_web::test]
async fn a_message_to_a_person_goes_to_the_number() {
    let sandbox = TestSandbox::start().await;
    writes_first(&sandbox, "16505557777").await;
    let to = "+1 650 555 7777";
    let (_, answer) = send(&sandbox, json!({ "to": to, "type": "text", "text": { "body": "Hello" } })).await;
    assert_eq!(answer["contacts"], json!([{ "input": to, "wa_id": "16505557777" }]));
    let statuses = statuses(&sandbox, 3).await;
    assert_eq!(statuses[1]["status"], "delivered");
    assert_eq!(statuses[1]["recipient_id"], "16505557777");
    assert_eq!(sandbox.receiver.changes()[2]["value"]["contacts"][0]["profile"]["name"], "User 7777");
    let (_, phone) = sandbox.control(Method::GET, "users/16505557777/messages", Value::Null).await;
    assert_eq!(phone["data"][0]["message_id"], answer["messages"][0]["id"]);
    assert_eq!(phone["data"][0]["content"]["body"], "Hello");
}

#[actix_web::test]
async fn who_has_not_written_for_a_day_gets_no_free_message_as_a_webhook_tells() {
    let sandbox = TestSandbox::start().await;
    let message = json!({ "to": "16505557777", "text": { "body": "Hi" } });
    assert_eq!(send(&sandbox, message.clone()).await.0, 200);
    let failed = statuses(&sandbox, 1).await;
    assert_eq!((&failed[0]["status"], &failed[0]["errors"][0]["code"]), (&json!("failed"), &json!(131_047)));
    writes_first(&sandbox, "16505557777").await;
    send(&sandbox, message.clone()).await;
    assert_eq!(statuses(&sandbox, 4).await[2]["status"], "delivered");
    sandbox.control(Method::PUT, "users/16505557777", json!({ "accepts_terms": false })).await;
    send(&sandbox, message).await;
    assert_eq!(statuses(&sandbox, 5).await[3]["errors"][0]["code"], 131_026);
}

#[actix_web::test]
async fn a_user_with_a_hidden_number_is_written_to_by_user_id() {
    let sandbox = TestSandbox::start().await;
    let hidden = json!({ "hide_wa_id": true, "username": "casey" });
    let (_, user) = sandbox.control(Method::PUT, "users/16505557777", hidden).await;
    writes_first(&sandbox, "16505557777").await;
    let incoming = sandbox.receiver.changes()[0]["value"].clone();
    assert_eq!(incoming["contacts"][0]["profile"]["username"], "casey");
    assert_eq!(incoming["messages"][0]["from_user_id"], user["user_id"]);
    let message = json!({ "recipient": user["user_id"], "text": { "body": "Hi" } });
    let (status, answer) = send(&sandbox, message).await;
    assert_eq!(status, 200, "{answer}");
    let contact = json!({ "input": user["user_id"], "user_id": user["user_id"] });
    assert_eq!(answer["contacts"], json!([contact]));
    let statuses = statuses(&sandbox, 3).await;
    assert_eq!(statuses[1]["recipient_user_id"], user["user_id"]);
    for webhook in sandbox.receiver.received() {
        assert!(!String::from_utf8_lossy(&webhook.body).contains("16505557777"));
    }
}

#[actix_web::test]
async fn the_recipient_must_be_of_the_type_that_is_named() {
    let sandbox = TestSandbox::start().await;
    let cases = [
        (json!({ "to": DEMO_GROUP_ID_1 }), 131_009, "a group needs recipient_type"),
        (json!({ "to": "16505557777", "recipient_type": "group" }), 131_009, "a number is no group"),
        (json!({ "to": "15550000001" }), 131_021, "the sender itself"),
        (json!({ "recipient": "US.1" }), 131_009, "nobody's user ID"),
        (json!({ "to": "16505557777", "recipient_type": "crowd" }), 100, "no such type"),
        (json!({}), 100, "nobody"),
    ];
    for (recipient, expected, why) in cases {
        let mut message = text();
        message.as_object_mut().unwrap().extend(recipient.as_object().unwrap().clone());
        assert_eq!(code(&send(&sandbox, message).await), (400, expected), "{why}");
    }
    let to_both = json!({ "to": "16505557777", "recipient": "US.1", "text": { "body": "Hi" } });
    assert_eq!(send(&sandbox, to_both).await.0, 200, "to wins");
}

#[actix_web::test]
async fn every_type_of_message_reaches_a_person_and_wrong_ones_are_refused() {
    let sandbox = TestSandbox::start().await;
    let good = [
        json!({ "type": "image", "image": { "link": "https://example.com/a.jpg", "caption": "A" } }),
        json!({ "type": "document", "document": { "link": "https://example.com/a.pdf", "filename": "a.pdf" } }),
        json!({ "type": "location", "location": { "latitude": "37.48", "longitude": -122.14 } }),
        json!({ "type": "contacts", "contacts": [{ "name": { "formatted_name": "Ann" } }] }),
        json!({ "type": "reaction", "reaction": { "message_id": "wamid.1", "emoji": "" } }),
        json!({ "type": "interactive", "interactive": { "type": "button" } }),
        json!({ "text": { "body": "An answer" }, "context": { "message_id": "wamid.1" } }),
    ];
    let wrong = [
        json!({ "type": "image", "image": { "caption": "Nothing" } }),
        json!({ "type": "image", "image": { "id": "1", "link": "https://example.com/a.jpg" } }),
        json!({ "type": "image", "image": { "link": "file:///etc/passwd" } }),
        json!({ "type": "location", "location": { "latitude": 91, "longitude": 0 } }),
        json!({ "type": "contacts", "contacts": [{ "name": {} }] }),
        json!({ "type": "reaction", "reaction": { "emoji": "x" } }),
        json!({ "text": { "body": "x".repeat(4097) } }),
        json!({ "text": { "body": "x" }, "biz_opaque_callback_data": "x".repeat(513) }),
    ];
    let to = |content: &Value| {
        let mut message = json!({ "to": "16505557777" });
        message.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
        message
    };
    for content in &good {
        assert_eq!(send(&sandbox, to(content)).await.0, 200, "{content}");
    }
    for content in &wrong {
        assert_eq!(code(&send(&sandbox, to(content)).await), (400, 100), "{content}");
    }
    let pin = send(&sandbox, to(&pin("pin", "wamid.1"))).await;
    assert_eq!(code(&pin), (400, 131_051), "only groups have pins");
}

#[actix_web::test]
async fn what_cannot_be_sent_to_a_group_is_refused() {
    let sandbox = TestSandbox::start().await;
    let empty = sandbox.create_group(json!({})).await;
    let empty = empty["group_id"].as_str().unwrap();
    let location = json!({ "type": "location", "location": { "latitude": 1, "longitude": 2 } });
    let interactive = json!({ "type": "interactive", "interactive": { "type": "button" } });
    let cases = [
        (to_group(empty, text()), 131_020, "nobody is in it"),
        (to_group(DEMO_GROUP_ID_2, text()), 131_041, "another's"),
        (to_group("nothing", text()), 131_041, "unknown"),
        (to_group(DEMO_GROUP_ID_1, location), 131_051, "not for groups"),
        (to_group(DEMO_GROUP_ID_1, interactive), 131_051, "not for groups"),
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
    let mut refused = pin("pin", "wamid.5");
    refused["biz_opaque_callback_data"] = json!("x".repeat(513));
    assert_eq!(code(&send(&sandbox, to_group(DEMO_GROUP_ID_1, refused)).await), (400, 100));
    let pins = &sandbox.state().await["pins"][DEMO_GROUP_ID_1];
    assert_eq!(*pins, json!(["wamid.2", "wamid.4"]), "what is refused pins nothing");
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
