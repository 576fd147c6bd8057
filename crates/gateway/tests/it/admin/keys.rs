//! Access keys by the API: nobody gives away more than it has, and what is changed holds at once.

use secrecy::SecretString;
use serde_json::{Value, json};
use tenant_store::{NewAccessKey, Revision};

use crate::support::{Admin, Answered, Client, Credentials, TestApp, actor, eventually, with_tenant};

const EVERYTHING: &[&str] =
    &["groups.read", "groups.write", "messages.send", "events.read", "admin.read", "admin.write"];

async fn owner(app: &TestApp) -> Admin {
    app.admin_with("owner", &[("*", EVERYTHING)]).await
}

/// A new key that may read the first tenant's groups, with its entity tag.
async fn made(admin: &Admin) -> (Credentials, String) {
    let grants = json!([{"cust_space_ids": ["cams-demo1"], "scopes": ["groups.read"]}]);
    let answered = admin.post("/keys", json!({"name": "till", "grants": grants})).await;
    let (tag, key) = (answered.etag(), answered.done(201));
    (credentials(&key), tag)
}

fn credentials(key: &Value) -> Credentials {
    Credentials::new(key["access_key_id"].as_str().unwrap(), key["access_key_secret"].as_str().unwrap())
}

async fn asked(client: &Client, authorization: &str) -> Answered {
    client.send("GET", "/v1/whoami", &[("authorization", authorization)], Vec::new()).await
}

async fn status(client: &Client, key: &Credentials) -> u16 {
    asked(client, &key.basic()).await.status
}

/// Waits until a gateway that heard of the change answers so.
async fn until(client: &Client, key: &Credentials, expected: u16) {
    eventually("the key's change is known", async || (status(client, key).await == expected).then_some(())).await;
}

#[actix_web::test]
async fn a_key_that_was_made_calls_and_its_secret_is_shown_that_once() {
    let app = TestApp::start().await;
    let admin = owner(&app).await;
    let grants = json!([{"cust_space_ids": ["cams-demo1"], "scopes": ["groups.read"]}]);
    let answered = admin.post("/keys", json!({"name": " till ", "grants": grants})).await;
    let location = answered.header("location").unwrap().to_owned();
    let created = answered.done(201);
    assert_eq!((&created["name"], &created["state"], &created["grants"]), (&json!("till"), &json!("active"), &grants));
    let key = credentials(&created);
    assert_eq!(location, format!("/admin/v1/keys/{}", key.id));
    assert_eq!(status(&app.client, &key).await, 200);

    let path = format!("/keys/{}", key.id);
    let shown = admin.get(&path).await;
    assert!(!shown.text.contains(&key.secret));
    assert_eq!(shown.body().get("access_key_secret"), None);
    let listed = admin.get("/keys?limit=1").await;
    assert_eq!(listed.body()["data"].as_array().unwrap().len(), 1);
    let next = listed.body()["next"].as_str().unwrap().to_owned();
    let rest = admin.get(&format!("/keys?after={next}")).await.done(200);
    let ids: Vec<&str> =
        rest["data"].as_array().unwrap().iter().filter_map(|key| key["access_key_id"].as_str()).collect();
    assert!(ids.contains(&"owner") && !ids.contains(&next.as_str()), "{ids:?}");

    let used = eventually("its use is written", async || {
        let key = admin.get(&path).await.body();
        key["last_used_at"].as_str().map(str::to_owned)
    });
    assert!(used.await.ends_with('Z'));
}

#[actix_web::test]
async fn a_use_that_is_written_makes_no_new_revision() {
    let app = TestApp::start().await;
    let admin = owner(&app).await;
    let (key, tag) = made(&admin).await;
    app.store.note_key_uses(&[key.id.clone(), "nobody".to_owned()]).await.unwrap();
    let shown = admin.get(&format!("/keys/{}", key.id)).await;
    assert_eq!(shown.etag(), tag);
    assert!(shown.body()["last_used_at"].is_string());
}

