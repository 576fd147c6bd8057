//! The Graph-compatible face: Meta's own paths, on the same groups, under the same rules.

mod calls;
mod changes;
mod media;
mod ownership;
mod paging;
mod port;
mod refusals;
mod requests;
mod wire;

use serde_json::{Value, json};

use crate::support::{Answered, Credentials, Tenant, TestApp};

/// A call of the face, as `pywa` makes it: JSON, where there is a body.
async fn call(app: &TestApp, key: &Credentials, method: &str, path: &str, body: Value) -> Answered {
    let authorization = key.bearer();
    let mut headers = vec![("authorization", authorization.as_str())];
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    if !body.is_empty() {
        headers.push(("content-type", "application/json"));
    }
    app.client.send(method, &format!("/graph/{path}"), &headers, body).await
}

/// The same for the first tenant, in version 23.
async fn graph(app: &TestApp, method: &str, path: &str, body: Value) -> Answered {
    call(app, &app.first.key, method, &format!("v23.0/{path}"), body).await
}

/// The answer's body, where Meta did what was asked.
#[track_caller]
fn done(answer: &Answered) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body()
}

/// Status, code and subcode of a refusal, which is Meta's error object.
#[track_caller]
fn refusal(answer: &Answered) -> (u16, i64, Option<i64>) {
    let error = &answer.body()["error"];
    assert!(error["message"].is_string() && error["type"].is_string() && error["fbtrace_id"].is_string(), "{error}");
    (answer.status, error["code"].as_i64().unwrap(), error["error_subcode"].as_i64())
}

/// What an object that is another's, or nobody's, is answered with.
const NO_OBJECT: (u16, i64, Option<i64>) = (400, 100, Some(33));

/// Makes the tenant's groups known, as a client does that begins by listing them.
async fn list_groups(app: &TestApp, tenant: &Tenant) -> Value {
    let path = format!("v23.0/{}/groups", tenant.phone_number_id);
    done(&call(app, &tenant.key, "GET", &path, Value::Null).await)
}

/// A form with a file in it, and its `Content-Type`.
fn form(texts: &[(&str, &str)], file: Option<(&str, &str, &[u8])>) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, text) in texts {
        let part = format!("--limit\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    if let Some((name, kind, content)) = file {
        let head = format!(
            "--limit\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a file\"\r\nContent-Type: {kind}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--limit--\r\n");
    ("multipart/form-data; boundary=limit".to_owned(), body)
}

async fn send_form(app: &TestApp, path: &str, (content_type, body): (String, Vec<u8>)) -> Answered {
    let authorization = app.first.key.bearer();
    let headers = [("authorization", authorization.as_str()), ("content-type", content_type.as_str())];
    app.client.send("POST", &format!("/graph/v23.0/{path}"), &headers, body).await
}

/// What Meta was asked last with this method, at a path that ends so.
async fn asked(app: &TestApp, method: &str, end: &str) -> Value {
    let is_meant = |asked: &Value| asked["method"] == method && asked["path"].as_str().unwrap().ends_with(end);
    app.sandbox.requests().await.into_iter().rfind(is_meant).unwrap_or_else(|| panic!("{method} {end} was not asked"))
}

fn text_to(group_id: &str) -> Value {
    json!({"messaging_product": "whatsapp", "recipient_type": "group", "type": "text", "to": group_id,
           "text": {"body": "hello group", "preview_url": false}})
}
