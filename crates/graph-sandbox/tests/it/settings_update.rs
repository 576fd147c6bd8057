//! New subjects, descriptions and pictures.

use actix_web::http::Method;
use graph_sandbox::DEMO_GROUP_ID_1;
use serde_json::{Value, json};

use crate::helpers::{Reply, TestSandbox, code, jpeg, whatsapp};

async fn update(sandbox: &TestSandbox, members: Value) -> Reply {
    sandbox.graph(Method::POST, DEMO_GROUP_ID_1, whatsapp(members)).await
}

async fn send_picture(sandbox: &TestSandbox, part: &str, kind: &str, picture: &[u8]) -> Reply {
    sandbox.upload(DEMO_GROUP_ID_1, part, kind, picture).await
}

#[actix_web::test]
async fn only_the_parts_that_were_asked_for_change_and_are_told_of() {
    let sandbox = TestSandbox::start().await;
    let (status, answer) = update(&sandbox, json!({ "subject": " New name " })).await;
    assert_eq!(status, 200, "{answer}");
    let event = sandbox.receiver.group_event(|e| e["type"] == "group_settings_update").await;
    assert_eq!(event["request_id"], answer["request_id"]);
    let subject = json!({ "text": "New name", "update_successful": true });
    assert_eq!(event["group_subject"], subject);
    assert!(event.get("group_description").is_none() && event.get("errors").is_none());
    let (_, info) = sandbox.get(&format!("{DEMO_GROUP_ID_1}?fields=subject,description")).await;
    assert_eq!(info["subject"], "New name");
    assert_eq!(info["description"], "A group that the sandbox is born with");
}

#[actix_web::test]
async fn wrong_settings_are_refused_at_once() {
    let sandbox = TestSandbox::start().await;
    let cases = [
        (json!({}), 100),
        (json!({ "subject": " " }), 131_009),
        (json!({ "subject": "s".repeat(129) }), 131_009),
        (json!({ "description": "d".repeat(2049) }), 131_009),
        (json!({ "profile_picture_file": "/tmp/x.jpg" }), 131_009),
    ];
    for (members, expected) in cases {
        assert_eq!(code(&update(&sandbox, members).await), (400, expected));
    }
}

#[actix_web::test]
async fn a_square_picture_is_taken_under_either_name() {
    let sandbox = TestSandbox::start().await;
    for part in ["file", "profile_picture_file"] {
        let (status, answer) = send_picture(&sandbox, part, "image/jpeg", &jpeg(192, 192)).await;
        assert_eq!(status, 200, "{answer}");
        let event = sandbox.receiver.group_event(|e| e["request_id"] == answer["request_id"]).await;
        assert_eq!(event["profile_picture"]["mime_type"], "image/jpeg");
        assert_eq!(event["profile_picture"]["update_successful"], true);
    }
}

#[actix_web::test]
async fn a_picture_that_is_no_small_square_jpeg_is_refused() {
    let sandbox = TestSandbox::start().await;
    let big = [jpeg(640, 640), vec![0; 5 << 20]].concat();
    let cases: [(&str, &[u8], i64); 5] = [
        ("image/jpeg", &jpeg(192, 193), 131_209),
        ("image/jpeg", &jpeg(191, 191), 131_210),
        ("image/png", &jpeg(192, 192), 131_009),
        ("image/jpeg", b"\x89PNG\r\n\x1a\n", 131_009),
        ("image/jpeg", &big, 131_009),
    ];
    for (kind, picture, expected) in cases {
        let reply = send_picture(&sandbox, "file", kind, picture).await;
        assert_eq!(code(&reply), (400, expected), "{kind}, {} bytes", picture.len());
    }
}

#[actix_web::test]
async fn a_part_that_is_told_to_fail_stays_as_it_was_while_the_others_change() {
    let sandbox = TestSandbox::start().await;
    let fault = json!({ "method": "POST", "later": { "code": 131_000, "part": "group_description" } });
    sandbox.control(Method::POST, "faults", fault).await;
    let (status, answer) = update(&sandbox, json!({ "subject": "New", "description": "Newer" })).await;
    assert_eq!(status, 200, "{answer}");
    let event = sandbox.receiver.group_event(|e| e["request_id"] == answer["request_id"]).await;
    assert_eq!(event["group_subject"], json!({ "text": "New", "update_successful": true }));
    assert_eq!(event["group_description"]["update_successful"], false);
    assert_eq!(event["group_description"]["errors"][0]["code"], 131_000);
    assert_eq!(event["errors"][0]["code"], 131_000);
    assert!(event.get("profile_picture").is_none());
    let (_, info) = sandbox.get(&format!("{DEMO_GROUP_ID_1}?fields=subject,description")).await;
    assert_eq!(info["subject"], "New");
    assert_eq!(info["description"], "A group that the sandbox is born with");
}
