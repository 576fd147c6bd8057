//! What tokens of external issuers are good for.

use std::time::Duration;

use serde_json::{Value, json};

use super::provider::{Provider, header, now};
use super::{ALLOWED, add, issuer_of, read, read_at, start};
use crate::support::{eventually, with_tenant};

#[actix_web::test]
async fn an_issuers_tokens_do_what_its_rules_say_and_no_more() {
    let (app, admin) = start().await;
    let provider = Provider::start().await;
    assert_eq!(read(&app, &provider.token("RS256", &json!({}))).await.status, 401, "nobody knows it yet");
    add(&admin, issuer_of(&provider)).await;

    let fetched_to_check = provider.web.requests().len();
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let token = provider.token(algorithm, &json!({}));
        eventually("the issuer is known", async || (read(&app, &token).await.status == 200).then_some(())).await;
        read(&app, &token).await.expect(200, "OK");
    }
    assert_eq!(provider.web.requests().len() - fetched_to_check, 1, "its keys are fetched once");
    let metrics = app.metrics().send("GET", "/metrics", &[], Vec::new()).await.text;
    assert!(metrics.contains("groupgate_key_set_fetches_total{result=\"fetched\"} 1\n"), "{metrics}");

    let support = provider.token("EdDSA", &json!({}));
    let first = with_tenant(&app.first, json!({"GroupId": app.first.group_id}));
    let second = with_tenant(&app.second, json!({"GroupId": app.second.group_id}));
    let call = async |token: &str, operation: &str, parameters: &Value| {
        app.client.call_with_token(token, operation, parameters.clone()).await
    };
    call(&support, "AddChatGroupInviteLink", &first).await.expect(403, "Forbidden.Scope");
    call(&support, "GetChatGroup", &second).await.expect(403, "Forbidden.Tenant");
    let operator = provider.token("ES256", &json!({"roles": [], "realm": {"roles": ["operators"]}}));
    call(&operator, "GetChatGroup", &second).await.expect(200, "OK");
    call(&operator, "AddChatGroupInviteLink", &first).await.expect(200, "OK");
    let named =
        provider.token("RS256", &json!({"roles": null, "scope": "openid tenants", "tenants": ["cams-demo2", "*"]}));
    call(&named, "GetChatGroup", &second).await.expect(200, "OK");
    call(&named, "GetChatGroup", &first).await.expect(403, "Forbidden.Tenant");
    let nothing = provider.token("RS256", &json!({"roles": "nobody"}));
    call(&nothing, "GetChatGroup", &first).await.expect(403, "Forbidden.Tenant");

    let bearer = format!("Bearer {support}");
    let whoami = app.client.send("GET", "/v1/whoami", &[("authorization", &bearer)], Vec::new()).await.body();
    assert_eq!(whoami["AccessKeyId"], format!("{}#alice", provider.issuer()), "{whoami}");
    assert_eq!(whoami["Grants"][0]["Scopes"], json!(["groups.read"]), "{whoami}");
    eventually("its calls bear its name", async || {
        let calls = admin.get("/tenants/cams-demo1/calls").await.done(200);
        let by_alice = |call: &Value| call["access_key_id"] == whoami["AccessKeyId"];
        calls["data"].as_array().unwrap().iter().any(by_alice).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn an_external_administrator_reads_what_its_rules_let_it_and_changes_nothing() {
    let (app, admin) = start().await;
    let provider = Provider::start().await;
    add(&admin, issuer_of(&provider)).await;
    let operator = provider.token("RS256", &json!({"roles": null, "realm": {"roles": ["operators"]}}));
    let bearer = format!("Bearer {operator}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let listed = eventually("the issuer is known", async || {
        let listed = app.client.send("GET", "/admin/v1/issuers", &headers, Vec::new()).await;
        (listed.status == 200).then_some(listed)
    })
    .await;
    assert_eq!(listed.body()["data"][0]["issuer"], provider.issuer());
    let refused = app.client.send("POST", "/admin/v1/issuers", &headers, issuer_of(&provider).to_string().into()).await;
    assert_eq!((refused.status, &refused.body()["code"]), (403, &json!("Forbidden.Scope")), "{}", refused.text);
    eventually("the audit log has both by its name", async || {
        let log = admin.get("/audit").await.done(200);
        let by_operator = |entry: &&Value| entry["actor"] == format!("{}#alice", provider.issuer());
        let actions: Vec<_> =
            log["data"].as_array().unwrap().iter().filter(by_operator).map(|e| &e["action"]).collect();
        (actions.contains(&&json!("read")) && actions.contains(&&json!("refuse"))).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn tokens_that_were_let_in_are_looked_at_anew_when_their_issuer_changes_and_refused_when_it_is_gone() {
    let (app, admin) = start().await;
    let (old, new) = (Provider::start().await, Provider::start().await);
    let path = add(&admin, issuer_of(&old)).await;
    let before = old.token("EdDSA", &json!({}));
    let (replica, running) = app.replica_with(&[ALLOWED]).await;
    for client in [&app.client, &replica] {
        let known = async || (read_at(client, &app, &before).await.status == 200).then_some(());
        eventually("the issuer is known", known).await;
    }

    // Other keys, of the same issuer.
    let body = json!({"jwks_url": new.jwks_url()});
    let changed = admin.change("PATCH", &path, "*", body).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    eventually("old keys are good no longer", async || (read(&app, &before).await.status == 401).then_some(())).await;
    let after = new.sign(&header("EdDSA", &json!({})), &old.claims(&json!({})));
    read(&app, &after).await.expect(200, "OK");

    // Other rules.
    let none = admin.change("PATCH", &path, "*", json!({"claims": []})).await;
    assert_eq!(none.status, 200, "{}", none.text);
    eventually("its rules are gone", async || (read(&app, &after).await.status == 403).then_some(())).await;

    let removed = admin.change("DELETE", &path, "*", Value::Null).await;
    assert_eq!(removed.status, 204, "{}", removed.text);
    for client in [&app.client, &replica] {
        let gone = async || (read_at(client, &app, &after).await.status == 401).then_some(());
        eventually("it is gone", gone).await;
    }
    running.stop(Duration::ZERO).await;
}

#[actix_web::test]
async fn while_an_issuer_is_away_its_known_keys_are_good_and_nobody_elses_call_waits() {
    let (app, admin) = start().await;
    let (known, unknown) = (Provider::start().await, Provider::start().await);
    add(&admin, issuer_of(&known)).await;
    add(&admin, issuer_of(&unknown)).await;
    let first = known.token("RS256", &json!({}));
    eventually("the issuer is known", async || (read(&app, &first).await.status == 200).then_some(())).await;
    let (second, never) = (known.token("ES256", &json!({"sub": "bob"})), unknown.token("RS256", &json!({})));
    known.web.stop().await;
    unknown.web.stop().await;
    read(&app, &second).await.expect(200, "OK");
    read(&app, &never).await.expect(503, "ServiceUnavailable");
}

#[actix_web::test]
async fn a_token_that_was_verified_still_ends() {
    let (app, admin) = start().await;
    let provider = Provider::start().await;
    add(&admin, issuer_of(&provider)).await;
    let lasting = provider.token("EdDSA", &json!({}));
    eventually("the issuer is known", async || (read(&app, &lasting).await.status == 200).then_some(())).await;
    let short = provider.token("EdDSA", &json!({"exp": now() + 10}));
    read(&app, &short).await.expect(200, "OK");
    eventually("the token ends", async || (read(&app, &short).await.code() == "ExpiredToken").then_some(())).await;
}
