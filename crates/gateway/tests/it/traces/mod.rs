//! Traces: what a collector gets, and what Meta and endpoints are told of them.

mod calls;
mod collectors;
mod events;
mod sampling;

use serde_json::{Value, json};

use crate::support::{Answered, Collector, Credentials, TestApp, with_tenant};

/// A caller's trace, and his span of it.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";
/// The caller tells his part.
const SAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// He does not.
const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

/// How OTLP numbers the kinds of spans.
const SERVER: i64 = 2;
const CLIENT: i64 = 3;

/// One that tells this part of its calls to a collector, with these settings more.
async fn app(ratio: &str, settings: &[(&str, &str)]) -> (TestApp, Collector) {
    let collector = Collector::start();
    let (url, networks) = (collector.url(), ("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8"));
    let traced = [("GROUPGATE_OTLP_URL", url.as_str()), ("GROUPGATE_TRACE_RATIO", ratio), networks];
    let app = TestApp::with(&[&traced, settings].concat()).await;
    look_up_group(&app).await;
    (app, collector)
}

/// Has the gateway look up whose group it is, in a trace that is not told: each call asks Meta once from then on.
async fn look_up_group(app: &TestApp) {
    ask(app, &[("traceparent", &UNSAMPLED.replace("4bf9", "1111"))]).await.expect(200, "OK");
}

/// Asks for the invite link of the first tenant's group, with these headers more.
async fn ask(app: &TestApp, headers: &[(&str, &str)]) -> Answered {
    ask_as(app, &app.first.key, headers).await
}

async fn ask_as(app: &TestApp, key: &Credentials, headers: &[(&str, &str)]) -> Answered {
    let group = json!({"GroupId": app.first.group_id});
    post(app, key, "GetChatGroupInviteLink", &group, headers).await
}

/// Calls an operation for the first tenant.
async fn post(
    app: &TestApp,
    key: &Credentials,
    operation: &str,
    parameters: &Value,
    headers: &[(&str, &str)],
) -> Answered {
    let authorization = key.basic();
    let usual = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let body = with_tenant(&app.first, parameters.clone()).to_string().into_bytes();
    app.client.send("POST", &format!("/v1/{operation}"), &[&usual, headers].concat(), body).await
}

/// The header of the last request at Meta whose path contains this; empty where it had none.
async fn at_meta(app: &TestApp, path: &str, header: &str) -> String {
    let requests = app.sandbox.requests().await;
    let last = requests.iter().rfind(|request| request["path"].as_str().unwrap().contains(path)).unwrap();
    last["headers"][header].as_str().unwrap_or_default().to_owned()
}