#[actix_web::test]
async fn nobody_gives_away_more_than_it_has() {
    let app = TestApp::start().await;
    let few = app.admin().await;
    let key = |tenants: &[&str], scopes: &[&str]| json!({"name": "k", "grants": [{"cust_space_ids": tenants, "scopes": scopes}]});
    few.post("/keys", key(&["cams-demo1"], &["groups.read"])).await.problem(403, "Forbidden.Grant");
    few.post("/keys", key(&["*"], &["admin.read", "events.read"])).await.problem(403, "Forbidden.Grant");
    few.post("/keys", key(&["cams-demo1"], &["admin.read"])).await.done(201);

    let (strong, tag) = made(&owner(&app).await).await;
    let path = format!("/keys/{}", strong.id);
    let rotated = few.change("POST", &format!("{path}/rotate"), &tag, json!({})).await;
    assert!(rotated.body().get("access_key_secret").is_none());
    rotated.problem(403, "Forbidden.Grant");
    few.change("PATCH", &path, &tag, json!({"expires_at": null})).await.problem(403, "Forbidden.Grant");
    few.change("POST", &format!("{path}/revoke"), &tag, Value::Null).await.done(200);
}

#[actix_web::test]
async fn every_mistake_in_a_key_is_told_at_once() {
    let app = TestApp::start().await;
    let wrong = json!({
        "name": "",
        "grants": [{"cust_space_ids": ["cams-nobody"], "scopes": ["group.read"]}, {"cust_space_ids": [], "scopes": []}],
        "expires_at": "2020-01-01T00:00:00Z",
        "allowed_networks": ["192.0.2.0/24", "home"],
    });
    let problem = owner(&app).await.post("/keys", wrong).await.problem(400, "InvalidParameter");
    let fields: Vec<&str> = problem["errors"].as_array().unwrap().iter().filter_map(|e| e["field"].as_str()).collect();
    assert_eq!(
        fields,
        [
            "name",
            "grants.0.cust_space_ids.0",
            "grants.0.scopes.0",
            "grants.1.cust_space_ids",
            "grants.1.scopes",
            "expires_at",
            "allowed_networks.1",
        ]
    );
}

#[actix_web::test]
async fn a_key_is_changed_on_what_was_seen_alone_and_gateways_obey() {
    let app = TestApp::start().await;
    let admin = owner(&app).await;
    let (key, tag) = made(&admin).await;
    let path = format!("/keys/{}", key.id);
    assert_eq!(status(&app.client, &key).await, 200);
    admin.send("PATCH", &path, &[], "{}").await.problem(428, "PreconditionRequired");

    let elsewhere = json!({"allowed_networks": ["192.0.2.0/24", "2001:db8::1"], "name": "moved"});
    let changed = admin.change("PATCH", &path, &tag, elsewhere.clone()).await;
    let newer = changed.etag();
    assert_eq!(changed.done(200)["allowed_networks"], json!(["192.0.2.0/24", "2001:db8::1/128"]));
    admin.change("PATCH", &path, &tag, elsewhere).await.problem(412, "PreconditionFailed");
    until(&app.client, &key, 401).await;

    let back = admin.change("PATCH", &path, &newer, json!({"allowed_networks": ["127.0.0.0/8"]})).await;
    let newest = back.etag();
    back.done(200);
    until(&app.client, &key, 200).await;
    admin.change("DELETE", &path, &newest, Value::Null).await.done(204);
    until(&app.client, &key, 401).await;
    admin.get(&path).await.problem(404, "NotFound");
}

