//! Which calls are traced.

use std::collections::HashSet;

use serde_json::Value;

use super::{SAMPLED, TRACE, UNSAMPLED, app, ask, ask_as, at_meta};
use crate::support::{Client, Credentials, TestApp, eventually, log_of};

/// A call that is told, and after whose spans nothing of what was before it is still to come.
async fn marked(app: &TestApp, collector: &crate::support::Collector) {
    let marker = SAMPLED.replace("4bf9", "aaaa");
    ask(app, &[("traceparent", &marker)]).await.expect(200, "OK");
    collector.trace(&TRACE.replace("4bf9", "aaaa"), 2).await;
}

#[actix_web::test]
async fn at_a_ratio_of_0_only_calls_are_told_whose_callers_tell_their_part() {
    let (app, collector) = app("0", &[]).await;
    for _ in 0..10 {
        ask(&app, &[]).await.expect(200, "OK");
        assert_eq!(at_meta(&app, "/invite_link", "traceparent").await, "");
    }
    marked(&app, &collector).await;
    assert_eq!(collector.told().len(), 2);
}

#[actix_web::test]
async fn at_a_ratio_of_1_every_call_is_told_in_a_trace_of_its_own() {
    let (app, collector) = app("1", &[]).await;
    for _ in 0..10 {
        ask(&app, &[]).await.expect(200, "OK");
    }
    let told = eventually("all spans are told", async || {
        let told = collector.told();
        (told.len() == 20).then_some(told)
    });
    let told = told.await;
    let traces: HashSet<&str> = told.iter().map(|told| told.trace_id.as_str()).collect();
    let roots = told.iter().filter(|told| told.parent.is_empty()).count();
    assert_eq!((traces.len(), roots), (10, 10), "{told:?}");
}

#[actix_web::test]
async fn a_malformed_traceparent_begins_a_new_trace_and_is_no_error() {
    let (app, collector) = app("1", &[]).await;
    for malformed in ["", "garbage", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "ff-4bf92f35-00f0-01"] {
        ask(&app, &[("traceparent", malformed), ("tracestate", "a=1")]).await.expect(200, "OK");
        assert!(!at_meta(&app, "/invite_link", "traceparent").await.is_empty());
        assert_eq!(at_meta(&app, "/invite_link", "tracestate").await, "", "of what is not read nothing goes on");
    }
    ask(&app, &[("traceparent", SAMPLED), ("traceparent", UNSAMPLED)]).await.expect(200, "OK");
    marked(&app, &collector).await;
    let roots: Vec<_> = collector.told().into_iter().filter(|told| told.parent.is_empty()).collect();
    assert_eq!(roots.len(), 5, "{roots:?}");
    assert!(roots.iter().all(|root| root.trace_id != TRACE));
}

#[actix_web::test]
async fn a_trace_that_its_caller_does_not_tell_goes_on_as_it_came_and_is_not_told() {
    let (app, collector) = app("1", &[]).await;
    ask(&app, &[("traceparent", UNSAMPLED), ("tracestate", "a=1")]).await.expect(200, "OK");
    assert_eq!(at_meta(&app, "/invite_link", "traceparent").await, UNSAMPLED);
    assert_eq!(at_meta(&app, "/invite_link", "tracestate").await, "a=1");
    marked(&app, &collector).await;
    assert!(collector.told().iter().all(|told| told.trace_id != TRACE));
}

#[actix_web::test]
async fn who_is_nobody_has_nothing_told_by_wishing_so() {
    let (app, collector) = app("0", &[]).await;
    let nobody = Credentials::new(&app.first.key.id, "a wrong secret");
    ask_as(&app, &nobody, &[("traceparent", SAMPLED)]).await.expect(401, "Unauthorized");
    marked(&app, &collector).await;
    assert!(collector.told().iter().all(|told| told.trace_id != TRACE));
}

#[actix_web::test]
async fn the_line_of_a_call_that_is_told_has_its_trace() {
    let world = TestApp::start().await.stop_gateway().await;
    let settings = [
        ("GROUPGATE_LOG_FORMAT", "json"),
        ("GROUPGATE_OTLP_URL", "http://127.0.0.1:9"),
        ("GROUPGATE_TRACE_RATIO", "0"),
    ];
    let (gateway, address) = world.serve(&settings).await;
    let client = Client::new(format!("http://{address}"));
    let authorization = world.first.key.basic();
    let body = crate::support::with_tenant(&world.first, serde_json::json!({"GroupId": world.first.group_id}));
    for parent in [SAMPLED, UNSAMPLED] {
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
            ("traceparent", parent),
            ("x-request-id", if parent == SAMPLED { "traced-call" } else { "other-call" }),
        ];
        let body = body.to_string().into_bytes();
        client.send("POST", "/v1/GetChatGroupInviteLink", &headers, body).await.expect(200, "OK");
    }
    let log = log_of(gateway).await;
    let line = |id: &str| {
        let of_call = log.lines().find(|line| line.contains(id)).unwrap();
        serde_json::from_str::<Value>(of_call).unwrap()
    };
    assert_eq!(line("traced-call")["trace_id"], TRACE);
    assert_eq!(line("other-call")["trace_id"], Value::Null);
}
