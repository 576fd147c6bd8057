//! Customers who come: accounts, numbers, signup codes and their tokens.

use actix_web::http::Method;
use graph_sandbox::{DEMO_PHONE_NUMBER_ID_1, DEMO_WABA_ID_1};
use serde_json::{Value, json};

use crate::helpers::{APP_ID, APP_SECRET, Reply, TOKEN_1, TOKEN_2, TestSandbox, code, sent, whatsapp};

async fn add(sandbox: &TestSandbox, waba: Value) -> Reply {
    sandbox.control(Method::POST, "wabas", waba).await
}

#[actix_web::test]
async fn a_new_customer_can_make_groups_with_its_own_token() {
    let sandbox = TestSandbox::start().await;
    let numbers = json!([{ "display_phone_number": "+49 30 1234567" }]);
    let (status, waba) = add(&sandbox, json!({ "numbers": numbers })).await;
    assert_eq!(status, 200, "{waba}");
    let number = waba["numbers"][0]["phone_number_id"].as_str().unwrap();
    let token = waba["token"].as_str().unwrap();
    let path = format!("{number}/groups");
    let body = whatsapp(json!({ "subject": "Berlin" }));
    assert_eq!(sandbox.graph_as(token, Method::POST, &path, body.clone()).await.0, 200);
    let change = sandbox.receiver.change(|change| change["field"] == "group_lifecycle_update").await;
    assert_eq!(change["value"]["metadata"]["display_phone_number"], "49301234567");
    assert_eq!(sandbox.graph(Method::POST, &path, body).await.0, 400, "foreign to others");
}

#[actix_web::test]
async fn a_number_that_is_not_official_or_not_eligible_gets_131215() {
    let sandbox = TestSandbox::start().await;
    let numbers = json!([
        { "phone_number_id": "1001", "display_phone_number": "15550001001", "official": false },
        { "phone_number_id": "1002", "display_phone_number": "15550001002", "groups_eligible": false },
    ]);
    add(&sandbox, json!({ "waba_id": "2001", "numbers": numbers, "token": "T" })).await;
    for path in ["1001/groups", "1002/groups"] {
        let body = whatsapp(json!({ "subject": "No" }));
        let reply = sandbox.graph_as("T", Method::POST, path, body).await;
        assert_eq!(code(&reply), (400, 131_215), "{path}");
    }
}

#[actix_web::test]
async fn a_number_belongs_to_one_account_only() {
    let sandbox = TestSandbox::start().await;
    let numbers = json!([{
        "phone_number_id": DEMO_PHONE_NUMBER_ID_1,
        "display_phone_number": "15550001001",
    }]);
    let (status, error) = add(&sandbox, json!({ "numbers": numbers })).await;
    assert_eq!(status, 400, "{error}");
    let unusable = json!([{ "display_phone_number": "none" }]);
    assert_eq!(add(&sandbox, json!({ "numbers": unusable })).await.0, 400);
}

#[actix_web::test]
async fn an_accounts_numbers_are_listed_with_the_fields_asked_for() {
    let sandbox = TestSandbox::start().await;
    let (_, list) = sandbox.get(&format!("{DEMO_WABA_ID_1}/phone_numbers")).await;
    assert_eq!(list["data"][0]["id"], DEMO_PHONE_NUMBER_ID_1);
    assert_eq!(list["data"][0]["display_phone_number"], "+1 555-000-0001");
    assert!(list["data"][0].get("is_official_business_account").is_none());
    let fields = format!("{DEMO_PHONE_NUMBER_ID_1}?fields=is_official_business_account");
    let (_, number) = sandbox.get(&fields).await;
    let expected = json!({
        "id": DEMO_PHONE_NUMBER_ID_1,
        "is_official_business_account": true,
    });
    assert_eq!(number, expected);
}

