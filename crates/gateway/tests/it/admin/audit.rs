//! The audit log.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Admin, TestApp, actor, eventually, superuser};

/// The entries that a query finds, once there are as many.
async fn entries(admin: &Admin, query: &str, count: usize) -> Vec<Value> {
    eventually("the entries are in the log", async || {
        let page = admin.get(&format!("/audit?{query}")).await.done(200);
        let found = page["data"].as_array().unwrap();
        (found.len() == count).then(|| found.clone())
    })
    .await
}

#[actix_web::test]
async fn a_change_is_logged_with_who_from_where_what_before_and_after() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let answer = admin.change("PATCH", "/tenants/cams-demo1", "*", json!({"name": "New"})).await;
    let request_id = answer.header("x-request-id").unwrap().to_owned();
    let page = admin.get(&format!("/audit?request_id={request_id}")).await.done(200);
    let entry = &page["data"][0];
    let expected = json!({
        "actor": "administrator", "action": "tenant.change", "object": "cams-demo1", "cust_space_id": "cams-demo1",
        "before": {"name": "A tenant", "notes": null, "labels": {}}, "after": {"name": "New", "notes": null, "labels": {}},
        "address": "127.0.0.1", "request_id": request_id,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&entry[field], value, "{field} of {entry}");
    }
}

#[actix_web::test]
async fn reads_and_refusals_are_logged_and_what_others_try_is_not_in_the_tenants_log() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.get("/tenants/cams-demo1/limits").await.done(200);
    let read = entries(&admin, "action=read&cust_space_id=cams-demo1", 1).await.remove(0);
    assert_eq!(read["object"], "GET /tenants/cams-demo1/limits");
    assert_eq!((&read["before"], &read["after"]), (&json!(null), &json!(null)));

    admin.change("PATCH", "/tenants/cams-demo1", "\"1\"", json!({})).await.problem(412, "PreconditionFailed");
    let refused = entries(&admin, "action=refuse&actor=administrator", 1).await.remove(0);
    assert_eq!(refused["after"], json!({"status": 412, "code": "PreconditionFailed"}));
    assert_eq!(refused["cust_space_id"], "cams-demo1");

    let tenants_own = Admin::new(app.client.clone(), app.second.key.clone());
    tenants_own.get("/tenants/cams-demo1").await.problem(403, "Forbidden.Scope");
    let tried = entries(&admin, "actor=key-of-the-second", 1).await.remove(0);
    assert_eq!((&tried["action"], &tried["cust_space_id"]), (&json!("refuse"), &json!(null)));
    assert_eq!(tried["after"], json!({"status": 403, "code": "Forbidden.Scope"}));
}

#[actix_web::test]
async fn the_log_is_filtered_paged_and_exported() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for name in ["1", "2", "3"] {
        admin.change("PATCH", "/tenants/cams-demo1", "*", json!({"name": name})).await.done(200);
    }
    let page = admin.get("/audit?action=tenant.change&limit=2").await.done(200);
    let names = |entries: &[Value]| entries.iter().map(|entry| entry["after"]["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(page["data"].as_array().unwrap()), ["3", "2"], "newest first");
    let next = page["next"].as_str().unwrap();
    let last = admin.get(&format!("/audit?action=tenant.change&limit=2&after={next}")).await.done(200);
    assert_eq!((names(last["data"].as_array().unwrap()), &last["next"]), (vec![json!("1")], &json!(null)));
    let exported = admin.send("GET", "/audit?action=tenant.change", &[("accept", "application/jsonl")], "").await;
    let lines: Vec<Value> = exported.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(names(&lines), ["3", "2", "1"]);

    let since = page["data"][0]["at"].as_str().unwrap();
    assert_eq!(entries(&admin, &format!("action=tenant.change&since={since}"), 1).await[0]["after"]["name"], "3");
    assert_eq!(entries(&admin, &format!("action=tenant.change&until={since}"), 2).await[0]["after"]["name"], "2");
    let told = admin.get("/audit?since=yesterday&until=x&request_id=x&after=x").await.problem(400, "InvalidParameter");
    assert_eq!(told["errors"].as_array().unwrap().len(), 4, "{told}");
}

#[actix_web::test]
async fn every_list_is_exported_whole_however_long_it_is() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let lines = [("accept", "application/jsonl")];
    for list in ["/tenants", "/keys", "/issuers", "/endpoints", "/events/unrouted"] {
        let exported = admin.send("GET", list, &lines, "").await;
        assert_eq!((exported.status, exported.header("content-type")), (200, Some("application/jsonl")), "{list}");
    }
    for list in ["numbers", "endpoints", "events", "groups", "calls", "usage"] {
        let exported = admin.send("GET", &format!("/tenants/cams-demo1/{list}"), &lines, "").await;
        assert_eq!((exported.status, exported.header("content-type")), (200, Some("application/jsonl")), "{list}");
    }
    let many = "insert into audit_log (cust_space_id, actor, action, object)
                select '_system', 'somebody', 'key.create', 'access key ' || n from generate_series(1, 2500) n";
    sqlx::query(many).execute(&mut superuser(&app.database).await).await.unwrap();
    let exported = admin.send("GET", "/audit?actor=somebody", &lines, "").await;
    let objects: BTreeSet<&str> = exported.text.lines().collect();
    assert_eq!((exported.text.lines().count(), objects.len()), (2500, 2500));
}

