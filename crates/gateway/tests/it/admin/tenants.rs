//! Tenants: adding, changing, suspending, erasing.

use serde_json::{Value, json};

use crate::support::{TestApp, eventually};

#[actix_web::test]
async fn a_tenant_is_added_changed_and_seen_as_it_is() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let labels = json!({"customer": "4711", "plan": "gold"});
    let new = json!({"cust_space_id": "cams-bakery", "name": " Bakery Miller ", "notes": "by phone", "labels": labels});
    let added = admin.post("/tenants", new.clone()).await;
    assert_eq!(added.header("location"), Some("/admin/v1/tenants/cams-bakery"));
    let tag = added.etag();
    let added = added.done(201);
    assert_eq!((&added["name"], &added["status"]), (&json!("Bakery Miller"), &json!("pending")), "{added}");
    assert_eq!((&added["notes"], &added["labels"]), (&json!("by phone"), &labels), "{added}");
    assert!(added["created_at"].as_str().unwrap().ends_with('Z'), "{added}");

    let seen = admin.get("/tenants/cams-bakery").await;
    assert_eq!((seen.etag(), seen.done(200)), (tag.clone(), added));

    let changed = admin.change("PATCH", "/tenants/cams-bakery", &tag, json!({"notes": null})).await;
    assert_ne!(changed.etag(), tag);
    let changed = changed.done(200);
    assert_eq!((&changed["name"], &changed["notes"]), (&json!("Bakery Miller"), &json!(null)), "what is absent stays");
    assert_eq!(changed["labels"], labels);

    admin.post("/tenants", new).await.problem(409, "Conflict");
    let made = admin.post("/tenants", json!({"name": "Nameless"})).await.done(201);
    assert!(made["cust_space_id"].as_str().unwrap().starts_with("cams-"), "{made}");
}

#[actix_web::test]
async fn the_list_comes_in_pages_in_the_order_of_ids_and_whole_as_json_lines() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.post("/tenants", json!({"cust_space_id": "cams-a", "name": "A"})).await.done(201);
    let mut pages: Vec<Vec<Value>> = Vec::new();
    let mut after = String::new();
    loop {
        let page = admin.get(&format!("/tenants?limit=2&after={after}")).await.done(200);
        pages.push(page["data"].as_array().unwrap().iter().map(|tenant| tenant["cust_space_id"].clone()).collect());
        let Some(next) = page["next"].as_str() else { break };
        next.clone_into(&mut after);
    }
    assert_eq!(pages, [vec![json!("cams-a"), json!("cams-demo1")], vec![json!("cams-demo2")]]);

    let lines = admin.send("GET", "/tenants?limit=1", &[("accept", "application/jsonl")], "").await;
    assert_eq!((lines.status, lines.header("content-type")), (200, Some("application/jsonl")));
    let lines: Vec<serde_json::Value> = lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<_> = lines.iter().map(|tenant| tenant["cust_space_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["cams-a", "cams-demo1", "cams-demo2"]);
}

#[actix_web::test]
async fn a_suspended_tenant_is_refused_at_once_and_served_again_when_it_is_resumed() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let list =
        async || app.client.call("ListChatGroup", &app.first, json!({"Page": {"Index": 1, "Size": 1}})).await.code();
    assert_eq!(list().await, "OK");
    let tag = admin.get("/tenants/cams-demo1").await.etag();
    let suspended =
        admin.change("POST", "/tenants/cams-demo1/suspend", &tag, json!({"reason": "unpaid since May"})).await;
    let tag = suspended.etag();
    let suspended = suspended.done(200);
    assert_eq!(
        (&suspended["status"], &suspended["suspended_reason"]),
        (&json!("suspended"), &json!("unpaid since May"))
    );
    eventually("the tenant is refused", async || (list().await == "Tenant.Suspended").then_some(())).await;
    let resumed = admin.change("POST", "/tenants/cams-demo1/resume", &tag, json!(null)).await.done(200);
    assert_eq!((&resumed["status"], &resumed["suspended_reason"]), (&json!("active"), &json!(null)));
    eventually("the tenant is served", async || (list().await == "OK").then_some(())).await;
}

#[actix_web::test]
async fn a_tenant_is_erased_by_whoever_says_its_name_twice() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let erase =
        async |query: &str| admin.change("DELETE", &format!("/tenants/cams-demo2{query}"), "*", json!(null)).await;
    for wrong in ["", "?confirm=cams-demo1", "?confirm="] {
        let told = erase(wrong).await.problem(400, "InvalidParameter");
        assert_eq!(told["errors"][0]["field"], "confirm", "{told}");
    }
    assert_eq!(erase("?confirm=cams-demo2").await.status, 204);
    erase("?confirm=cams-demo2").await.problem(404, "NotFound");
    admin.get("/tenants/cams-demo2").await.problem(404, "NotFound");
    let refused = async || {
        let all = json!({"Page": {"Index": 1, "Size": 1}});
        let code = app.client.call("ListChatGroup", &app.second, all).await.code();
        (code != "OK").then_some(code)
    };
    assert_eq!(eventually("its key, which has no other, is revoked", refused).await, "Unauthorized");
}
