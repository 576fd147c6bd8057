//! From a token, or a code of Embedded Signup, to a first call.

use std::time::Duration;

use actix_web::rt;
use serde_json::{Value, json};

use crate::support::{Admin, TestApp, eventually};

const APP: (&str, &str) = ("GROUPGATE_APP_ID", "300000000000001");

const WABA: &str = "200000000000009";
const TOKEN: &str = "EAAthe-token-of-the-third";
const THIRD: &str = "/tenants/cams-third";
const ONBOARDING: &str = "/tenants/cams-third/onboarding";

/// A third tenant, and its account at Meta.
async fn stage(numbers: Value) -> (TestApp, Admin) {
    let app = TestApp::with(&[APP]).await;
    let admin = app.admin().await;
    let waba = json!({"waba_id": WABA, "numbers": numbers, "token": TOKEN, "subscribed": false});
    assert_eq!(app.sandbox.post("wabas", waba).await.0, 200);
    admin.post("/tenants", json!({"cust_space_id": "cams-third", "name": "The third"})).await.done(201);
    (app, admin)
}

fn one_number() -> Value {
    json!([{"phone_number_id": "100000000000009", "display_phone_number": "+1 555-000-0009"}])
}

async fn begin(admin: &Admin, with: Value) -> Value {
    admin.post(ONBOARDING, with).await.done(201)
}

fn states(onboarding: &Value) -> Vec<&str> {
    onboarding["steps"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap()).collect()
}

async fn status(admin: &Admin) -> Value {
    admin.get(THIRD).await.done(200)["status"].clone()
}

#[actix_web::test]
async fn a_token_alone_takes_a_tenant_to_its_first_invite_link() {
    let (app, admin) = stage(one_number()).await;
    let none = admin.get(ONBOARDING).await.problem(404, "NotFound");
    assert!(none["detail"].as_str().unwrap().contains("onboarding"), "{none}");
    let nobody = admin.get("/tenants/cams-nobody/onboarding").await.problem(404, "NotFound");
    assert!(nobody["detail"].as_str().unwrap().contains("tenant"), "{nobody}");
    let answered = admin.post(ONBOARDING, json!({"access_token": TOKEN})).await;
    assert!(!answered.text.contains(TOKEN));
    assert_eq!(answered.header("location"), Some("/admin/v1/tenants/cams-third/onboarding"));
    let tag = answered.etag();
    let onboarding = answered.done(201);
    assert_eq!((&onboarding["is_done"], &onboarding["waba_id"]), (&json!(true), &json!(WABA)), "{onboarding}");
    assert_eq!(states(&onboarding), ["done"; 5], "{onboarding}");
    let details: Vec<&str> =
        onboarding["steps"].as_array().unwrap().iter().map(|step| step["detail"].as_str().unwrap()).collect();
    assert_eq!(
        details,
        [
            "Meta takes the token, which was made for the app 300000000000001 and does not expire.",
            "The token has whatsapp_business_management and whatsapp_business_messaging on account 200000000000009.",
            "Account 200000000000009 has 1 number, of which the tenant did not have 1 before.",
            "The webhooks of account 200000000000009 come to the app.",
            "1 of the account's 1 number may have groups.",
        ]
    );
    let names: Vec<&Value> = onboarding["steps"].as_array().unwrap().iter().map(|step| &step["step"]).collect();
    assert_eq!(names, ["token", "permissions", "numbers", "subscription", "eligibility"]);
    let shown = admin.get(ONBOARDING).await;
    assert_eq!((shown.etag(), shown.done(200)), (tag, onboarding));

    assert_eq!(status(&admin).await, "active");
    let number = admin.get(&format!("{THIRD}/numbers/15550000009")).await.done(200);
    assert_eq!(number["phone_number_id"], "100000000000009");
    assert_eq!((&number["official_business_account"], &number["groups_eligible"]), (&json!(true), &json!(true)));
    assert!(number["verified_name"].is_string() && number["quality_rating"] == "GREEN");
    assert_eq!(admin.get(&format!("{THIRD}/credential")).await.done(200)["state"], "valid");

    // The link comes by webhook: the account's come to the app.
    let key = app.key("key-of-the-third", &[("cams-third", &["groups.read", "groups.write"])]).await;
    let new =
        json!({"CustSpaceId": "cams-third", "BusinessNumber": "15550000009", "Subject": "First", "WaitSeconds": 20});
    let made = app.client.call_as(&key, "AddChatGroup", new).await.expect(200, "OK");
    assert!(made["InviteLink"].as_str().unwrap().starts_with("https://chat.whatsapp.com/"), "{made}");
}