#[actix_web::test]
async fn an_export_ends_where_its_caller_may_no_longer_see_it() {
    const ROWS: usize = 30_000;
    let app = TestApp::start().await;
    let leaver = app.admin_with("leaver", &[("*", &["admin.read"])]).await;
    // More than the sockets between them hold.
    let many = "insert into audit_log (cust_space_id, actor, action, object)
                select '_system', 'somebody', 'key.create', repeat('x', 1000) from generate_series(1, $1)";
    sqlx::query(many).bind(i32::try_from(ROWS).unwrap()).execute(&mut superuser(&app.database).await).await.unwrap();
    let mut stream = TcpStream::connect(app.client.host()).await.unwrap();
    let head = format!(
        "GET /admin/v1/audit?actor=somebody HTTP/1.1\r\nhost: gateway\r\naccept: application/jsonl\r\n\
         authorization: {}\r\n\r\n",
        leaver.key.basic()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 1024]).await.unwrap();
    app.store.revoke_access_key(&leaver.key.id, None, &actor()).await.unwrap();
    eventually("the key is refused", async || (leaver.get("/tenants").await.status == 401).then_some(())).await;
    let mut rest = Vec::new();
    // However the connection ends.
    let _ = stream.read_to_end(&mut rest).await;
    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.matches("key.create").count() < ROWS);
    assert!(!rest.ends_with("\r\n0\r\n\r\n"), "a part is not taken for all");
}

#[actix_web::test]
async fn what_is_read_while_the_database_is_away_is_in_the_log_when_it_is_back() {
    let (app, proxy) = TestApp::behind_proxy(&[]).await;
    let admin = app.admin().await;
    admin.get("/tenants").await.done(200);
    entries(&admin, "action=read&object=GET%20/tenants", 1).await;
    proxy.cut();
    let refused = admin.change("PATCH", "/tenants/cams-demo1", "1", json!({})).await;
    refused.problem(412, "PreconditionFailed");
    proxy.restore();
    // Not only this one: a look that comes too early for the database is written down as well.
    eventually("the refusal is in the log", async || {
        let found = admin.get("/audit?action=refuse&object=PATCH%20/tenants/cams-demo1").await;
        (found.status == 200 && found.body()["data"].as_array().is_some_and(|entries| entries.len() == 1)).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn what_does_not_get_into_the_log_is_counted() {
    let app = TestApp::with(&[("GROUPGATE_METRICS_BIND", "127.0.0.1:0")]).await;
    let admin = app.admin().await;
    let break_it = "alter table audit_log add constraint broken check (action <> 'read') not valid";
    sqlx::query(break_it).execute(&mut superuser(&app.database).await).await.unwrap();
    admin.get("/tenants").await.done(200);
    let metrics = app.metrics();
    eventually("it is counted", async || {
        let text = metrics.send("GET", "/metrics", &[], Vec::new()).await.text;
        text.contains("groupgate_audited_calls_total{result=\"dropped\"} 1\n").then_some(())
    })
    .await;
}
