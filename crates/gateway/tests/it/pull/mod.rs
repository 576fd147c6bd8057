//! `GET /v1/events` and `GET /v1/events/stream`: a tenant's events for whoever has no endpoint.

mod access;
mod listening;
mod pulling;
mod reading;
mod streaming;

use serde_json::{Value, json};

use crate::support::{APP_SECRET, Answered, Client, Credentials, Tenant, TestApp, signature};

use reading::Reading;

const PULL: &str = "/v1/events";
const STREAM: &str = "/v1/events/stream";

/// A key that may read the tenant's events.
async fn reader(app: &TestApp, tenant: &Tenant) -> Credentials {
    app.key(&format!("reader-of-{}", tenant.cust_space_id), &[(tenant.cust_space_id, &["events.read"])]).await
}

fn about(tenant: &Tenant, more: &str) -> String {
    format!("?CustSpaceId={}{more}", tenant.cust_space_id)
}

/// Pulls, with whatever stands behind the tenant in the query.
async fn pull(client: &Client, key: &Credentials, tenant: &Tenant, more: &str) -> Answered {
    get(client, key, &format!("{PULL}{}", about(tenant, more))).await
}

async fn get(client: &Client, key: &Credentials, path: &str) -> Answered {
    client.send("GET", path, &[("authorization", &key.basic())], Vec::new()).await
}

/// Meta sends the tenant's number a message for each of these texts, in one webhook.
async fn receive(client: &Client, tenant: &Tenant, texts: &[String]) {
    let message = |text: &String| {
        json!({"from": "16505551234", "id": format!("wamid.{text}"), "timestamp": "1763712900", "type": "text",
               "text": {"body": text}})
    };
    let messages: Vec<Value> = texts.iter().map(message).collect();
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": tenant.waba_id, "time": 1_763_712_900,
    "changes": [{"field": "messages", "value": {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": tenant.business_number, "phone_number_id": tenant.phone_number_id},
        "messages": messages,
    }}]}]});
    let body = body.to_string().into_bytes();
    let headers =
        [("x-hub-signature-256", signature(APP_SECRET, &body)), ("content-type", "application/json".to_owned())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    // Meta sends again what could not be committed.
    crate::support::eventually("the webhook is taken", async || {
        let status = client.send("POST", "/webhooks/graph", &headers, body.clone()).await.status;
        assert!([200, 503].contains(&status), "{status}");
        (status == 200).then_some(())
    })
    .await;
}

/// Texts that occur once: `name-0`, `name-1`, ….
fn texts(name: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{name}-{number}")).collect()
}

fn sequences(list: &Value) -> Vec<i64> {
    list.as_array().unwrap().iter().map(|event| event["Sequence"].as_i64().unwrap()).collect()
}

/// Pulls until there are so many events.
async fn published(app: &TestApp, key: &Credentials, tenant: &Tenant, count: usize) -> Value {
    crate::support::eventually("the events are published", async || {
        let data = pull(&app.client, key, tenant, "&Limit=1000").await.expect(200, "OK")["Data"].clone();
        (data["List"].as_array().unwrap().len() == count).then_some(data)
    })
    .await
}