#[actix_web::test]
async fn a_code_is_exchanged_and_good_once() {
    let (app, admin) = stage(one_number()).await;
    let code = app.sandbox.post("signup", json!({"waba_id": WABA})).await.1["code"].clone();
    let onboarding = begin(&admin, json!({"code": code})).await;
    assert_eq!(states(&onboarding), ["done"; 5], "{onboarding}");
    assert_eq!(status(&admin).await, "active");

    let again = begin(&admin, json!({"code": code})).await;
    assert_eq!(states(&again), ["failed", "pending", "pending", "pending", "pending"]);
    assert!(again["steps"][0]["fix"].as_str().unwrap().contains("sign up again"), "{again}");
    assert_eq!(status(&admin).await, "active", "the token before is the tenant's still");
}

#[actix_web::test]
async fn a_step_that_failed_says_what_to_do_and_is_repeated_and_nothing_half_done_is_active() {
    let (app, admin) = stage(one_number()).await;
    let scopes = format!("tokens/{TOKEN}/scopes");
    app.sandbox.post(&scopes, json!({"scopes": ["whatsapp_business_management"]})).await;
    let begun = begin(&admin, json!({"access_token": TOKEN})).await;
    assert_eq!(states(&begun), ["done", "failed", "pending", "pending", "pending"]);
    assert_eq!(begun["steps"][1]["detail"], "The token lacks whatsapp_business_messaging.");
    assert!(begun["steps"][1]["fix"].is_string() && begun["is_done"] == false);
    assert_eq!(status(&admin).await, "pending");
    assert_eq!(admin.get(&format!("{THIRD}/credential")).await.done(200)["state"], "missing");

    let both = ["whatsapp_business_management", "whatsapp_business_messaging"];
    app.sandbox.post(&scopes, json!({"scopes": both})).await;
    app.sandbox.fail(json!({"method": "POST", "path": "*/subscribed_apps", "code": 2})).await;
    let tag = admin.get(ONBOARDING).await.etag();
    let step = |name: &str| format!("{ONBOARDING}/{name}");
    admin.post(&step("permissions"), Value::Null).await.problem(428, "PreconditionRequired");
    admin.change("POST", &step("permissions"), "\"1\"", Value::Null).await.problem(412, "PreconditionFailed");
    admin.change("POST", &step("subscription"), &tag, Value::Null).await.problem(409, "Conflict.State");
    admin.change("POST", &step("dance"), &tag, Value::Null).await.problem(404, "NotFound");
    let repeated = admin.change("POST", &step("permissions"), &tag, Value::Null).await.done(200);
    assert_eq!(states(&repeated), ["done", "done", "done", "failed", "pending"], "{repeated}");
    assert!(repeated["steps"][3]["fix"].as_str().unwrap().contains("repeat this step"), "{repeated}");
    assert_eq!(status(&admin).await, "pending");

    let repeated = admin.change("POST", &step("subscription"), "*", Value::Null).await.done(200);
    assert_eq!((states(&repeated), &repeated["is_done"]), (vec!["done"; 5], &json!(true)), "{repeated}");
    assert_eq!(status(&admin).await, "active");
}

#[actix_web::test]
async fn a_number_that_may_not_have_groups_is_told_with_the_reason() {
    let numbers =
        json!([{"phone_number_id": "100000000000009", "display_phone_number": "15550000009", "official": false}]);
    let (_app, admin) = stage(numbers).await;
    let onboarding = begin(&admin, json!({"access_token": TOKEN})).await;
    assert_eq!(states(&onboarding), ["done", "done", "done", "done", "failed"]);
    assert!(onboarding["steps"][4]["fix"].as_str().unwrap().contains("Official Business Account"), "{onboarding}");
    let number = admin.get(&format!("{THIRD}/numbers/15550000009")).await.done(200);
    assert_eq!(number["groups_eligible"], false);
    assert!(number["groups_ineligible_reason"].is_string());
}

#[actix_web::test]
async fn numbers_of_another_tenant_and_dead_tokens_end_it_where_they_are_found() {
    let (app, admin) = stage(one_number()).await;
    let taken = begin(&admin, json!({"access_token": app.first.graph_token})).await;
    assert_eq!(states(&taken), ["done", "done", "failed", "pending", "pending"]);
    assert!(taken["steps"][2]["detail"].as_str().unwrap().contains("in use"), "{taken}");

    let dead = begin(&admin, json!({"access_token": "EAAnobody-gave-this-out"})).await;
    assert_eq!(states(&dead), ["failed", "pending", "pending", "pending", "pending"]);
    assert!(!dead.to_string().contains("nobody-gave-this-out"));

    let two = begin(&admin, json!({"access_token": app.second.graph_token})).await;
    assert!(two["steps"][1]["detail"].as_str().unwrap().contains("several accounts"), "{two}");
    assert!(two["steps"][1]["fix"].as_str().unwrap().contains("waba_id"), "{two}");
    assert_eq!(status(&admin).await, "pending");
}

