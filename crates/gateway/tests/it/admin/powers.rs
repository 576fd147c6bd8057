//! What administrators cannot do: raise themselves, outlive themselves, or use what somebody else has just changed.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _};
use tenant_store::{Grant, NewAccessKey};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::support::{
    Admin, Credentials, TestApp, actor, eventually, somebody_waits_for_a_lock, superuser, with_tenant,
};

const EVERYTHING: [&str; 6] =
    ["groups.read", "groups.write", "messages.send", "events.read", "admin.read", "admin.write"];

fn key(tenant: &str, scopes: &[&str]) -> Value {
    json!({"name": "k", "grants": [{"cust_space_ids": [tenant], "scopes": scopes}]})
}

fn until(mut key: Value, end: OffsetDateTime) -> Value {
    key["expires_at"] = json!(end.format(&Rfc3339).unwrap());
    key
}

/// Whoever may do everything until then.
async fn passing(app: &TestApp, end: OffsetDateTime) -> Admin {
    let scopes = EVERYTHING.map(str::to_owned).to_vec();
    let new = NewAccessKey {
        name: "passing".to_owned(),
        grants: vec![Grant { cust_space_ids: vec!["*".to_owned()], scopes }],
        expires_at: Some(end),
        access_key_id: Some("passing".to_owned()),
        secret: Some("a secret for a month".into()),
        ..NewAccessKey::default()
    };
    app.store.create_access_key(&new, &actor()).await.unwrap();
    Admin::new(app.client.clone(), Credentials::new("passing", "a secret for a month"))
}

#[actix_web::test]
async fn a_key_neither_raises_nor_outlives_itself() {
    let app = TestApp::start().await;
    let few = app.admin_with("few", &[("*", &["admin.read", "admin.write", "groups.read"])]).await;
    let raised = json!({"grants": [{"cust_space_ids": ["*"], "scopes": ["admin.write", "messages.send"]}]});
    few.change("PATCH", "/keys/few", "*", raised).await.problem(403, "Forbidden.Grant");
    let issuer = |scopes: &[&str]| {
        let rule = json!({"claim": "role", "value": "ops", "cust_space_ids": ["*"], "scopes": scopes});
        json!({"issuer": "https://id.example", "audience": "groupgate", "jwks_url": "https://id.example/keys",
               "algorithms": ["RS256"], "claims": [rule]})
    };
    few.post("/issuers", issuer(&["messages.send"])).await.problem(403, "Forbidden.Grant");

    let end = (OffsetDateTime::now_utc() + Duration::days(30)).replace_nanosecond(0).unwrap();
    let passing = passing(&app, end).await;
    passing.change("PATCH", "/keys/passing", "*", json!({"expires_at": null})).await.problem(403, "Forbidden.Grant");
    let later = until(key("*", &["admin.read"]), end + Duration::SECOND);
    passing.post("/keys", later).await.problem(403, "Forbidden.Grant");
    passing.post("/issuers", issuer(&["admin.read"])).await.problem(403, "Forbidden.Grant");
    passing.change("POST", "/keys/few/rotate", "*", json!({})).await.problem(403, "Forbidden.Grant");
    passing.post("/keys", until(key("*", &["admin.read"]), end)).await.done(201);
    passing.post("/keys", key("cams-demo1", &["groups.read"])).await.done(201);
}

#[actix_web::test]
async fn a_token_gives_no_more_than_its_claims_leave() {
    let app = TestApp::start().await;
    let admin = app.admin_with("owner", &[("*", &EVERYTHING)]).await;
    let token = app.client.token(&admin.key, Some("admin.write groups.read")).await.body();
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let post = async |body: Value| {
        let headers = [("authorization", bearer.as_str())];
        app.client.send("POST", "/admin/v1/keys", &headers, body.to_string().into_bytes()).await
    };
    post(key("cams-demo1", &["groups.read"])).await.done(201);
    post(key("cams-demo1", &["messages.send"])).await.problem(403, "Forbidden.Grant");
}

