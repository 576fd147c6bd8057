//! Files: up in a stream, described, down in a stream, gone.

use std::time::Duration;

use actix_web::web::Bytes;
use awc::body::BodyStream;
use futures_util::stream;
use serde_json::{Value, json};

use super::{asked, call, done, form, graph, refusal, send_form};
use crate::support::TestApp;

/// The path of an address of ours.
fn ours(address: &Value) -> &str {
    address.as_str().unwrap().strip_prefix("https://gateway.example/graph/").expect("an address of the gateway")
}

async fn upload(app: &TestApp, kind: &str, content: &[u8]) -> String {
    let file = form(&[("messaging_product", "whatsapp")], Some(("file", kind, content)));
    let uploaded = send_form(app, &format!("{}/media", app.first.phone_number_id), file).await;
    done(&uploaded)["id"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_file_goes_up_and_comes_down_through_us_and_is_deleted() {
    let app = TestApp::start().await;
    let id = upload(&app, "text/plain", b"words of a file").await;
    let info = done(&graph(&app, "GET", &id, Value::Null).await);
    assert_eq!((&info["mime_type"], &info["file_size"]), (&json!("text/plain"), &json!("15")));
    assert_eq!(ours(&info["url"]), format!("v23.0/{id}/content"));
    let file = call(&app, &app.first.key, "GET", ours(&info["url"]), Value::Null).await;
    assert_eq!((file.status, file.text.as_str()), (200, "words of a file"));
    assert_eq!(file.header("content-type"), Some("text/plain"));
    assert_eq!(file.header("content-length"), Some("15"));
    assert_eq!(file.header("content-disposition"), Some("attachment"));
    assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
    done(&graph(&app, "DELETE", &id, Value::Null).await);
    let gone = call(&app, &app.first.key, "GET", ours(&info["url"]), Value::Null).await;
    assert_eq!(refusal(&gone), super::NO_OBJECT);
}

#[actix_web::test]
async fn a_file_that_a_user_sent_is_the_numbers() {
    let app = TestApp::start().await;
    let id = upload(&app, "image/jpeg", &crate::support::fixture("pictures/baseline.jpg")).await;
    let forget = "delete from upstream_objects";
    sqlx::query(forget).execute(&mut crate::support::superuser(&app.database).await).await.unwrap();
    let value = json!({"messaging_product": "whatsapp",
        "metadata": {"display_phone_number": app.first.business_number, "phone_number_id": app.first.phone_number_id},
        "contacts": [{"profile": {"name": "N"}, "wa_id": "16505550151"}],
        "messages": [{"from": "16505550151", "id": "wamid.1", "timestamp": "1755548877", "type": "image",
                      "image": {"id": id, "mime_type": "image/jpeg"}}]});
    let webhook = json!({"field": "messages", "waba_id": app.first.waba_id, "value": value});
    assert_eq!(app.sandbox.post("webhooks/send", webhook).await.0, 200);
    crate::support::eventually("the file is known", async || {
        (graph(&app, "GET", &id, Value::Null).await.status == 200).then_some(())
    })
    .await;
    let foreign = call(&app, &app.second.key, "GET", &format!("v23.0/{id}"), Value::Null).await;
    assert_eq!(refusal(&foreign), super::NO_OBJECT);
}

#[actix_web::test]
async fn an_address_that_leads_elsewhere_is_not_followed() {
    let app = TestApp::start().await;
    let id = upload(&app, "text/plain", b"words").await;
    for elsewhere in [
        "https://evil.example/f",
        "http://127.0.0.1:9/f",
        "https://lookaside.fbsbx.com.evil.example/f",
        "file:///etc/passwd",
        "no address",
    ] {
        app.sandbox.fail(json!({"method": "GET", "http_status": 200, "body": {"url": elsewhere, "id": id}})).await;
        let answer = graph(&app, "GET", &format!("{id}/content"), Value::Null).await;
        assert_eq!(refusal(&answer), (503, 2, None), "{elsewhere}");
        assert!(!answer.text.contains("evil"), "{}", answer.text);
    }
}

#[actix_web::test]
async fn twenty_megabytes_pass_through_in_pieces() {
    let app = TestApp::start().await;
    let content = vec![b'x'; 20 * 1024 * 1024];
    let id = upload(&app, "application/pdf", &content).await;
    let sent = asked(&app, "POST", "/media").await;
    assert!(sent["headers"]["content-length"].as_str().unwrap().parse::<usize>().unwrap() > content.len(), "{sent}");
    let info = done(&graph(&app, "GET", &id, Value::Null).await);
    assert_eq!(info["file_size"], content.len().to_string());
}

#[actix_web::test]
async fn a_file_without_a_length_is_passed_on_as_it_comes() {
    let app = TestApp::start().await;
    let url = format!("{}/graph/v23.0/{}/media", app.client.url, app.first.phone_number_id);
    let (content_type, whole) = form(&[("messaging_product", "whatsapp")], Some(("file", "text/plain", b"in pieces")));
    let send = async |pieces: Vec<Bytes>| {
        let request = awc::Client::builder().timeout(Duration::from_mins(1)).finish().post(&url);
        let request = request.insert_header(("authorization", app.first.key.bearer()));
        let request = request.insert_header(("content-type", content_type.clone()));
        let pieces = stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>));
        let mut answer = request.send_body(BodyStream::new(pieces)).await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let pieces = whole.chunks(7).map(Bytes::copy_from_slice).collect();
    let (status, uploaded) = send(pieces).await;
    assert_eq!((status, uploaded["id"].is_string()), (200, true), "{uploaded}");
}

#[actix_web::test]
async fn what_is_no_form_or_says_that_it_is_too_large_is_not_passed_on() {
    let app = TestApp::start().await;
    let path = format!("{}/media", app.first.phone_number_id);
    let json = graph(&app, "POST", &path, json!({"messaging_product": "whatsapp"})).await;
    assert_eq!(refusal(&json), (400, 100, None));
    let head = format!(
        "POST /graph/v23.0/{path} HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 200000000\r\n\r\n",
        app.first.key.bearer()
    );
    let answer = super::wire::answered(&app, &head).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(app.sandbox.count("POST", "/media").await, 0);
}

#[actix_web::test]
async fn a_file_whose_form_says_who_calls_or_has_no_boundary_does_not_reach_meta() {
    let app = TestApp::start().await;
    let path = format!("{}/media", app.first.phone_number_id);
    let file = vec![b'x'; 300_000];
    for name in ["access_token", "Access_Token", "appsecret_proof", "method"] {
        let parts = form(&[("messaging_product", "whatsapp"), (name, "x")], Some(("file", "text/plain", &file)));
        assert_eq!(refusal(&send_form(&app, &path, parts).await), (400, 100, None), "{name}");
    }
    let (_, body) = form(&[("messaging_product", "whatsapp")], Some(("file", "text/plain", b"words")));
    let answer = send_form(&app, &path, ("multipart/form-data".to_owned(), body)).await;
    assert_eq!(refusal(&answer), (400, 100, None));
    let whole = app.sandbox.requests().await.into_iter().filter(|asked| asked["status"] == 200).count();
    assert_eq!(whole, 0, "no file came to its end");
}
