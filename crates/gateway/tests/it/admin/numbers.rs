//! Business numbers.

use serde_json::json;

use crate::support::TestApp;

const NUMBERS: &str = "/tenants/cams-demo1/numbers";

#[actix_web::test]
async fn a_number_is_added_changed_and_removed() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let new = json!({"business_number": "+1 (555) 000-0003", "phone_number_id": "100000000000003", "waba_id": "2003"});
    let added = admin.post(NUMBERS, new).await;
    assert_eq!(added.header("location"), Some("/admin/v1/tenants/cams-demo1/numbers/15550000003"));
    let (tag, added) = (added.etag(), added.done(201));
    assert_eq!(added["business_number"], "15550000003");
    let one = format!("{NUMBERS}/15550000003");
    assert_eq!(admin.get(&one).await.done(200), added);
    let page = admin.get(&format!("{NUMBERS}?limit=1")).await.done(200);
    assert_eq!((&page["data"][0]["business_number"], &page["next"]), (&json!("15550000001"), &json!("15550000001")));

    let moved = admin.change("PATCH", &one, &tag, json!({"waba_id": "2004"})).await;
    let tag = moved.etag();
    assert_eq!(moved.done(200)["waba_id"], "2004");
    assert_eq!(admin.change("DELETE", &one, &tag, json!(null)).await.status, 204);
    admin.get(&one).await.problem(404, "NotFound");
}

#[actix_web::test]
async fn a_phone_number_id_belongs_to_one_tenant() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let of_the_second =
        json!({"business_number": "15550000009", "phone_number_id": app.second.phone_number_id, "waba_id": "2"});
    let told = admin.post(NUMBERS, of_the_second).await.problem(409, "Conflict");
    assert!(!told.to_string().contains("demo2"), "whose it is, is not told: {told}");
    admin.get("/tenants/cams-nobody/numbers").await.problem(404, "NotFound");
}