#[actix_web::test]
async fn a_numbers_fields_that_are_empty_are_left_out_and_those_that_it_has_not_are_refused() {
    let sandbox = TestSandbox::start().await;
    let asked = |fields| format!("{DEMO_PHONE_NUMBER_ID_1}?fields={fields}");
    let (status, number) = sandbox.get(&asked("conversational_automation,health_status,last_onboarded_time")).await;
    assert_eq!((status, number), (200, json!({ "id": DEMO_PHONE_NUMBER_ID_1 })));
    let (status, error) = sandbox.get(&asked("color")).await;
    assert_eq!((status, &error["error"]["code"]), (400, &json!(100)), "{error}");
}

#[actix_web::test]
async fn a_signup_code_becomes_a_token_once() {
    let sandbox = TestSandbox::start().await;
    let signup = json!({ "waba_id": DEMO_WABA_ID_1 });
    let (_, signup) = sandbox.control(Method::POST, "signup", signup).await;
    let secret = APP_SECRET.replace(' ', "+");
    let path = format!(
        "/v23.0/oauth/access_token?client_id={APP_ID}&client_secret={secret}&code={}",
        signup["code"].as_str().unwrap()
    );
    let exchange = || async { sent(sandbox.raw(Method::GET, &path), Value::Null).await.unwrap() };
    let (status, answer) = exchange().await;
    assert_eq!((status, &answer["token_type"]), (200, &json!("bearer")), "{answer}");
    let token = answer["access_token"].as_str().unwrap();
    let (status, _) = sandbox.graph_as(token, Method::GET, DEMO_PHONE_NUMBER_ID_1, Value::Null).await;
    assert_eq!(status, 200);
    assert_eq!(code(&exchange().await), (400, 100), "good once");
    let unknown = json!({ "waba_id": "404" });
    assert_eq!(sandbox.control(Method::POST, "signup", unknown).await.0, 404);
}

#[actix_web::test]
async fn the_apps_secret_is_needed_for_an_exchange() {
    let sandbox = TestSandbox::start().await;
    let path = format!("/oauth/access_token?client_id={APP_ID}&client_secret=wrong&code=x");
    let reply = sent(sandbox.raw(Method::GET, &path), Value::Null).await.unwrap();
    assert_eq!(reply.1["error"]["code"], 1);
}

#[actix_web::test]
async fn a_token_can_be_looked_into() {
    let sandbox = TestSandbox::start().await;
    let (_, debug) = sandbox.get(&format!("debug_token?input_token={TOKEN_1}")).await;
    assert_eq!(debug["data"]["is_valid"], true);
    assert_eq!(debug["data"]["app_id"], APP_ID);
    assert_eq!(debug["data"]["expires_at"], 0, "it has no end");
    for scope in debug["data"]["granular_scopes"].as_array().unwrap() {
        assert_eq!(scope["target_ids"], json!([DEMO_WABA_ID_1]));
    }
    let (_, debug) = sandbox.get("debug_token?input_token=unknown").await;
    assert_eq!(debug["data"]["is_valid"], false);
    assert_eq!(debug["data"]["error"]["code"], 190);
}

#[actix_web::test]
async fn a_tokens_end_is_told_ahead_of_time_and_holds() {
    let sandbox = TestSandbox::start().await;
    let expire = format!("tokens/{TOKEN_1}/expire");
    let far = 4_102_444_800_i64;
    assert_eq!(sandbox.control(Method::POST, &expire, json!({ "at": far })).await.0, 200);
    let debug = || async { sandbox.graph_as(TOKEN_2, Method::GET, &inspected(), Value::Null).await.1["data"].clone() };
    let told = debug().await;
    assert_eq!((&told["is_valid"], &told["expires_at"]), (&json!(true), &json!(far)));
    assert_eq!(sandbox.get(DEMO_PHONE_NUMBER_ID_1).await.0, 200);

    sandbox.control(Method::POST, &expire, json!({ "at": 1_000 })).await;
    let told = debug().await;
    assert_eq!((&told["is_valid"], &told["error"]["subcode"]), (&json!(false), &json!(463)));
    assert_eq!(code(&sandbox.get(DEMO_PHONE_NUMBER_ID_1).await), (401, 190));
    assert_eq!(sandbox.control(Method::POST, &expire, json!({ "when": 1 })).await.0, 400);
}

fn inspected() -> String {
    format!("debug_token?input_token={TOKEN_1}")
}
