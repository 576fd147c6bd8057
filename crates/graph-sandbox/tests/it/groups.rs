//! Groups: made, read, deleted.

use std::time::Duration;

use actix_web::http::Method;
use graph_sandbox::{
    DEMO_GROUP_ID_1, DEMO_PARTICIPANT, DEMO_PHONE_NUMBER_ID_1, DEMO_SECOND_PARTICIPANT, DEMO_SPARE_GROUP_ID_1,
    DEMO_WABA_ID_1, SandboxSettings,
};
use serde_json::{Value, json};

use crate::helpers::{APP_SECRET, Reply, TOKEN_1, TestSandbox, code, sent, settings, whatsapp};

const GROUPS: &str = "100000000000001/groups";

async fn sandbox_with_latency(latency: Duration) -> TestSandbox {
    let latency = latency..=latency;
    TestSandbox::start_with(SandboxSettings { latency, ..settings() }).await
}

async fn create(sandbox: &TestSandbox, members: Value) -> Reply {
    sandbox.graph(Method::POST, GROUPS, whatsapp(members)).await
}

#[actix_web::test]
async fn a_group_is_promised_and_a_signed_webhook_tells_of_its_birth() {
    let sandbox = TestSandbox::start().await;
    let (status, answer) = create(&sandbox, json!({ "subject": "  Café \u{1F389} " })).await;
    assert_eq!(status, 200);
    assert_eq!(answer["messaging_product"], "whatsapp");
    let request_id = answer["request_id"].as_str().unwrap();
    let is_hex = |b: u8| b.is_ascii_digit() || (b'A'..=b'F').contains(&b);
    assert!(request_id.len() == 32 && request_id.bytes().all(is_hex), "{request_id}");

    let received = sandbox.receiver.count(1).await.remove(0);
    assert!(received.is_signed_with(APP_SECRET));
    assert!(received.body.is_ascii(), "non-ASCII is escaped");
    let payload = received.json();
    assert_eq!(payload["object"], "whatsapp_business_account");
    assert_eq!(payload["entry"][0]["id"], DEMO_WABA_ID_1);
    let change = &payload["entry"][0]["changes"][0];
    assert_eq!(change["field"], "group_lifecycle_update");
    let metadata = json!({
        "display_phone_number": "15550000001",
        "phone_number_id": DEMO_PHONE_NUMBER_ID_1,
    });
    assert_eq!(change["value"]["metadata"], metadata);
    assert_eq!(change["value"]["messaging_product"], "whatsapp");
    let group = &change["value"]["groups"][0];
    assert_eq!(group["type"], "group_create");
    assert_eq!(group["request_id"], request_id);
    assert_eq!(group["subject"], "Café \u{1F389}", "trimmed");
    assert_eq!(group["join_approval_mode"], "auto_approve");
    assert!(group["timestamp"].is_string());
    let link = group["invite_link"].as_str().unwrap();
    assert!(link.starts_with("https://chat.whatsapp.com/"));
    let id = group["group_id"].as_str().unwrap();
    assert_eq!(sandbox.link(id).await, link);
}

#[actix_web::test]
async fn a_group_is_not_there_before_its_time() {
    let sandbox = sandbox_with_latency(Duration::from_hours(1)).await;
    create(&sandbox, json!({ "subject": "Soon" })).await;
    let (_, list) = sandbox.get(GROUPS).await;
    assert_eq!(list["data"]["groups"].as_array().unwrap().len(), 3, "the seeded ones");
    assert_eq!(sandbox.state().await["changes_under_way"], 1);
}

#[actix_web::test]
async fn wrong_parameters_are_refused_at_once_with_metas_codes() {
    let sandbox = TestSandbox::start().await;
    let long = |count| "é".repeat(count);
    let cases = [
        (json!({ "subject": "S" }), 100, "no messaging_product"),
        (json!({ "messaging_product": "telegram", "subject": "S" }), 100, "another product"),
        (whatsapp(json!({})), 100, "no subject"),
        (whatsapp(json!({ "subject": 7 })), 100, "a number"),
        (whatsapp(json!({ "subject": "  " })), 131_009, "blank"),
        (whatsapp(json!({ "subject": long(129) })), 131_009, "too long"),
        (whatsapp(json!({ "subject": "S", "description": long(2049) })), 131_009, "too long"),
        (whatsapp(json!({ "subject": "S", "join_approval_mode": "maybe" })), 100, "no such mode"),
    ];
    for (body, expected, why) in cases {
        let reply = sandbox.graph(Method::POST, GROUPS, body).await;
        assert_eq!(code(&reply), (400, expected), "{why}: {}", reply.1);
    }
    let (status, _) = create(&sandbox, json!({ "subject": long(128), "description": long(2048) })).await;
    assert_eq!(status, 200, "lengths count characters, not bytes");
}