#[actix_web::test]
async fn a_token_and_a_signature_are_bound_to_the_keys_networks_too() {
    let app = TestApp::start().await;
    let new = NewAccessKey {
        name: "elsewhere".to_owned(),
        grants: vec![tenant_store::Grant {
            cust_space_ids: vec!["cams-demo1".to_owned()],
            scopes: vec!["groups.read".to_owned()],
        }],
        allowed_networks: vec!["127.0.0.0/8".parse().unwrap()],
        access_key_id: Some("bound".to_owned()),
        secret: Some(SecretString::from("a secret that is bound")),
        ..NewAccessKey::default()
    };
    app.store.create_access_key(&new, &actor()).await.unwrap();
    let key = Credentials::new("bound", "a secret that is bound");
    let token = app.client.token(&key, None).await.body()["access_token"].as_str().unwrap().to_owned();
    let call = async || asked(&app.client, &format!("Bearer {token}")).await;
    assert_eq!(call().await.status, 200);
    let admin = owner(&app).await;
    admin.change("PATCH", "/keys/bound", "*", json!({"allowed_networks": ["192.0.2.7"]})).await.done(200);
    let refused =
        eventually("the token is refused", async || Some(call().await).filter(|call| call.status != 200)).await;
    assert_eq!(refused.body()["Message"], "The access key may not be used from where this call comes from.");
    assert_eq!(app.client.token(&key, None).await.status, 401);
    let parameters = with_tenant(&app.first, json!({"GroupId": app.first.group_id}));
    app.client.rpc(&key, "GetChatGroup", &parameters).await.expect(401, "Unauthorized");
}

#[actix_web::test]
async fn both_secrets_work_until_the_overlap_is_over_and_a_revoked_key_gets_no_more() {
    let app = TestApp::start().await;
    let admin = owner(&app).await;
    let (key, tag) = made(&admin).await;
    let path = format!("/keys/{}/rotate", key.id);
    let rotated = admin.change("POST", &path, &tag, json!({"overlap_seconds": 3600})).await;
    let second = rotated.etag();
    let rotated = rotated.done(200);
    assert!(rotated["previous_until"].is_string());
    let new = credentials(&rotated);
    until(&app.client, &new, 200).await;
    assert_eq!(status(&app.client, &key).await, 200);

    admin.change("POST", &path, &tag, json!({})).await.problem(412, "PreconditionFailed");
    let third = admin.change("POST", &path, &second, json!({"overlap_seconds": 0})).await;
    let tag = third.etag();
    let newest = credentials(&third.done(200));
    until(&app.client, &newest, 200).await;
    until(&app.client, &new, 401).await;

    let revoke = format!("/keys/{}/revoke", key.id);
    let revoked = admin.change("POST", &revoke, &tag, Value::Null).await;
    let tag = revoked.etag();
    assert_eq!(revoked.done(200)["state"], "revoked");
    until(&app.client, &newest, 401).await;
    admin.change("POST", &path, &tag, json!({})).await.problem(409, "Conflict.State");
}

#[actix_web::test]
async fn what_was_done_to_a_key_stands_in_the_log_without_its_secret() {
    let app = TestApp::start().await;
    let admin = owner(&app).await;
    let (key, tag) = made(&admin).await;
    let path = format!("/keys/{}", key.id);
    let tag = admin.change("PATCH", &path, &tag, json!({"name": "another"})).await.etag();
    admin.change("DELETE", &path, &tag, Value::Null).await.done(204);
    let log = app.store.isv().audit(10).await.unwrap();
    let object = format!("access key {}", key.id);
    let mut entries: Vec<_> = log.into_iter().filter(|entry| entry.object == object).collect();
    entries.retain(|entry| entry.action.starts_with("key."));
    let actions: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["key.remove", "key.change", "key.create"]);
    assert_eq!(entries[1].before.as_ref().unwrap()["name"], "till");
    assert_eq!(entries[1].after.as_ref().unwrap()["name"], "another");
    assert!(entries.iter().all(|entry| entry.actor == "owner" && entry.request_id.is_some()));
    assert!(!entries.iter().any(|entry| format!("{:?} {:?}", entry.before, entry.after).contains(&key.secret)));
    let stale = app.store.revoke_access_key("owner", Some(Revision(-1)), &actor()).await.unwrap_err();
    assert!(matches!(stale, tenant_store::StoreError::Stale), "{stale}");
}
