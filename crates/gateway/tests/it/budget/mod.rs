//! Meta's quotas: who is held when Meta says that they are used up, or nearly.

mod nearly_used;
mod replicas;
mod used_up;

use serde_json::{Value, json};

use crate::support::{Answered, Tenant, TestApp};

/// Without limits of its own, so that Meta's are what is met.
async fn app() -> TestApp {
    let unlimited = ["GROUPGATE_RATE_PER_KEY", "GROUPGATE_RATE_PER_TENANT", "GROUPGATE_RATE_PER_NUMBER"];
    TestApp::with(&unlimited.map(|rate| (rate, "off"))).await
}

async fn read(app: &TestApp, tenant: &Tenant) -> Answered {
    app.client.call("GetChatGroupInviteLink", tenant, json!({"GroupId": tenant.group_id})).await
}

async fn write(app: &TestApp, tenant: &Tenant) -> Answered {
    app.client.call("AddChatGroupInviteLink", tenant, json!({"GroupId": tenant.group_id})).await
}

/// How often Meta was asked for either.
async fn asked(app: &TestApp) -> usize {
    let requests = app.sandbox.requests().await;
    requests.iter().filter(|request| request["path"].as_str().unwrap().contains("/invite_link")).count()
}

/// What Meta says in its headers from now on; it has been heard by then, with the answer to a read, or to a call of the
/// gateway's own that came first and had the read held.
async fn meta_says(app: &TestApp, usage: Value) {
    app.sandbox.put("usage", usage).await;
    let status = read(app, &app.first).await.status;
    assert!(status == 200 || status == 429, "{status}");
}

/// Asserts that the call was held, and gives how long it is to wait, in milliseconds.
#[track_caller]
fn held(answer: Answered) -> u64 {
    let milliseconds: u64 = answer.header("x-acs-retry-after").unwrap().parse().unwrap();
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(milliseconds > 0 && seconds * 1_000 + 1_000 > milliseconds, "{seconds} s, {milliseconds} ms");
    let body = answer.expect(429, "Throttling.Upstream");
    assert!(body.get("Upstream").is_none(), "Meta was not asked: {body}");
    milliseconds
}
