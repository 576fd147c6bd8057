//! `/admin/v1/issuers`.

use serde_json::{Value, json};

use super::provider::{Provider, key_set_of};
use super::{add, issuer_of, start};
use crate::support::{Reply, WebServer};

#[actix_web::test]
async fn an_issuer_is_added_seen_changed_and_removed() {
    let (_app, admin) = start().await;
    let provider = Provider::start().await;
    let path = add(&admin, issuer_of(&provider)).await;
    let seen = admin.get(&path).await;
    let mut told = seen.body();
    assert!(told["created_at"].is_string() && told["updated_at"].is_string() && seen.status == 200, "{told}");
    assert_eq!(path, format!("/issuers/{}", told["issuer_id"].as_str().unwrap()));
    for made in ["issuer_id", "created_at", "updated_at"] {
        told.as_object_mut().unwrap().remove(made);
    }
    assert_eq!(told, issuer_of(&provider));
    admin.post("/issuers", issuer_of(&provider)).await.problem(409, "Conflict");

    let (tag, change) = (seen.etag(), json!({"audience": "another"}));
    admin.send("PATCH", &path, &[], &change.to_string()).await.problem(428, "PreconditionRequired");
    let changed = admin.change("PATCH", &path, &tag, change.clone()).await;
    let fresh = changed.etag();
    assert_eq!(changed.done(200)["audience"], "another");
    admin.change("PATCH", &path, &tag, change).await.problem(412, "PreconditionFailed");
    admin.change("DELETE", &path, &tag, Value::Null).await.problem(412, "PreconditionFailed");

    let listed = admin.get("/issuers").await.done(200);
    assert_eq!((listed["data"].as_array().unwrap().len(), &listed["next"]), (1, &Value::Null));
    assert_eq!(admin.change("DELETE", &path, &fresh, Value::Null).await.status, 204);
    admin.get(&path).await.problem(404, "NotFound");
}

#[actix_web::test]
async fn every_mistake_in_an_issuer_is_told_with_its_field() {
    let (_app, admin) = start().await;
    let provider = Provider::start().await;
    let rule = json!({"claim": "roles", "value": "a", "cust_space_ids": ["cams-a"], "scopes": ["groups.read"]});
    let with_rule = |name: &str, value: Value| {
        let mut rule = rule.clone();
        rule[name] = value;
        json!([rule])
    };
    let cases = [
        ("issuer", json!(""), "issuer"),
        ("issuer", json!("https://x#y"), "issuer"),
        ("audience", json!(" x"), "audience"),
        ("algorithms", json!([]), "algorithms"),
        ("algorithms", json!(["HS256"]), "algorithms"),
        ("algorithms", json!(["RS256", "none"]), "algorithms"),
        ("jwks_url", json!("ftp://x"), "jwks_url"),
        ("jwks_url", json!("http://192.0.2.1/keys"), "jwks_url"),
        ("claims", with_rule("claim", json!("")), "claims.0.claim"),
        ("claims", with_rule("scopes", json!(["groups.reed"])), "claims.0.scopes"),
        ("claims", with_rule("scopes", json!([])), "claims.0.scopes"),
        ("claims", with_rule("cust_space_ids", json!(["*", "cams-a"])), "claims.0.cust_space_ids"),
        ("claims", with_rule("cust_space_ids", json!([])), "claims.0.cust_space_ids"),
        ("claims", with_rule("cust_space_ids_claim", json!("tenants")), "claims.0.cust_space_ids"),
    ];
    for (name, value, field) in cases {
        let mut issuer = issuer_of(&provider);
        issuer[name] = value;
        let refused = admin.post("/issuers", issuer.clone()).await;
        let told = refused.body();
        assert_eq!((refused.status, &told["errors"][0]["field"]), (400, &json!(field)), "{issuer}: {told}");
    }
    let html = WebServer::start(Reply::file("text/html", b"<html>")).await;
    let mut issuer = issuer_of(&provider);
    issuer["jwks_url"] = json!(html.url("/keys"));
    let refused = admin.post("/issuers", issuer).await;
    assert_eq!((refused.status, &refused.body()["errors"][0]["field"]), (400, &json!("jwks_url")), "{}", refused.text);
    let set = |keys: Value| Reply::file("application/json", json!({"keys": keys}).to_string().as_bytes());
    let good = serde_json::from_slice::<Value>(&key_set_of(&provider)).unwrap()["keys"].clone();
    let mut padded = good.as_array().unwrap().clone();
    padded.push(json!({"kty": "of the future", "x": "x".repeat(256 * 1024)}));
    for (what, reply) in [
        ("elsewhere", Reply::with(302, &[("location", &provider.jwks_url())], b"")),
        ("nothing", Reply::with(404, &[], b"")),
        ("an answer that is good for nothing", Reply::with(500, &[], &key_set_of(&provider))),
        ("too much", set(json!(padded))),
        ("shared secrets alone", set(json!([good[3]]))),
        ("keys of one ID", set(json!([good[0], good[0]]))),
    ] {
        let web = WebServer::start(reply).await;
        let mut issuer = issuer_of(&provider);
        issuer["jwks_url"] = json!(web.url("/keys"));
        let refused = admin.post("/issuers", issuer).await;
        let told = refused.body();
        assert_eq!((refused.status, &told["errors"][0]["field"]), (400, &json!("jwks_url")), "{what}: {told}");
    }
    assert_eq!(admin.get("/issuers").await.body()["data"], json!([]));
}

#[actix_web::test]
async fn nobody_lets_an_issuer_give_more_than_he_has() {
    let (app, admin) = start().await;
    let provider = Provider::start().await;
    let scopes = &["admin.read", "admin.write", "groups.read"] as &[&str];
    let narrow = app.admin_with("key-of-an-administrator-alone", &[("*", scopes)]).await;
    narrow.post("/issuers", issuer_of(&provider)).await.problem(403, "Forbidden.Grant");
    let path = add(&admin, issuer_of(&provider)).await;
    // With other keys it would be he who gives what the rules give.
    let keys = Provider::start().await;
    let taken = narrow.change("PATCH", &path, "*", json!({"jwks_url": keys.jwks_url()})).await;
    taken.problem(403, "Forbidden.Grant");
    let of_some = app.admin_with("key-of-an-administrator-of-one", &[("cams-demo1", scopes)]).await;
    of_some.get("/issuers").await.problem(403, "Forbidden.Tenant");
    of_some.change("DELETE", &path, "*", Value::Null).await.problem(403, "Forbidden.Tenant");
}

#[actix_web::test]
async fn a_tenant_that_is_erased_is_taken_out_of_the_rules() {
    let (app, admin) = start().await;
    let provider = Provider::start().await;
    let path = add(&admin, issuer_of(&provider)).await;
    app.store.space("cams-demo1").erase(&crate::support::actor()).await.unwrap();
    let left = admin.get(&path).await.body();
    let rules = left["claims"].as_array().unwrap();
    assert_eq!(rules.len(), 2, "{left}");
    assert!(!left.to_string().contains("cams-demo1"), "{left}");
}
