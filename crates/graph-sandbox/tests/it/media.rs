//! Media: uploaded, described, downloaded, sent, deleted.

use actix_web::http::Method;
use graph_sandbox::{DEMO_GROUP_ID_1, DEMO_PHONE_NUMBER_ID_1, DEMO_PHONE_NUMBER_ID_2, SandboxSettings};
use serde_json::{Value, json};

use crate::helpers::{Reply, TOKEN_1, TOKEN_2, TestSandbox, code, jpeg, settings, whatsapp};

const MEDIA: &str = "100000000000001/media";

/// An upload that is taken; its ID.
async fn uploaded(sandbox: &TestSandbox, kind: &str, content: &[u8]) -> String {
    let (status, answer) = sandbox.upload(MEDIA, "file", kind, content).await;
    assert_eq!(status, 200, "{answer}");
    answer["id"].as_str().unwrap().to_owned()
}

/// What stands at a media's address: status, type and content.
async fn downloaded(sandbox: &TestSandbox, url: &str, token: &str) -> (u16, String, Vec<u8>) {
    let path = url.strip_prefix(&sandbox.sandbox.url()).unwrap();
    let mut response = sandbox.raw(Method::GET, path).bearer_auth(token).send().await.unwrap();
    let kind = response.headers().get("content-type").unwrap().to_str().unwrap().to_owned();
    (response.status().as_u16(), kind, response.body().await.unwrap().to_vec())
}

async fn send(sandbox: &TestSandbox, kind: &str, id: &str) -> Reply {
    let body = whatsapp(json!({ "recipient_type": "group", "to": DEMO_GROUP_ID_1, "type": kind, kind: { "id": id } }));
    sandbox.graph(Method::POST, "100000000000001/messages", body).await
}

#[actix_web::test]
async fn what_was_uploaded_can_be_downloaded_with_the_token_alone() {
    let sandbox = TestSandbox::start().await;
    let picture = jpeg(640, 480);
    let id = uploaded(&sandbox, "image/jpeg", &picture).await;
    let (status, info) = sandbox.get(&id).await;
    assert_eq!(status, 200, "{info}");
    assert_eq!((&info["id"], &info["mime_type"]), (&json!(id), &json!("image/jpeg")));
    assert_eq!(info["file_size"], picture.len().to_string());
    assert_eq!(info["sha256"].as_str().unwrap().len(), 64);
    let url = info["url"].as_str().unwrap();
    assert_eq!(downloaded(&sandbox, url, TOKEN_1).await, (200, "image/jpeg".to_owned(), picture.clone()));
    assert_eq!(downloaded(&sandbox, url, TOKEN_2).await.2, picture, "the partner's token sees it, too");
    assert_eq!(downloaded(&sandbox, url, "forged").await.0, 401);
    assert_eq!(downloaded(&sandbox, &url.replace("hash=", "hash=0"), TOKEN_1).await.0, 404);
    let later = url.replace("ext=", "ext=9");
    assert_eq!(downloaded(&sandbox, &later, TOKEN_1).await.0, 404, "the address holds for its own time only");
}

#[actix_web::test]
async fn media_of_another_account_look_unknown() {
    let sandbox = TestSandbox::start().await;
    let path = format!("/v23.0/{DEMO_PHONE_NUMBER_ID_2}/media");
    let body = "--x\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n\
        --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\nContent-Type: text/plain\r\n\r\nHi\r\n--x--\r\n";
    let request = sandbox.raw(Method::POST, &path).insert_header(("Content-Type", "multipart/form-data; boundary=x"));
    let mut response = request.bearer_auth(TOKEN_2).send_body(body).await.unwrap();
    let answer: Value = serde_json::from_slice(&response.body().await.unwrap()).unwrap();
    let id = answer["id"].as_str().unwrap();
    let (_, info) = sandbox.graph_as(TOKEN_2, Method::GET, id, Value::Null).await;
    assert_eq!(downloaded(&sandbox, info["url"].as_str().unwrap(), TOKEN_1).await.0, 404);
    for method in [Method::GET, Method::DELETE] {
        let reply = sandbox.graph(method, id, Value::Null).await;
        assert_eq!(code(&reply), (400, 100));
        assert_eq!(reply.1["error"]["error_subcode"], 33);
    }
    assert_eq!(code(&send(&sandbox, "document", id).await), (400, 131_009));
}

#[actix_web::test]
async fn a_deleted_file_is_gone_and_another_numbers_is_not_touched() {
    let sandbox = TestSandbox::start().await;
    let id = uploaded(&sandbox, "text/plain", b"Hi").await;
    let delete = async |query: &str| sandbox.graph(Method::DELETE, &format!("{id}{query}"), Value::Null).await;
    assert_eq!(code(&delete("?phone_number_id=999").await), (400, 100));
    let of_number = format!("?phone_number_id={DEMO_PHONE_NUMBER_ID_1}");
    assert_eq!(delete(&of_number).await, (200, json!({ "success": true })));
    assert_eq!(code(&sandbox.get(&id).await), (400, 100));
}

#[actix_web::test]
async fn only_metas_types_are_taken_and_none_too_large() {
    let sandbox = TestSandbox::start().await;
    let large = vec![0; (5 << 20) + 1];
    let cases: [(&str, &str, &[u8], i64); 4] = [
        ("file", "image/gif", b"GIF89a", 100),
        ("picture", "image/jpeg", b"", 100),
        ("file", "application/octet-stream", b"?", 100),
        ("file", "image/png", &large, 131_053),
    ];
    for (part, kind, content, expected) in cases {
        let reply = sandbox.upload(MEDIA, part, kind, content).await;
        assert_eq!(code(&reply), (400, expected), "{part} {kind}");
    }
    let bare = sandbox.graph(Method::POST, MEDIA, whatsapp(json!({ "file": "@/tmp/x" }))).await;
    assert_eq!(code(&bare), (400, 100), "a name is no file");
}

#[actix_web::test]
async fn a_file_is_sent_by_its_id_and_one_of_the_wrong_type_fails_by_webhook() {
    let sandbox = TestSandbox::start().await;
    let id = uploaded(&sandbox, "image/jpeg", &jpeg(10, 10)).await;
    assert_eq!(send(&sandbox, "image", &id).await.0, 200);
    let (_, phone) = sandbox.control(Method::GET, "users/16505551234/messages", Value::Null).await;
    assert_eq!(phone["data"][0]["content"]["id"], id);
    assert_eq!(send(&sandbox, "video", &id).await.0, 200);
    let failed = |change: &Value| change["value"]["statuses"][0]["status"] == "failed";
    let failed = sandbox.receiver.change(failed).await;
    assert_eq!(failed["value"]["statuses"][0]["errors"][0]["code"], 131_053);
    assert_eq!(code(&send(&sandbox, "image", "1").await), (400, 131_009));
}

#[actix_web::test]
async fn files_survive_a_restart_and_leave_the_disk_when_they_are_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let settings = SandboxSettings { data_dir: Some(dir.path().to_owned()), ..settings() };
    let first = TestSandbox::start_with(settings.clone()).await;
    let id = uploaded(&first, "text/plain", b"Kept").await;
    first.sandbox.stop().await;
    let second = TestSandbox::start_with(settings).await;
    let (_, info) = second.get(&id).await;
    assert_eq!(downloaded(&second, info["url"].as_str().unwrap(), TOKEN_1).await.2, b"Kept");
    second.graph(Method::DELETE, &id, Value::Null).await;
    second.sandbox.stop().await;
    assert!(!dir.path().join("media").join(&id).exists());
}
