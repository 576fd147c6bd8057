//! Whatever an administrator does is in the audit log, and no secret is.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::grants::every_call;
use crate::support::{Admin, Receiver, Reply, TestApp, WebServer};

const TOKEN: &str = "EAAthe-token-of-the-third";
const EVERYTHING: &[&str] =
    &["groups.read", "groups.write", "messages.send", "events.read", "admin.read", "admin.write"];

/// The key of [RFC 7517, A.1](https://www.rfc-editor.org/rfc/rfc7517#appendix-A.1), in a set.
const KEY_SET: &[u8] = br#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

/// What an administrator does, call by call.
struct Story {
    admin: Admin,
    made: BTreeSet<(String, String)>,
    secrets: Vec<String>,
}

impl Story {
    /// Makes a call of the document, `{}` in its path replaced by `ids`, and finds it in the log.
    async fn tell(&mut self, method: &str, path: &str, ids: &[&str], body: Value) -> Value {
        let mut ids = ids.iter();
        let part = |part: &str| if part.starts_with('{') { (*ids.next().unwrap()).to_owned() } else { part.to_owned() };
        let mut named = path.split('/').map(part).collect::<Vec<_>>().join("/");
        if (method, path) == ("DELETE", "/tenants/{cust_space_id}") {
            named += "?confirm=cams-third";
        }
        let answer = self.admin.change(method, &named, "*", body).await;
        assert!(answer.status < 300, "{method} {named}: {}", answer.text);
        let call = answer.header("x-request-id").unwrap();
        let log = self.admin.get(&format!("/audit?request_id={call}")).await.done(200);
        let entry = &log["data"][0];
        assert!(!["read", "refuse"].contains(&entry["action"].as_str().unwrap_or("read")), "{method} {named}: {log}");
        assert_eq!((&entry["actor"], &entry["address"]), (&json!("owner"), &json!("127.0.0.1")), "{method} {named}");
        self.made.insert((method.to_owned(), path.to_owned()));
        let answer = answer.body();
        let shown = ["secret", "access_key_secret"].into_iter().filter_map(|field| answer[field].as_str());
        self.secrets.extend(shown.map(str::to_owned));
        answer
    }

    async fn of_tenants(&mut self) {
        const ONE: &str = "/tenants/{cust_space_id}";
        let (third, at) = (["cams-third"], |path: &str| format!("{ONE}{path}"));
        self.tell("POST", "/tenants", &[], json!({"cust_space_id": "cams-third", "name": "The third"})).await;
        self.tell("PATCH", ONE, &third, json!({"notes": "by phone"})).await;
        self.tell("PUT", &at("/limits"), &third, json!({"per_tenant": "20/s"})).await;
        self.tell("POST", &at("/onboarding"), &third, json!({"access_token": TOKEN})).await;
        self.tell("POST", &at("/onboarding/{step}"), &["cams-third", "eligibility"], Value::Null).await;
        self.tell("POST", &at("/groups/reconcile"), &third, Value::Null).await;
        self.tell("POST", &at("/credential/check"), &third, Value::Null).await;
        self.tell("PUT", &at("/credential"), &third, json!({"access_token": TOKEN})).await;
        self.tell("DELETE", &at("/credential"), &third, Value::Null).await;
        let number = json!({"business_number": "15550000008", "phone_number_id": "100000000000008", "waba_id": "2"});
        self.tell("POST", &at("/numbers"), &third, number).await;
        let number = ["cams-third", "15550000008"];
        self.tell("PATCH", &at("/numbers/{business_number}"), &number, json!({"waba_id": "3"})).await;
        self.tell("DELETE", &at("/numbers/{business_number}"), &number, Value::Null).await;
        self.tell("POST", &at("/suspend"), &third, json!({"reason": "unpaid"})).await;
        self.tell("POST", &at("/resume"), &third, Value::Null).await;
    }

