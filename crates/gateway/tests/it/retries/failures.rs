//! Each failure of Meta's, met by a read and by a change.

use std::time::Instant;

use serde_json::{Value, json};

use super::{app, app_with, figure, group};
use crate::support::TestApp;

/// What is promised of a failure.
struct Promise {
    /// How Meta fails: so many times, as the sandbox is told.
    fault: Value,
    /// How often a read is asked, and how it ends.
    read: (usize, End),
    /// How often a change is asked, how it ends, and whether it has happened then.
    change: (usize, End, bool),
}

/// How a call ends: its status, and what `RetrySafe` says.
type End = (u16, Option<bool>);

const OK: End = (200, None);
const SAFE: End = (502, Some(true));
const UNSAFE: End = (502, Some(false));

fn promises() -> Vec<Promise> {
    let promise = |fault, read, change| Promise { fault, read, change };
    vec![
        // What passes is not seen by a read's caller. A change is not made twice, and whether it was made is told.
        promise(json!({"close": "before"}), (2, OK), (1, UNSAFE, false)),
        promise(json!({"close": "after"}), (2, OK), (1, UNSAFE, true)),
        promise(json!({"code": 131_000}), (2, OK), (1, UNSAFE, false)),
        promise(json!({"code": 2}), (2, OK), (1, UNSAFE, false)),
        promise(json!({"http_status": 503, "body": "away"}), (2, OK), (1, UNSAFE, false)),
        promise(json!({"code": 131_016, "count": 2}), (3, OK), (1, UNSAFE, false)),
        // Meta's time is waited for where it is short, and else by the caller.
        promise(json!({"code": 2, "retry_after": 1}), (2, OK), (1, UNSAFE, false)),
        promise(json!({"code": 2, "retry_after": 30}), (1, SAFE), (1, UNSAFE, false)),
        promise(json!({"http_status": 503, "body": "away", "retry_after": 30}), (1, SAFE), (1, UNSAFE, false)),
        // What lasts is asked three times.
        promise(json!({"code": 131_000, "count": 100}), (3, SAFE), (1, UNSAFE, false)),
        promise(json!({"close": "before", "count": 100}), (3, SAFE), (1, UNSAFE, false)),
        // What another try would not change is asked once.
        promise(json!({"code": 131_009}), (1, (422, None)), (1, (422, None), false)),
        promise(json!({"http_status": 200, "body": "<html>"}), (1, SAFE), (1, UNSAFE, false)),
        promise(json!({"http_status": 404, "body": "<html>"}), (1, SAFE), (1, SAFE, false)),
    ]
}

/// The first tenant's invite link, asked past the gateway.
async fn link_at_meta(app: &TestApp) -> Value {
    let answer = app.sandbox.graph(app.first.graph_token, "GET", &format!("{}/invite_link", app.first.group_id)).await;
    answer["invite_link"].clone()
}

/// Makes a call that Meta fails so; how often Meta was asked, and how it ended. Whoever is not helped by then is told of a time
/// that is long.
async fn failing(app: &TestApp, fault: &Value, (method, operation): (&str, &str)) -> (usize, End) {
    let mut on_path = fault.clone();
    on_path["path"] = json!("*/invite_link");
    let before = app.sandbox.count(method, "/invite_link").await;
    app.sandbox.fail(on_path).await;
    let answer = app.client.call(operation, &app.first, group(&app.first)).await;
    app.sandbox.calm().await;
    let asked = app.sandbox.count(method, "/invite_link").await - before;
    if fault["retry_after"] == 30 {
        assert_eq!(answer.header("retry-after"), Some("30"), "{fault}");
    }
    (asked, (answer.status, answer.body()["RetrySafe"].as_bool()))
}

#[actix_web::test]
async fn what_is_sent_again_is_safe_and_what_retry_safe_says_is_true() {
    let app = app().await;
    for Promise { fault, read, change } in promises() {
        let (asked, end) = failing(&app, &fault, ("GET", "GetChatGroupInviteLink")).await;
        assert_eq!((asked, end), read, "a read and {fault}");
        let before = link_at_meta(&app).await;
        let (asked, end) = failing(&app, &fault, ("POST", "AddChatGroupInviteLink")).await;
        let has_happened = link_at_meta(&app).await != before;
        assert_eq!((asked, end, has_happened), change, "a change and {fault}");
        // Of many failures in a row others would hear; here each is looked at by itself.
        app.client.call("GetChatGroupInviteLink", &app.first, group(&app.first)).await.expect(200, "OK");
    }
}

#[actix_web::test]
async fn a_call_of_metas_own_is_sent_again_as_every_other() {
    let app = app().await;
    let path = format!("/graph/v23.0/{}/invite_link", app.first.group_id);
    let bearer = app.first.key.bearer();
    let ask = async |method: &str, count: usize| {
        app.sandbox.fail(json!({"path": "*/invite_link", "code": 131_000, "count": count})).await;
        let before = app.sandbox.count(method, "/invite_link").await;
        let answer = app.client.send(method, &path, &[("authorization", &bearer)], Vec::new()).await;
        app.sandbox.calm().await;
        (app.sandbox.count(method, "/invite_link").await - before, answer.status == 200)
    };
    assert_eq!(ask("GET", 2).await, (3, true));
    assert_eq!(ask("GET", 100).await, (3, false));
    assert_eq!(ask("POST", 1).await, (1, false));
    let failed = figure(&app.metrics(), "groupgate_upstream_tries_total{result=\"failed\"}").await;
    assert!(failed >= 6.0, "the guard hears of refusals that are passed on: {failed}");
}

#[actix_web::test]
async fn of_many_calls_a_tenth_is_sent_again_and_no_more() {
    // However long the good calls among them take, all that fail are sent.
    let app = app_with(&[("GROUPGATE_UPSTREAM_BREAKERS", "false")]).await;
    let failing = json!({"GroupId": app.first.spare_group_id});
    app.client.call("GetChatGroupInviteLink", &app.first, failing.clone()).await.expect(200, "OK");
    let path = format!("*/{}/invite_link", app.first.spare_group_id);
    app.sandbox.fail(json!({"path": path, "http_status": 503, "body": "away", "count": 1_000_000})).await;
    let begun = Instant::now();
    let rounds = 40;
    for _ in 0..rounds {
        app.client
            .call("GetChatGroupInviteLink", &app.first, failing.clone())
            .await
            .expect(502, "Upstream.Unavailable");
        for tenant in [&app.first, &app.second, &app.first, &app.second] {
            app.client.call("GetChatGroupInviteLink", tenant, group(tenant)).await.expect(200, "OK");
        }
    }
    let calls = f64::from(rounds) * 5.0;
    let repeated = figure(&app.metrics(), "groupgate_upstream_retries_total").await;
    let most = calls / 10.0 + 10.0 + begun.elapsed().as_secs_f64() + 2.0;
    assert!((10.0..=most).contains(&repeated), "{repeated} of {calls} calls, at most {most}");
}
