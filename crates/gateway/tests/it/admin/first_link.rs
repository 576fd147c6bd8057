//! From a fresh gateway to a third tenant's first invite link, by the API alone.

use serde_json::json;

use crate::support::{Credentials, TestApp};

const TOKEN: &str = "EAAthe-token-of-the-third";
const EVERYTHING: &[&str] = &["groups.read", "groups.write", "admin.read", "admin.write"];

#[actix_web::test]
async fn three_calls_take_a_customer_from_signed_up_to_its_first_invite_link() {
    let app = TestApp::with(&[("GROUPGATE_APP_ID", "300000000000001")]).await;
    let admin = app.admin_with("owner", &[("*", EVERYTHING)]).await;
    let numbers = json!([{"phone_number_id": "100000000000009", "display_phone_number": "+1 555-000-0009"}]);
    let waba = json!({"waba_id": "200000000000009", "numbers": numbers, "token": TOKEN, "subscribed": false});
    assert_eq!(app.sandbox.post("wabas", waba).await.0, 200);

    let tenant = json!({"cust_space_id": "cams-third", "name": "The third"});
    assert_eq!(admin.post("/tenants", tenant).await.done(201)["status"], "pending");
    let onboarding = admin.post("/tenants/cams-third/onboarding", json!({"access_token": TOKEN})).await.done(201);
    assert_eq!(onboarding["is_done"], true, "{onboarding}");
    let grants = json!([{"cust_space_ids": ["cams-third"], "scopes": ["groups.read", "groups.write"]}]);
    let key = admin.post("/keys", json!({"name": "till", "grants": grants})).await.done(201);

    let text = |name: &str| key[name].as_str().unwrap();
    let key = Credentials::new(text("access_key_id"), text("access_key_secret"));
    let new =
        json!({"CustSpaceId": "cams-third", "BusinessNumber": "15550000009", "Subject": "First", "WaitSeconds": 20});
    let made = app.client.call_as(&key, "AddChatGroup", new).await.expect(200, "OK");
    let link = made["InviteLink"].as_str().unwrap();
    assert_eq!(app.sandbox.join("16505559999", link).await.0, 200);
}