#[actix_web::test]
async fn a_key_that_is_widened_at_that_moment_is_not_handed_to_who_has_less() {
    let app = TestApp::start().await;
    let few = app.admin_with("few", &[("*", &["admin.read", "admin.write", "groups.read"])]).await;
    let widened = json!([{"cust_space_ids": ["*"], "scopes": EVERYTHING}]);
    for (method, end, body) in [("POST", "/rotate", json!({"overlap_seconds": 0})), ("PATCH", "", json!({"name": "x"}))]
    {
        let made = few.post("/keys", key("cams-demo1", &["groups.read"])).await.done(201);
        let id = made["access_key_id"].as_str().unwrap();
        let mut connection = superuser(&app.database).await;
        let mut widening = connection.begin().await.unwrap();
        let widen = format!("update access_keys set grants = '{widened}' where access_key_id = '{id}'");
        sqlx::query(AssertSqlSafe(widen)).execute(&mut *widening).await.unwrap();
        let path = format!("/keys/{id}{end}");
        let waited = async {
            somebody_waits_for_a_lock(&app.database).await;
            widening.commit().await.unwrap();
        };
        let (changed, ()) = tokio::join!(few.change(method, &path, "*", body), waited);
        changed.problem(412, "PreconditionFailed");
        let next = few.change(method, &path, "*", json!({})).await;
        next.problem(403, "Forbidden.Grant");
    }
}

#[actix_web::test]
async fn a_key_that_is_revoked_is_refused_at_every_replica_and_so_are_its_tokens() {
    let app = TestApp::start().await;
    let (other, _running) = app.replica().await;
    let admin = app.admin().await;
    let made = app.key("to-be-revoked", &[("cams-demo1", &["groups.read"])]).await;
    let token = app.client.token(&made, None).await.body()["access_token"].as_str().unwrap().to_owned();
    let group = with_tenant(&app.first, json!({"GroupId": app.first.group_id}));
    for replica in [&app.client, &other] {
        replica.call_as(&made, "GetChatGroup", group.clone()).await.expect(200, "OK");
        replica.call_with_token(&token, "GetChatGroup", group.clone()).await.expect(200, "OK");
    }
    let begun = std::time::Instant::now();
    admin.change("POST", "/keys/to-be-revoked/revoke", "*", Value::Null).await.done(200);
    for replica in [&app.client, &other] {
        let refused = eventually("the key is refused", async || {
            let answer = replica.call_as(&made, "GetChatGroup", group.clone()).await;
            (answer.status != 200).then_some(answer)
        });
        refused.await.expect(401, "Unauthorized");
        replica.call_with_token(&token, "GetChatGroup", group.clone()).await.expect(401, "InvalidToken");
    }
    assert!(begun.elapsed() < std::time::Duration::from_secs(40), "it was told, and not forgotten after a minute");
}

#[actix_web::test]
async fn what_is_too_much_for_a_key_or_of_no_use_is_told_field_by_field() {
    let app = TestApp::start().await;
    let admin = app.admin_with("owner", &[("*", &EVERYTHING)]).await;
    let wrong = json!({
        "name": "k",
        "grants": [{"cust_space_ids": ["cams-demo1", "*"], "scopes": vec!["groups.read"; 101]}],
        "allowed_networks": ["::ffff:192.0.2.0/120"],
    });
    let problem = admin.post("/keys", wrong).await.problem(400, "InvalidParameter");
    let fields: Vec<&str> = problem["errors"].as_array().unwrap().iter().filter_map(|e| e["field"].as_str()).collect();
    assert_eq!(fields, ["grants.0.cust_space_ids.1", "grants.0.scopes", "allowed_networks.0"]);
    let many: Vec<String> = (0..1001).map(|n| format!("cams-{n}")).collect();
    let many = json!({"name": "k", "grants": [{"cust_space_ids": many, "scopes": ["groups.read"]}]});
    let problem = admin.post("/keys", many).await.problem(400, "InvalidParameter");
    assert_eq!(problem["errors"][0]["field"], "grants");
}
