//! What a request may say, and what would make another call of it.

use serde_json::json;

use super::{call, form, graph, list_groups, refusal, send_form};
use crate::support::TestApp;

#[actix_web::test]
async fn a_call_cannot_be_disguised_as_another_one() {
    let app = TestApp::start().await;
    list_groups(&app, &app.first).await;
    let reader = app.key("a-reader", &[(app.first.cust_space_id, &["groups.read"])]).await;
    let group = format!("v23.0/{}", app.first.group_id);
    let before = app.sandbox.requests().await.len();
    for query in
        ["method=delete", "fields=id%7Bx%7D", "fields=participants.limit(1)", "batch=%5B%5D", "ids=1,2", "callback=f"]
    {
        let answer = call(&app, &reader, "GET", &format!("{group}?{query}"), json!(null)).await;
        assert_eq!(refusal(&answer), (400, 100, None), "{query}");
    }
    for body in [
        json!({"method": "delete"}),
        json!({"access_token": "x"}),
        json!({"appsecret_proof": "x"}),
        json!([]),
        json!("x"),
    ] {
        let answer = graph(&app, "POST", app.first.group_id, body.clone()).await;
        assert_eq!(refusal(&answer), (400, 100, None), "{body}");
    }
    assert_eq!(app.sandbox.requests().await.len(), before);
}

#[actix_web::test]
async fn a_parameter_says_one_thing() {
    let app = TestApp::start().await;
    list_groups(&app, &app.first).await;
    let in_both = format!("{}?subject=one", app.first.group_id);
    let update = json!({"messaging_product": "whatsapp", "subject": "other"});
    assert_eq!(refusal(&graph(&app, "POST", &in_both, update).await), (400, 100, None));
    let twice = form(&[("messaging_product", "whatsapp"), ("subject", "one"), ("subject", "other")], None);
    assert_eq!(refusal(&send_form(&app, app.first.group_id, twice).await), (400, 100, None));
    let authorization = app.first.key.bearer();
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let path = format!("/graph/v23.0/{}/messages", app.first.phone_number_id);
    let message = format!(
        r#"{{"messaging_product":"whatsapp","recipient_type":"group","type":"text","text":{{"body":"x"}},"to":"{}","to":"{}"}}"#,
        app.second.group_id, app.first.group_id
    );
    app.client.send("POST", &path, &headers, message.into_bytes()).await;
    let sent = super::asked(&app, "POST", "/messages").await;
    assert!(!sent.to_string().contains(app.second.group_id), "Meta reads what was looked at: {sent}");
}

#[actix_web::test]
async fn a_body_that_cannot_be_read_is_not_passed_on() {
    let app = TestApp::start().await;
    list_groups(&app, &app.first).await;
    let authorization = app.first.key.bearer();
    let path = format!("/graph/v23.0/{}", app.first.group_id);
    for (content_type, body, status) in [
        ("application/json", b"{".to_vec(), 400),
        ("application/xml", b"<a/>".to_vec(), 400),
        ("multipart/form-data; boundary=b", b"--c\r\n".to_vec(), 400),
        ("multipart/form-data", b"--c\r\n".to_vec(), 400),
        ("application/json", format!(r#"{{"subject":"{}"}}"#, "x".repeat(8 << 20)).into_bytes(), 413),
    ] {
        let headers = [("authorization", authorization.as_str()), ("content-type", content_type)];
        let answer = app.client.send("POST", &path, &headers, body).await;
        assert_eq!(refusal(&answer), (status, 100, None), "{content_type}");
    }
    assert_eq!(app.sandbox.count("POST", app.first.group_id).await, 0);
}
