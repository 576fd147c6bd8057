//! Heads, targets and documents beyond what is read, and connections beyond what there may be.

use serde_json::json;

use super::{Wire, statuses};
use crate::support::{RpcRequest, TestApp, with_tenant};

/// What is answered to these bytes, until the connection is closed.
async fn answered(app: &TestApp, bytes: &[u8]) -> String {
    let mut wire = Wire::to(&app.client).await;
    wire.send(bytes).await;
    wire.rest().await
}

fn get(target: &str, lines: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n{lines}Connection: close\r\n\r\n").into_bytes()
}

#[actix_web::test]
async fn a_head_beyond_its_bounds_is_answered_431_in_the_envelope() {
    let app = TestApp::start().await;
    let large = format!("X: {}\r\n", "a".repeat(1024 * 1024));
    for lines in ["X: y\r\n".repeat(10_000), "X: y\r\n".repeat(97), large] {
        let answer = answered(&app, &get("/health/live", &lines)).await;
        assert_eq!(statuses(&answer), [431], "{} bytes: {answer}", lines.len());
        assert!(answer.contains(r#""Code":"RequestTooLarge""#), "{answer}");
    }
    let most = answered(&app, &get("/health/live", &"X: y\r\n".repeat(94))).await;
    assert_eq!(statuses(&most), [200]);
}

#[actix_web::test]
async fn a_target_beyond_its_bound_is_answered_414_in_the_envelope_up_to_what_http_takes() {
    let app = TestApp::start().await;
    for (length, status) in [(16 * 1024, 200), (16 * 1024 + 1, 414), (60_000, 414), (66_000, 400), (1024 * 1024, 431)] {
        let target = format!("/health/live?{}", "a".repeat(length - "/health/live?".len()));
        let answer = answered(&app, &get(&target, "")).await;
        assert_eq!(statuses(&answer), [status], "{length} bytes: {answer}");
        assert!(status == 200 || answer.contains(r#""Success":false"#), "{answer}");
    }
}

#[actix_web::test]
async fn documents_that_are_nested_without_end_are_refused_on_every_face() {
    let app = TestApp::start().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let key = app.first.key.basic();
    let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
    let body = format!(r#"{{"CustSpaceId": {deep}}}"#);
    app.client.send("POST", "/v1/GetChatGroup", &headers, body.into_bytes()).await.expect(400, "InvalidParameter");
    let token = app.client.token(&app.first.key, None).await.body()["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let path = format!("/graph/v23.0/{}/groups", app.first.phone_number_id);
    let graph = app.client.send("POST", &path, &headers, format!(r#"{{"subject": {deep}}}"#).into_bytes()).await;
    assert_eq!(graph.status, 400, "{}", graph.text);
    let flat = format!("ParticipantList{}", ".1".repeat(4_000));
    let signed = RpcRequest::new("DeleteChatGroupParticipants", &json!({ flat.as_str(): "1" }))
        .sign(&app.client, &app.first.key);
    let rpc = signed.send(&app.client).await;
    assert!((400..500).contains(&rpc.status), "{} {}", rpc.status, rpc.text);
}

#[actix_web::test]
async fn a_document_is_read_down_to_127_levels_and_beyond_that_it_is_told_why_not() {
    let app = TestApp::start().await;
    let basic = app.first.key.basic();
    let headers = [("authorization", basic.as_str()), ("idempotency-key", "deep")];
    let too_deep = "it is nested more than 127 levels deep";
    for (levels, told) in [(127, "`GroupId` is wrong"), (128, too_deep), (129, too_deep)] {
        let inner = format!("{}{}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        let body = with_tenant(&app.first, json!({"GroupId": "DEEP"})).to_string().replace("\"DEEP\"", &inner);
        for headers in [&headers[..1], &headers] {
            let answer =
                app.client.send("POST", "/v1/AddChatGroupInviteLink", headers, body.clone().into_bytes()).await;
            let refused = answer.expect(400, "InvalidParameter");
            assert!(refused["Message"].as_str().unwrap().contains(told), "{levels} levels: {refused}");
        }
    }
}

#[actix_web::test]
async fn one_connection_too_many_of_an_address_is_closed_and_a_trusted_proxy_is_not_bounded_so() {
    let app = TestApp::start().await;
    let one = ("GROUPGATE_CONNECTIONS_PER_ADDRESS", "1");
    for (settings, statuses_of_second) in
        [(&[one][..], &[][..]), (&[one, ("GROUPGATE_TRUSTED_PROXIES", "127.0.0.0/8")], &[200])]
    {
        let (client, _replica) = app.replica_with(settings).await;
        let mut first = Wire::to(&client).await;
        first.send(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n").await;
        first.answer().await;
        let mut second = Wire::to(&client).await;
        second.send(&get("/health/live", "")).await;
        assert_eq!(statuses(&second.rest().await), statuses_of_second);
    }
}
