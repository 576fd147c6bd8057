//! Users who come by a link, leave, and appear as they like.

use actix_web::http::Method;
use graph_sandbox::{DEMO_GROUP_ID_1, DEMO_PARTICIPANT, DEMO_SPARE_GROUP_ID_1};
use serde_json::{Value, json};

use crate::helpers::{TestSandbox, whatsapp};

const USER: &str = "16505550001";

#[actix_web::test]
async fn a_user_joins_by_the_link_and_a_webhook_tells_of_it() {
    let sandbox = TestSandbox::start().await;
    let link = sandbox.link(DEMO_GROUP_ID_1).await;
    let (status, joined) = sandbox.join(USER, &link).await;
    let expected = json!({ "result": "joined", "group_id": DEMO_GROUP_ID_1 });
    assert_eq!((status, joined), (200, expected));
    let event = sandbox.receiver.group_event(|e| e["type"] == "group_participants_add").await;
    assert_eq!(event["reason"], "invite_link");
    assert_eq!(event["added_participants"][0]["wa_id"], USER);
    assert!(event["added_participants"][0]["user_id"].is_string());
    assert!(event.get("request_id").is_none());
    let (_, info) = sandbox.get(&format!("{DEMO_GROUP_ID_1}?fields=total_participant_count")).await;
    assert_eq!(info["total_participant_count"], 3);
}

#[actix_web::test]
async fn each_refusal_has_its_reason() {
    let sandbox = TestSandbox::start().await;
    let link = sandbox.link(DEMO_GROUP_ID_1).await;
    let (_, again) = sandbox.join(DEMO_PARTICIPANT, &link).await;
    assert_eq!(again["error"]["reason"], "already_member");
    for n in 0..6 {
        assert_eq!(sandbox.join(&format!("1650555100{n}"), &link).await.0, 200);
    }
    let (_, full) = sandbox.join(USER, &link).await;
    assert_eq!(full["error"]["reason"], "group_full", "8 participants at most");

    let spare = sandbox.link(DEMO_SPARE_GROUP_ID_1).await;
    let suspend = format!("groups/{DEMO_SPARE_GROUP_ID_1}/suspend");
    sandbox.control(Method::POST, &suspend, Value::Null).await;
    let (_, suspended) = sandbox.join(USER, &spare).await;
    assert_eq!(suspended["error"]["reason"], "suspended");

    let (status, _) = sandbox.join(USER, "https://chat.whatsapp.com/nowhere").await;
    assert_eq!(status, 404);
    assert_eq!(sandbox.join("no-number", &link).await.0, 400);
}

#[actix_web::test]
async fn the_link_of_a_deleted_group_says_so() {
    let sandbox = TestSandbox::start().await;
    let link = sandbox.link(DEMO_SPARE_GROUP_ID_1).await;
    sandbox.graph(Method::DELETE, DEMO_SPARE_GROUP_ID_1, Value::Null).await;
    sandbox.receiver.group_event(|e| e["type"] == "group_delete").await;
    let (status, refused) = sandbox.join(USER, &link).await;
    assert_eq!((status, &refused["error"]["reason"]), (409, &json!("deleted")));
}

#[actix_web::test]
async fn a_user_who_leaves_may_come_back_and_one_who_was_removed_may_not() {
    let sandbox = TestSandbox::start().await;
    let link = sandbox.link(DEMO_GROUP_ID_1).await;
    let leave = format!("users/{DEMO_PARTICIPANT}/leave");
    let body = json!({ "group_id": DEMO_GROUP_ID_1 });
    assert_eq!(sandbox.control(Method::POST, &leave, body.clone()).await.0, 200);
    assert_eq!(sandbox.control(Method::POST, &leave, body).await.0, 404);
    let event = sandbox.receiver.group_event(|e| e["type"] == "group_participants_remove").await;
    assert_eq!(event["initiated_by"], "participant");
    assert_eq!(event["removed_participants"][0]["wa_id"], DEMO_PARTICIPANT);
    assert_eq!(sandbox.join(DEMO_PARTICIPANT, &link).await.0, 200);

    let body = whatsapp(json!({ "participants": [{ "user": DEMO_PARTICIPANT }] }));
    let path = format!("{DEMO_GROUP_ID_1}/participants");
    sandbox.graph(Method::DELETE, &path, body).await;
    sandbox.receiver.group_event(|e| e["initiated_by"] == "business").await;
    let (_, refused) = sandbox.join(DEMO_PARTICIPANT, &link).await;
    assert_eq!(refused["error"]["reason"], "removed_before");
}

#[actix_web::test]
async fn a_user_appears_as_he_was_told_to() {
    let sandbox = TestSandbox::start().await;
    let path = format!("users/{DEMO_PARTICIPANT}");
    let (_, user) = sandbox.control(Method::PUT, &path, json!({ "hide_wa_id": true, "username": "ann" })).await;
    assert_eq!(user["wa_id"], DEMO_PARTICIPANT);
    assert!(user["user_id"].is_string(), "what is absent stays");
    let participants = format!("{DEMO_SPARE_GROUP_ID_1}?fields=participants");
    let (_, info) = sandbox.get(&participants).await;
    let seen = json!({ "user_id": user["user_id"], "username": "ann" });
    assert_eq!(info["participants"], json!([seen]));
    sandbox.control(Method::PUT, &path, json!({ "hide_wa_id": false, "user_id": null, "username": null })).await;
    let (_, info) = sandbox.get(&participants).await;
    assert_eq!(info["participants"], json!([{ "wa_id": DEMO_PARTICIPANT }]));
    let (status, _) = sandbox.control(Method::PUT, &path, json!({ "colour": "red" })).await;
    assert_eq!(status, 400);
}
