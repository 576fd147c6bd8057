//! A tenant's own limits.

use serde_json::json;

use crate::support::{TestApp, eventually};

const LIMITS: &str = "/tenants/cams-demo1/limits";

#[actix_web::test]
async fn limits_are_set_at_once_and_are_the_gateways_again_where_they_are_null() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let before = admin.get(LIMITS).await;
    let (tag, before) = (before.etag(), before.done(200));
    let none = json!({
        "per_tenant": null, "per_tenant_read": null, "per_tenant_write": null, "per_tenant_message": null,
        "per_number": null, "per_number_read": null, "per_number_write": null, "per_number_message": null,
        "in_flight": null,
    });
    assert_eq!(before, none);
    let own = json!({
        "per_tenant": "1/h", "per_tenant_read": "off", "per_tenant_write": "5/s;burst=9;in-flight=4",
        "per_tenant_message": "2/s", "per_number": "10/s;burst=20", "per_number_read": "off;in-flight=2",
        "per_number_write": "3/s", "per_number_message": "1/s", "in_flight": 8,
    });
    let set = admin.change("PUT", LIMITS, &tag, own.clone()).await;
    let (tag, set) = (set.etag(), set.done(200));
    assert_eq!(set, own);
    let is_throttled = async || {
        let code = app.client.call("ListChatGroup", &app.first, json!({"Page": {"Index": 1, "Size": 1}})).await.code();
        (code == "Throttling.Tenant").then_some(())
    };
    eventually("the tenant's own limit holds", is_throttled).await;
    let again = admin.change("PUT", LIMITS, &tag, json!({})).await.done(200);
    assert_eq!(again, before);
}

#[actix_web::test]
async fn all_limits_that_are_wrong_are_told_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let wrong = json!({"per_tenant": "fast", "per_number": "0/s", "per_number_write": "in-flight=8", "in_flight": 0});
    let told = admin.change("PUT", LIMITS, "*", wrong).await.problem(400, "InvalidParameter");
    let fields: Vec<_> = told["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
    assert_eq!(fields, ["per_tenant", "per_number", "per_number_write", "in_flight"]);
    let too_many = json!({"in_flight": 2_147_483_648_u64});
    admin.change("PUT", LIMITS, "*", too_many).await.problem(400, "InvalidParameter");
}