#[actix_web::test]
async fn a_body_that_is_no_json_is_refused() {
    let sandbox = TestSandbox::start().await;
    for body in ["{", "[]", "\u{0}", "\"text\""] {
        let request = sandbox.raw(Method::POST, &format!("/v23.0/{GROUPS}")).bearer_auth(TOKEN_1);
        let request = request.insert_header(("Content-Type", "application/json"));
        let response = request.send_body(body).await.unwrap();
        assert_eq!(response.status(), 400, "{body}");
    }
}

#[actix_web::test]
async fn bodies_may_be_forms_and_multipart_and_paths_without_a_version() {
    let sandbox = TestSandbox::start().await;
    let form = "messaging_product=whatsapp&subject=By+form&join_approval_mode=approval_required";
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n\
        --x\r\nContent-Disposition: form-data; name=\"subject\"\r\n\r\nBy parts\r\n--x--\r\n";
    let bodies = [
        ("application/x-www-form-urlencoded", form, "By form"),
        ("multipart/form-data; boundary=x", multipart, "By parts"),
    ];
    for (content_type, body, subject) in bodies {
        let request = sandbox.raw(Method::POST, &format!("/{GROUPS}")).bearer_auth(TOKEN_1);
        let request = request.insert_header(("Content-Type", content_type));
        assert_eq!(request.send_body(body).await.unwrap().status(), 200, "{subject}");
        sandbox.receiver.group_event(|event| event["subject"] == subject).await;
    }
}

#[actix_web::test]
async fn a_content_type_without_a_body_means_nothing() {
    let sandbox = TestSandbox::start().await;
    let request = sandbox.raw(Method::GET, &format!("/v23.0/{DEMO_GROUP_ID_1}"));
    let request = request.insert_header(("Content-Type", "multipart/form-data; boundary=+++"));
    let (status, _) = sent(request.bearer_auth(TOKEN_1), Value::Null).await.unwrap();
    assert_eq!(status, 200);
}

#[actix_web::test]
async fn a_group_tells_only_the_fields_that_were_asked_for() {
    let sandbox = TestSandbox::start().await;
    let (_, bare) = sandbox.get(DEMO_GROUP_ID_1).await;
    assert_eq!(bare, json!({ "id": DEMO_GROUP_ID_1, "messaging_product": "whatsapp" }));
    let fields = "subject%2Cdescription%2Csuspended%2Ccreation_timestamp%2Cparticipants\
        %2Ctotal_participant_count%2Cjoin_approval_mode";
    let (_, full) = sandbox.get(&format!("{DEMO_GROUP_ID_1}?fields={fields}")).await;
    assert_eq!(full["subject"], "Watch enthusiasts");
    assert_eq!(full["suspended"], false);
    assert_eq!(full["total_participant_count"], 2);
    assert_eq!(full["join_approval_mode"], "auto_approve");
    assert!(full["creation_timestamp"].is_i64());
    let participants = full["participants"].as_array().unwrap();
    assert_eq!(participants[0]["wa_id"], DEMO_PARTICIPANT);
    assert_eq!(participants[1]["wa_id"], DEMO_SECOND_PARTICIPANT);
    assert!(participants[0]["user_id"].as_str().unwrap().starts_with("US."));
    let wrong = sandbox.get(&format!("{DEMO_GROUP_ID_1}?fields=subject,secrets")).await;
    assert_eq!(code(&wrong), (400, 100));
}

