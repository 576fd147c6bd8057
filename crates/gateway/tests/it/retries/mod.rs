//! What the gateway sends again by itself, how much of it, and that `RetrySafe` is true to it.

mod breaker;
mod failures;

use serde_json::{Value, json};

use crate::support::{Client, Tenant, TestApp};

const METRICS: (&str, &str) = ("GROUPGATE_METRICS_BIND", "127.0.0.1:0");

/// Without limits, with metrics, and with its tenants in memory.
async fn app() -> TestApp {
    app_with(&[]).await
}

/// The same with these settings.
async fn app_with(settings: &[(&str, &str)]) -> TestApp {
    let app = TestApp::with(&[&crate::idempotency::UNLIMITED[..], &[METRICS], settings].concat()).await;
    for tenant in [&app.first, &app.second] {
        app.client.call("GetChatGroupInviteLink", tenant, group(tenant)).await.expect(200, "OK");
    }
    app
}

fn group(tenant: &Tenant) -> Value {
    json!({"GroupId": tenant.group_id})
}

/// The figure of a metric, its labels included.
async fn figure(metrics: &Client, series: &str) -> f64 {
    let text = metrics.send("GET", "/metrics", &[], Vec::new()).await.text;
    let found = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok());
    found.unwrap_or_else(|| panic!("{series} in {text}"))
}
