//! Webhooks that Meta's app signs.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::{Answered, TestApp};

impl TestApp {
    /// Has Meta send this, signed with this secret, with these headers more.
    pub(crate) async fn webhook(&self, secret: &str, body: &[u8], headers: &[(&str, &str)]) -> Answered {
        let signature = signature(secret, body);
        let headers = [&[("x-hub-signature-256", signature.as_str())], headers].concat();
        self.client.send("POST", "/webhooks/graph", &headers, body.to_vec()).await
    }
}

/// The header `X-Hub-Signature-256` of this body.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("sha256={}", hex::encode(hmac::sign(&key, body)))
}

/// The body of a webhook that tells of groups of one number that are suspended.
pub(crate) fn suspended(phone_number_id: &str, waba_id: &str, groups: &[&str]) -> Vec<u8> {
    let groups: Vec<Value> =
        groups.iter().map(|id| json!({"timestamp": "1763712000", "group_id": id, "type": "group_suspend"})).collect();
    let value = json!({"metadata": {"phone_number_id": phone_number_id}, "groups": groups});
    let changes = json!([{"field": "group_status_update", "value": value}]);
    let entry = json!([{"id": waba_id, "time": 1_763_712_000, "changes": changes}]);
    json!({"object": "whatsapp_business_account", "entry": entry}).to_string().into_bytes()
}