#[actix_web::test]
async fn an_onboarding_begins_with_a_token_or_a_code_and_for_a_tenant_that_there_is() {
    let (_app, admin) = stage(one_number()).await;
    for wrong in [json!({}), json!({"access_token": "EAA", "code": "AQ"}), json!({"access_token": "with space"})] {
        let refused = admin.post(ONBOARDING, wrong).await.problem(400, "InvalidParameter");
        assert_eq!(refused["errors"][0]["field"], "access_token", "{refused}");
    }
    let refused = admin.post(ONBOARDING, json!({"access_token": "EAA", "waba_id": "1/2"})).await;
    assert_eq!(refused.problem(400, "InvalidParameter")["errors"][0]["field"], "waba_id");
    let nobody = admin.post("/tenants/cams-nobody/onboarding", json!({"access_token": "EAA"})).await;
    nobody.problem(404, "NotFound");
}

/// An account whose numbers have these IDs, and the digits +1 555 and their last seven.
fn account(waba_id: &str, token: &str, phone_number_ids: &[u64]) -> Value {
    let number = |id: &u64| {
        let shown = format!("+1 555-{:07}", id % 10_000_000);
        json!({"phone_number_id": id.to_string(), "display_phone_number": shown})
    };
    let numbers: Vec<Value> = phone_number_ids.iter().map(number).collect();
    json!({"waba_id": waba_id, "numbers": numbers, "token": token, "subscribed": false})
}

async fn numbers(admin: &Admin) -> usize {
    admin.get(&format!("{THIRD}/numbers?limit=200")).await.done(200)["data"].as_array().unwrap().len()
}

#[actix_web::test]
async fn the_numbers_of_all_pages_are_taken_over_or_none_where_one_is_anothers() {
    let (app, admin) = stage(json!([])).await;
    let ids: Vec<u64> = (100_000_000_000_300..100_000_000_000_405).collect();
    assert_eq!(app.sandbox.post("wabas", account(WABA, TOKEN, &ids)).await.0, 200);
    let taken = json!({"business_number": "15550000404", "phone_number_id": "100000000000404", "waba_id": WABA});
    admin.post("/tenants/cams-demo1/numbers", taken).await.done(201);
    let begun = begin(&admin, json!({"access_token": TOKEN})).await;
    assert_eq!(states(&begun), ["done", "done", "failed", "pending", "pending"]);
    assert!(begun["steps"][2]["detail"].as_str().unwrap().contains("100000000000404"), "{begun}");
    assert!(!begun.to_string().contains("cams-demo1"), "{begun}");
    assert_eq!(numbers(&admin).await, 0);

    admin.change("DELETE", "/tenants/cams-demo1/numbers/15550000404", "*", Value::Null).await;
    let repeated = admin.change("POST", &format!("{ONBOARDING}/numbers"), "*", Value::Null).await.done(200);
    assert_eq!(states(&repeated), ["done"; 5], "{repeated}");
    assert_eq!(numbers(&admin).await, 105);
    assert_eq!(app.sandbox.count("GET", &format!("{WABA}/phone_numbers")).await, 6, "two pages, three times");
}

#[actix_web::test]
async fn of_two_onboardings_at_once_the_later_wins_and_the_other_leaves_nothing() {
    let (app, admin) = stage(one_number()).await;
    let other = account("200000000000010", "EAAthe-other-token", &[100_000_000_000_010]);
    assert_eq!(app.sandbox.post("wabas", other).await.0, 200);
    app.sandbox.fail(json!({"path": "*/phone_numbers", "delay_ms": 60_000})).await;
    let first = rt::spawn({
        let admin = admin.clone();
        async move { admin.post(ONBOARDING, json!({"access_token": TOKEN})).await }
    });
    eventually("the first is at its numbers", async || {
        (app.sandbox.count("GET", "/phone_numbers").await > 0).then_some(())
    })
    .await;
    let second = begin(&admin, json!({"access_token": "EAAthe-other-token"})).await;
    assert_eq!(states(&second), ["done"; 5], "{second}");
    app.sandbox.calm().await;
    let overtaken = first.await.unwrap().problem(409, "Conflict.State");
    assert!(overtaken["detail"].as_str().unwrap().contains("Meanwhile somebody else"), "{overtaken}");

    let shown = admin.get(ONBOARDING).await.done(200);
    assert_eq!((&shown["waba_id"], states(&shown)), (&json!("200000000000010"), vec!["done"; 5]));
    assert_eq!(numbers(&admin).await, 1);
    admin.get(&format!("{THIRD}/numbers/15550000009")).await.problem(404, "NotFound");
    assert_eq!(admin.get(&format!("{THIRD}/credential")).await.done(200)["last4"], "oken");
}

