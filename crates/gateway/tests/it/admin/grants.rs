//! Who may administer what.

use serde_json::{Value, json};

use crate::matrix::rows;
use crate::support::{Admin, TestApp};

/// Every call that the document has: its method, and its path below the API's root.
pub(super) fn every_call() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&gateway::openapi::admin::document_json().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let calls = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys().filter(|method| *method != "parameters");
        methods.map(move |method| (method.to_uppercase(), path.strip_prefix("/admin/v1").unwrap().to_owned()))
    });
    calls.collect()
}

/// The same, with paths that name what there is.
fn every_call_by_name() -> Vec<(String, String)> {
    every_call().into_iter().map(|(method, path)| (method, named(&path))).collect()
}

fn named(path: &str) -> String {
    let part = |part: &str| match part {
        "{cust_space_id}" => "cams-demo1".to_owned(),
        "{business_number}" => "15550000001".to_owned(),
        "{step}" => "token".to_owned(),
        part if part.starts_with('{') => "nothing".to_owned(),
        part => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

async fn status(admin: &Admin, method: &str, path: &str) -> u16 {
    admin.send(method, path, &[("if-match", "*")], "").await.status
}

#[actix_web::test]
async fn a_tenants_key_is_refused_everywhere_in_the_same_words() {
    let app = TestApp::start().await;
    let tenants_own = Admin::new(app.client.clone(), app.first.key.clone());
    for (method, path) in every_call_by_name() {
        let told = tenants_own.send(&method, &path, &[("if-match", "*")], "").await.problem(403, "Forbidden.Scope");
        assert!(!told.to_string().contains("demo"), "{method} {path}: {told}");
    }
    // Where there is no call, no more is learned.
    for (method, path) in [("GET", "/tenants/NO!"), ("GET", "/nothing"), ("PUT", "/tenants"), ("DELETE", "")] {
        let refused = tenants_own.send(method, path, &[], "").await;
        assert_eq!(refused.header("allow"), None);
        refused.problem(403, "Forbidden.Scope");
        app.client.send(method, &format!("/admin/v1{path}"), &[], Vec::new()).await.problem(401, "Unauthorized");
    }
}

#[actix_web::test]
async fn who_administers_calls_nothing_in_a_tenants_name_by_any_face() {
    let app = TestApp::start().await;
    let events = format!("/v1/events?CustSpaceId={}", app.first.cust_space_id);
    for (id, scope) in [("reader", "admin.read"), ("writer", "admin.write")] {
        let key = app.key(id, &[("*", &[scope])]).await;
        let token = app.client.token(&key, None).await.body()["access_token"].as_str().unwrap().to_owned();
        for row in rows() {
            let asked = row.about(&app.first);
            app.client.call_as(&key, row.operation, asked.clone()).await.expect(403, "Forbidden.Scope");
            app.client.call_with_token(&token, row.operation, asked.clone()).await.expect(403, "Forbidden.Scope");
            app.client.rpc(&key, row.operation, &asked).await.expect(403, "Forbidden.Scope");
        }
        let (basic, bearer) = (key.basic(), key.bearer());
        for path in [events.clone(), events.replace("events", "events/stream")] {
            let refused = app.client.send("GET", &path, &[("authorization", &basic)], Vec::new()).await;
            refused.expect(403, "Forbidden.Scope");
        }
        // Of a group that no call has asked for yet nobody knows whose it is; of a number, everybody who may know.
        for (method, path, status, code) in [
            ("GET", app.first.group_id.to_owned(), 400, 100),
            ("DELETE", app.first.group_id.to_owned(), 400, 100),
            ("GET", format!("{}/groups", app.first.phone_number_id), 403, 10),
            ("POST", format!("{}/groups", app.first.phone_number_id), 403, 10),
            ("POST", format!("{}/messages", app.first.phone_number_id), 403, 10),
            ("GET", format!("{}/phone_numbers", app.first.waba_id), 403, 10),
        ] {
            let path = format!("/graph/v23.0/{path}");
            let refused = app.client.send(method, &path, &[("authorization", &bearer)], Vec::new()).await;
            let told = (refused.status, refused.body()["error"]["code"].clone());
            assert_eq!(told, (status, json!(code)), "{method} {path}: {}", refused.text);
        }
    }
    assert!(app.sandbox.requests().await.is_empty(), "Meta is asked nothing");
}

#[actix_web::test]
async fn the_name_of_a_call_is_no_grant_for_it() {
    let app = TestApp::start().await;
    let grants: [(&str, &[&str]); 2] =
        [("cams-demo1", &["admin.read", "admin.write"]), ("cams-demo2", &["cams:GetTenant", "cams:SuspendTenant"])];
    let admin = app.admin_with("of-first", &grants).await;
    admin.get("/tenants/cams-demo2").await.problem(403, "Forbidden.Scope");
    let suspend = admin.change("POST", "/tenants/cams-demo2/suspend", "*", json!({"reason": "x"})).await;
    suspend.problem(403, "Forbidden.Scope");
}

#[actix_web::test]
async fn who_may_only_read_changes_nothing() {
    let app = TestApp::start().await;
    let reader = app.admin_with("reader", &[("*", &["admin.read"])]).await;
    let writer = app.admin_with("writer", &[("*", &["admin.write"])]).await;
    for (method, path) in every_call_by_name() {
        let (reads, writes) = (status(&reader, &method, &path).await, status(&writer, &method, &path).await);
        if method == "GET" {
            assert!(reads != 403 && writes == 403, "{method} {path}: {reads} {writes}");
        } else {
            assert_eq!(reads, 403, "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn a_grant_on_one_tenant_administers_that_tenant_alone() {
    let app = TestApp::start().await;
    let of_first = app.admin_with("of-first", &[("cams-demo1", &["admin.read", "admin.write"])]).await;
    let page = of_first.get("/tenants").await.done(200);
    assert_eq!(page["data"].as_array().unwrap().len(), 1);
    assert_eq!(page["data"][0]["cust_space_id"], "cams-demo1");
    of_first.get("/tenants/cams-demo1/numbers").await.done(200);
    of_first.change("PATCH", "/tenants/cams-demo1", "*", json!({"name": "Mine"})).await.done(200);
    for (method, path) in every_call_by_name() {
        let elsewhere = path.replace("cams-demo1", "cams-demo2");
        if elsewhere != "/tenants" || method == "POST" {
            assert_eq!(status(&of_first, &method, &elsewhere).await, 403, "{method} {elsewhere}");
        }
    }
    let told = of_first.get("/status").await.problem(403, "Forbidden.Tenant");
    assert!(told["detail"].as_str().unwrap().contains("on all tenants"), "{told}");
    let there = of_first.get("/tenants/cams-demo2").await.problem(403, "Forbidden.Tenant");
    let nowhere = of_first.get("/tenants/cams-nobody").await.problem(403, "Forbidden.Tenant");
    assert_eq!(
        there["detail"].as_str().unwrap().replace("cams-demo2", ""),
        nowhere["detail"].as_str().unwrap().replace("cams-nobody", "")
    );
}

#[actix_web::test]
async fn a_token_administers_what_its_claims_leave() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let token =
        app.client.token(&admin.key, Some("admin.read")).await.body()["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("if-match", "*")];
    let get = app.client.send("GET", "/admin/v1/tenants/cams-demo1", &headers, Vec::new()).await;
    get.done(200);
    let patch = app.client.send("PATCH", "/admin/v1/tenants/cams-demo1", &headers, b"{}".to_vec()).await;
    patch.problem(403, "Forbidden.Scope");
}