#[actix_web::test]
async fn a_deleted_group_is_told_of_by_webhook_and_is_131041_afterwards() {
    let sandbox = TestSandbox::start().await;
    let reply = sandbox.graph(Method::DELETE, DEMO_SPARE_GROUP_ID_1, Value::Null).await;
    assert_eq!((reply.0, &reply.1["success"]), (200, &json!(true)));
    let event = sandbox.receiver.group_event(|e| e["type"] == "group_delete").await;
    assert_eq!(event["request_id"], reply.1["request_id"]);
    assert_eq!(event["group_id"], DEMO_SPARE_GROUP_ID_1);
    assert!(event.get("errors").is_none());
    assert_eq!(code(&sandbox.get(DEMO_SPARE_GROUP_ID_1).await), (400, 131_041));
    let (_, list) = sandbox.get(GROUPS).await;
    assert_eq!(list["data"]["groups"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn of_two_deletions_under_way_the_second_fails_by_webhook() {
    let sandbox = sandbox_with_latency(Duration::from_secs(3)).await;
    let (_, first) = sandbox.graph(Method::DELETE, DEMO_SPARE_GROUP_ID_1, Value::Null).await;
    let (_, second) = sandbox.graph(Method::DELETE, DEMO_SPARE_GROUP_ID_1, Value::Null).await;
    assert_ne!(first["request_id"], second["request_id"]);
    let failed = sandbox.receiver.group_event(|e| e.get("errors").is_some()).await;
    assert_eq!(failed["errors"][0]["code"], 131_041);
    assert_eq!(failed["request_id"], second["request_id"]);
}

#[actix_web::test]
async fn no_change_of_a_suspended_group_is_possible() {
    let sandbox = TestSandbox::start().await;
    sandbox.control(Method::POST, &format!("groups/{DEMO_GROUP_ID_1}/suspend"), Value::Null).await;
    let requests = whatsapp(json!({ "join_requests": ["x"] }));
    let participants = whatsapp(json!({ "participants": [{ "user": DEMO_PARTICIPANT }] }));
    let changes = [
        (Method::POST, "", whatsapp(json!({ "subject": "New" }))),
        (Method::DELETE, "", Value::Null),
        (Method::DELETE, "/invite_link", whatsapp(json!({}))),
        (Method::POST, "/join_requests", requests.clone()),
        (Method::DELETE, "/join_requests", requests),
        (Method::DELETE, "/participants", participants),
    ];
    for (method, edge, body) in changes {
        let reply = sandbox.graph(method.clone(), &format!("{DEMO_GROUP_ID_1}{edge}"), body).await;
        assert_eq!(code(&reply), (403, 131_207), "{method} {edge}");
    }
    for edge in ["", "/invite_link", "/join_requests"] {
        assert_eq!(sandbox.get(&format!("{DEMO_GROUP_ID_1}{edge}")).await.0, 200, "{edge}");
    }
    let unknown = sandbox.control(Method::POST, "groups/nothing/suspend", Value::Null).await;
    assert_eq!(unknown.0, 404);
}

#[actix_web::test]
async fn suspending_and_its_end_are_told_of_by_webhook() {
    let sandbox = TestSandbox::start().await;
    let suspend = format!("groups/{DEMO_GROUP_ID_1}/suspend");
    assert_eq!(sandbox.control(Method::POST, &suspend, Value::Null).await.0, 200);
    let event = sandbox.receiver.group_event(|e| e["type"] == "group_suspend").await;
    assert_eq!(event["group_id"], DEMO_GROUP_ID_1);
    let (_, info) = sandbox.get(&format!("{DEMO_GROUP_ID_1}?fields=suspended")).await;
    assert_eq!(info["suspended"], true);
    let link = format!("{DEMO_GROUP_ID_1}/invite_link");
    let reset = sandbox.graph(Method::POST, &link, whatsapp(json!({}))).await;
    assert_eq!(code(&reset), (403, 131_207));
    let unsuspend = format!("groups/{DEMO_GROUP_ID_1}/unsuspend");
    sandbox.control(Method::POST, &unsuspend, Value::Null).await;
    sandbox.receiver.group_event(|e| e["type"] == "group_suspend_cleared").await;
    assert_eq!(sandbox.graph(Method::POST, &link, whatsapp(json!({}))).await.0, 200);
}