#[actix_web::test]
async fn one_whose_gateway_died_in_the_middle_is_not_active_and_goes_on_elsewhere() {
    let (app, admin) = stage(one_number()).await;
    let (replica, running) = app.replica_with(&[APP]).await;
    app.sandbox.fail(json!({"path": "*/subscribed_apps", "delay_ms": 60_000})).await;
    let doomed = rt::spawn({
        let admin = Admin::new(replica, admin.key.clone());
        async move { admin.post(ONBOARDING, json!({"access_token": TOKEN})).await }
    });
    eventually("it is at its subscription", async || {
        (app.sandbox.count("POST", "/subscribed_apps").await > 0).then_some(())
    })
    .await;
    running.stop(Duration::ZERO).await;
    doomed.abort();

    let left = admin.get(ONBOARDING).await;
    let tag = left.etag();
    let left = left.done(200);
    assert_eq!((states(&left), &left["is_done"]), (vec!["done", "done", "done", "running", "pending"], &json!(false)));
    assert_eq!(status(&admin).await, "pending");
    assert_eq!(admin.get(&format!("{THIRD}/credential")).await.done(200)["state"], "missing");
    let repeated = admin.change("POST", &format!("{ONBOARDING}/subscription"), &tag, Value::Null).await.done(200);
    assert_eq!((states(&repeated), &repeated["is_done"]), (vec!["done"; 5], &json!(true)), "{repeated}");
    assert_eq!(status(&admin).await, "active");
}

#[actix_web::test]
async fn a_token_that_cannot_be_asked_about_at_the_end_is_said_so_and_is_no_tenants() {
    let (app, admin) = stage(one_number()).await;
    app.sandbox.fail(json!({"path": "*/subscribed_apps", "code": 2})).await;
    begin(&admin, json!({"access_token": TOKEN})).await;
    let repeat =
        async |step: &str| admin.change("POST", &format!("{ONBOARDING}/{step}"), "*", Value::Null).await.done(200);
    // This way begins without what the one before had heard of the token.
    app.sandbox
        .fail(json!({"path": "*/debug_token", "count": 1, "http_status": 200, "body":
        {"data": {"is_valid": false, "error": {"code": 190, "subcode": 459, "message": "checkpointed"}}}}))
        .await;
    let repeated = repeat("subscription").await;
    assert_eq!((states(&repeated)[0], &repeated["is_done"]), ("failed", &json!(false)), "{repeated}");
    assert!(repeated["steps"][0]["fix"].as_str().unwrap().contains("log in at Facebook"), "{repeated}");
    assert_eq!(status(&admin).await, "pending");
    assert_eq!(repeat("token").await["is_done"], true);
    assert_eq!(status(&admin).await, "active");
}

#[actix_web::test]
async fn what_came_for_its_numbers_before_is_the_tenants_and_names_nobody_until_then() {
    let (app, admin) = stage(one_number()).await;
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550000009", "phone_number_id": "100000000000009"},
        "messages": [{"from": "16505550001", "id": "wamid.early", "timestamp": "1763712000", "type": "text",
                      "text": {"body": "early"}}],
    });
    let change = json!({"field": "messages", "waba_id": WABA, "value": value});
    assert_eq!(app.sandbox.post("webhooks/send", change).await.0, 200);
    let unrouted = async || admin.get("/events/unrouted").await.done(200)["data"].as_array().unwrap().len();
    eventually("it is kept", async || (unrouted().await == 1).then_some(())).await;
    assert_eq!(states(&begin(&admin, json!({"access_token": TOKEN})).await), ["done"; 5]);
    let events = eventually("it is the tenant's", async || {
        let events = admin.get(&format!("{THIRD}/events")).await.done(200)["data"].clone();
        (!events.as_array().unwrap().is_empty()).then_some(events)
    })
    .await;
    assert_eq!((&events[0]["Type"], &events[0]["Sequence"]), (&json!("message.received"), &json!(1)));
    assert_eq!(unrouted().await, 0);
}
