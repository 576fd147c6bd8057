//! What is wrong is told as RFC 9457 says, all of it at once, and by name.

use serde_json::{Value, json};

use crate::support::TestApp;

fn fields(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn every_field_that_is_wrong_is_named_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let shape = json!({"cust_space_id": 7, "label": {}, "notes": ["x"], "Name": "x"});
    let told = admin.post("/tenants", shape).await.problem(400, "InvalidParameter");
    let mut named = fields(&told);
    named.sort_unstable();
    assert_eq!(named, ["Name", "cust_space_id", "label", "name", "notes"], "{told}");

    let values =
        json!({"cust_space_id": "NO!", "name": " ", "notes": "x".repeat(4001), "labels": {"a": "x".repeat(101)}});
    let told = admin.post("/tenants", values).await.problem(400, "InvalidParameter");
    let mut named = fields(&told);
    named.sort_unstable();
    assert_eq!(named, ["cust_space_id", "labels.a", "name", "notes"], "{told}");

    let name = json!({"name": "x", "labels": {"a\u{0}": "x"}});
    let told = admin.post("/tenants", name).await.problem(400, "InvalidParameter");
    assert_eq!(fields(&told), ["labels"], "{told}");

    let inside = json!({"name": "x", "labels": {"a": 7}});
    let told = admin.post("/tenants", inside).await.problem(400, "InvalidParameter");
    assert_eq!(fields(&told), ["labels.a"], "{told}");
}

#[actix_web::test]
async fn a_body_is_one_json_object_and_nothing_else() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let in_their_order = "[null, \"x\", null, {}]";
    let twice = "{\"name\": \"x\", \"name\": \"y\"}";
    for wrong in ["[]", in_their_order, "7", "{", "{\"name\": \"x\"} {}", twice, "\u{0}", "\u{feff}{}"] {
        let told = admin.send("POST", "/tenants", &[], wrong).await.problem(400, "InvalidParameter");
        assert!(told["detail"].as_str().unwrap().starts_with("The body is wrong: "), "{told}");
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    admin.send("POST", "/tenants", &form, "name=x").await.problem(415, "UnsupportedMediaType");
    let resume = "/tenants/cams-demo1/resume";
    let told = admin.change("POST", resume, "*", json!({"reason": "x"})).await.problem(400, "InvalidParameter");
    assert_eq!(fields(&told), ["reason"]);
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(300 * 1024));
    admin.send("POST", "/tenants", &[], &large).await.problem(413, "RequestTooLarge");
}

#[actix_web::test]
async fn queries_paths_and_methods_are_refused_by_name() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (path, field) in [
        ("/tenants?limit=0", "limit"),
        ("/tenants?limit=1001", "limit"),
        ("/tenants?limit=x", "limit"),
        ("/tenants?page=2", "page"),
        ("/tenants?after=a&after=b", "after"),
        ("/tenants?after=%00", "after"),
        ("/audit?actor=%00", "actor"),
        ("/tenants/cams-demo1?x=1", "x"),
        ("/tenants/cams-demo1/groups?status=gone", "status"),
    ] {
        let told = admin.get(path).await.problem(400, "InvalidParameter");
        assert_eq!(fields(&told), [field], "{told}");
    }
    for path in ["/nothing", "/tenants/NO!", "/tenants/cams-demo1/numbers/abc", "/tenants/cams-nobody", ""] {
        admin.get(path).await.problem(404, "NotFound");
    }
    let refused = admin.send("PUT", "/tenants", &[], "{}").await;
    assert_eq!(refused.header("allow"), Some("GET, HEAD, POST"));
    refused.problem(405, "MethodNotAllowed");
    let nobody = app.client.send("GET", "/admin/v1/tenants", &[], Vec::new()).await;
    assert!(nobody.header("www-authenticate").is_some());
    nobody.problem(401, "Unauthorized");
}

#[actix_web::test]
async fn what_can_be_got_can_be_asked_for_its_head() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let lines = [("accept", "application/jsonl")];
    for (path, headers) in [("/tenants/cams-demo1", &[][..]), ("/tenants", &[][..]), ("/audit", &lines[..])] {
        let (head, got) = (admin.send("HEAD", path, headers, "").await, admin.get(path).await);
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        assert_eq!(
            (head.header("etag"), head.header("content-type")),
            (got.header("etag"), got.header("content-type"))
        );
    }
    admin.send("HEAD", "/tenants/cams-nobody", &[], "").await;
    let reader = app.admin_with("writer", &[("*", &["admin.write"])]).await;
    assert_eq!(reader.send("HEAD", "/tenants", &[], "").await.status, 403);
}

#[actix_web::test]
async fn calls_are_counted_against_the_key_as_everywhere() {
    let app = TestApp::with(&[("GROUPGATE_RATE_PER_KEY", "1/h")]).await;
    let admin = app.admin().await;
    admin.get("/tenants").await.done(200);
    let throttled = admin.get("/tenants").await;
    assert!(throttled.header("retry-after").is_some());
    throttled.problem(429, "Throttling.User");
}