    async fn of_endpoints(&mut self, root: &str, owner: &[&str], url: &str) {
        let one = format!("{root}/{{endpoint_id}}");
        let added = self.tell("POST", root, owner, json!({"url": url, "types": ["group.*"]})).await;
        let id = [owner, &[added["endpoint_id"].as_str().unwrap()]].concat();
        self.tell("PATCH", &one, &id, json!({"description": "the till"})).await;
        self.tell("POST", &format!("{one}/test"), &id, Value::Null).await;
        self.tell("POST", &format!("{one}/rotate-secret"), &id, json!({})).await;
        self.tell("POST", &format!("{one}/replay"), &id, json!({"since": "2026-01-01T00:00:00Z"})).await;
        self.tell("POST", &format!("{one}/disable"), &id, json!({"reason": "it moves"})).await;
        self.tell("POST", &format!("{one}/enable"), &id, Value::Null).await;
        self.tell("DELETE", &one, &id, Value::Null).await;
    }

    async fn of_keys_and_issuers(&mut self, key_set: &str) {
        const KEY: &str = "/keys/{access_key_id}";
        const ISSUER: &str = "/issuers/{issuer_id}";
        let grants = json!([{"cust_space_ids": ["cams-demo1"], "scopes": ["groups.read"]}]);
        let key = self.tell("POST", "/keys", &[], json!({"name": "till", "grants": grants})).await;
        let key = [key["access_key_id"].as_str().unwrap()];
        self.tell("PATCH", KEY, &key, json!({"name": "shop"})).await;
        self.tell("POST", &format!("{KEY}/rotate"), &key, json!({"overlap_seconds": 60})).await;
        self.tell("POST", &format!("{KEY}/revoke"), &key, Value::Null).await;
        self.tell("DELETE", KEY, &key, Value::Null).await;
        let rule = json!({"claim": "role", "value": "x", "cust_space_ids": ["cams-demo1"], "scopes": ["groups.read"]});
        let issuer = json!({"issuer": "https://id.example", "audience": "groupgate", "algorithms": ["ES256"],
                            "jwks_url": key_set, "claims": [rule]});
        let issuer = self.tell("POST", "/issuers", &[], issuer).await;
        let issuer = [issuer["issuer_id"].as_str().unwrap()];
        self.tell("PATCH", ISSUER, &issuer, json!({"audience": "another"})).await;
        self.tell("DELETE", ISSUER, &issuer, Value::Null).await;
    }
}

#[actix_web::test]
async fn every_call_that_changes_something_is_in_the_log_without_a_secret() {
    let allowed = ("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8");
    let app = TestApp::with(&[("GROUPGATE_APP_ID", "300000000000001"), allowed]).await;
    let numbers = json!([{"phone_number_id": "100000000000009", "display_phone_number": "+1 555-000-0009"}]);
    let waba = json!({"waba_id": "200000000000009", "numbers": numbers, "token": TOKEN, "subscribed": false});
    assert_eq!(app.sandbox.post("wabas", waba).await.0, 200);
    let admin = app.admin_with("owner", &[("*", EVERYTHING)]).await;
    let mut story = Story { admin, made: BTreeSet::new(), secrets: vec![TOKEN.to_owned()] };
    let receiver = Receiver::recording(|_| 200);
    let provider = WebServer::start(Reply::file("application/json", KEY_SET)).await;

    story.of_tenants().await;
    let of_tenant = "/tenants/{cust_space_id}/endpoints";
    story.of_endpoints(of_tenant, &["cams-third"], &receiver.url("/tenant")).await;
    story.of_endpoints("/endpoints", &[], &receiver.url("/isv")).await;
    story.of_keys_and_issuers(&provider.url("/keys")).await;
    story.tell("DELETE", "/tenants/{cust_space_id}", &["cams-third"], Value::Null).await;

    let changes: BTreeSet<_> = every_call().into_iter().filter(|(method, _)| method != "GET").collect();
    assert_eq!(story.made, changes, "the story has every call of the document");
    assert_eq!(story.secrets.len(), 7, "{:?}", story.secrets.len());
    let log = story.admin.send("GET", "/audit", &[("accept", "application/jsonl")], "").await;
    assert!(log.text.lines().count() > changes.len());
    for secret in &story.secrets {
        assert!(!log.text.contains(secret.as_str()), "a secret is in the log");
    }
}
