//! Calls: by face, operation and code; what a limit refused; what Meta took.

use serde_json::{Value, json};

use super::{METRICS, figure, read};
use crate::support::{Answered, Credentials, RpcRequest, TestApp, eventually, with_tenant};

/// A call of the Graph-compatible face with this key's secret.
async fn graph(app: &TestApp, secret: &str, path: &str) -> Answered {
    let authorization = Credentials::new(&app.first.key.id, secret).bearer();
    app.client.send("GET", &format!("/graph/v23.0/{path}"), &[("authorization", &authorization)], Vec::new()).await
}

fn counted(face: &str, operation: &str, code: &str) -> String {
    format!("groupgate_calls_total{{face=\"{face}\",operation=\"{operation}\",code=\"{code}\"}}")
}

/// Waits until each of these series has its figure: a call is counted right behind its answer.
async fn expect(app: &TestApp, series: &[(&str, f64)]) {
    let metrics = app.metrics();
    for (name, expected) in series {
        eventually(name, async || (figure(&read(&metrics).await, name) == Some(*expected)).then_some(())).await;
    }
}

#[actix_web::test]
async fn a_call_is_counted_by_each_face_with_its_code_and_its_time() {
    let app = TestApp::with(&[METRICS]).await;
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(200, "OK");
    app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(200, "OK");
    let others = with_tenant(&app.second, group.clone());
    app.client.call_as(&app.first.key, "GetChatGroup", others).await.expect(403, "Forbidden.Tenant");

    let signed = || RpcRequest::new("GetChatGroup", &with_tenant(&app.first, group.clone()));
    signed().sign(&app.client, &app.first.key).send(&app.client).await.expect(200, "OK");
    let mut forged = signed().sign(&app.client, &app.first.key);
    forged.target.push_str("&Forged=1");
    assert_eq!(forged.send(&app.client).await.code(), "SignatureDoesNotMatch");

    let listed = graph(&app, &app.first.key.secret, &format!("{}/groups", app.first.phone_number_id)).await;
    assert_eq!(listed.status, 200, "{}", listed.text);
    assert_eq!(graph(&app, "a wrong secret", app.first.group_id).await.status, 401);
    assert_eq!(graph(&app, &app.first.key.secret, "none-of-ours").await.status, 400);

    expect(
        &app,
        &[
            (&counted("rest", "GetChatGroup", "OK"), 2.0),
            (&counted("rest", "GetChatGroup", "Forbidden.Tenant"), 1.0),
            (&counted("rpc", "GetChatGroup", "OK"), 1.0),
            (&counted("rpc", "unknown", "SignatureDoesNotMatch"), 1.0),
            (&counted("graph", "ListChatGroup", "OK"), 1.0),
            (&counted("graph", "unknown", "Unauthorized"), 1.0),
            (&counted("graph", "unknown", "Group.NotFound"), 1.0),
            ("groupgate_call_duration_seconds_count{face=\"rest\",operation=\"GetChatGroup\"}", 3.0),
            ("groupgate_call_duration_seconds_count{face=\"graph\",operation=\"unknown\"}", 2.0),
            ("groupgate_calls_in_flight", 0.0),
        ],
    )
    .await;
}

#[actix_web::test]
async fn a_call_is_in_flight_until_its_caller_has_an_answer_or_hangs_up() {
    let app = TestApp::with(&[METRICS]).await;
    let slow: Value = json!({"method": "GET", "path": format!("*/{}*", app.first.group_id), "delay_ms": 60_000});
    app.sandbox.fail(slow).await;
    let client = app.client.clone();
    let asked = with_tenant(&app.first, json!({"GroupId": app.first.group_id}));
    let key = app.first.key.clone();
    let call = actix_web::rt::spawn(async move { client.call_as(&key, "GetChatGroupInviteLink", asked).await });
    expect(&app, &[("groupgate_calls_in_flight", 1.0)]).await;
    call.abort();
    let cancelled = counted("rest", "GetChatGroupInviteLink", "Cancelled");
    expect(&app, &[(&cancelled, 1.0), ("groupgate_calls_in_flight", 0.0)]).await;
}

#[actix_web::test]
async fn what_a_limit_refuses_is_counted_under_its_name() {
    let limits = [
        METRICS,
        ("GROUPGATE_RATE_PER_KEY", "1/h;burst=2"),
        ("GROUPGATE_RATE_PER_TENANT_WRITE", "1/h;burst=1"),
        ("GROUPGATE_AUTH_FAILURES", "1/h"),
    ];
    let app = TestApp::with(&limits).await;
    let write = async || app.client.call("DeleteChatGroup", &app.first, json!({"GroupId": "none-of-ours"})).await;
    write().await.expect(404, "Group.NotFound");
    write().await.expect(429, "Throttling.Tenant");
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(200, "OK");
    app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(429, "Throttling.User");
    let listed = graph(&app, &app.first.key.secret, app.first.group_id).await;
    assert_eq!(listed.status, 429, "{}", listed.text);
    // Nobody who has shown his secret from here is locked out with those who guess.
    for status in [401, 429] {
        let stranger = Credentials::new("LTAI5tStranger", "a guess");
        assert_eq!(app.client.call_as(&stranger, "GetChatGroup", json!({})).await.status, status);
    }
    assert_eq!(app.client.token(&Credentials::new("LTAI5tStranger", "another"), None).await.status, 429);
    let refused = |limit: &str| format!("groupgate_limits_refused_total{{limit=\"{limit}\"}}");
    expect(
        &app,
        &[
            (&refused("tenant_write"), 1.0),
            (&refused("key"), 2.0),
            (&refused("address_secrets"), 2.0),
            (&refused("number"), 0.0),
        ],
    )
    .await;
}

#[actix_web::test]
async fn tries_are_measured_apart_that_read_and_that_write() {
    let app = TestApp::with(&[METRICS]).await;
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(200, "OK");
    let read_once = read(&app.metrics()).await;
    let count = |text: &str, effect: &str| {
        figure(text, &format!("groupgate_upstream_duration_seconds_count{{effect=\"{effect}\"}}")).unwrap()
    };
    assert!(count(&read_once, "read") >= 1.0 && count(&read_once, "write") == 0.0, "{read_once}");
    app.client.call("AddChatGroupInviteLink", &app.first, group).await.expect(200, "OK");
    let written = read(&app.metrics()).await;
    assert!(count(&written, "write") >= 1.0, "{written}");
}
