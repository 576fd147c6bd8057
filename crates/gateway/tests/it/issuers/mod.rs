//! Tokens of external issuers: JWTs that an ISV's own identity provider has signed.

mod accepted;
mod bad_tokens;
mod console;
mod managing;
mod provider;

use serde_json::{Value, json};

use crate::support::{Admin, Answered, Client, TestApp, with_tenant};
use provider::{AUDIENCE, Provider};

const ALLOWED: (&str, &str) = ("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8");

/// A gateway that reaches identity providers on this machine, and an administrator of everything.
async fn start() -> (TestApp, Admin) {
    let app = TestApp::with(&[ALLOWED, ("GROUPGATE_METRICS_BIND", "127.0.0.1:0")]).await;
    let all = &["cams:*", "events.read", "admin.read", "admin.write"] as &[&str];
    let admin = app.admin_with("key-of-an-administrator", &[("*", all)]).await;
    (app, admin)
}

/// What makes the provider's tokens good: `support` may read the first tenant, `operators` do all in all.
fn issuer_of(provider: &Provider) -> Value {
    json!({
        "issuer": provider.issuer(),
        "audience": AUDIENCE,
        "jwks_url": provider.jwks_url(),
        "algorithms": ["RS256", "ES256", "EdDSA"],
        "claims": [
            {"claim": "roles", "value": "support", "cust_space_ids": ["cams-demo1"], "scopes": ["groups.read"]},
            {"claim": "/realm/roles", "value": "operators", "cust_space_ids": ["*"], "scopes": ["cams:*", "admin.read"]},
            {"claim": "scope", "value": "tenants", "cust_space_ids_claim": "tenants", "scopes": ["groups.read"]},
        ],
    })
}

/// Adds an issuer; its path.
async fn add(admin: &Admin, issuer: Value) -> String {
    let added = admin.post("/issuers", issuer).await;
    let path = added.header("location").unwrap_or_default().replace("/admin/v1", "");
    added.done(201);
    path
}

/// Reads a group of the first tenant with a token.
async fn read(app: &TestApp, token: &str) -> Answered {
    read_at(&app.client, app, token).await
}

/// The same at another replica.
async fn read_at(client: &Client, app: &TestApp, token: &str) -> Answered {
    let group = with_tenant(&app.first, json!({"GroupId": app.first.group_id}));
    client.call_with_token(token, "GetChatGroup", group).await
}
