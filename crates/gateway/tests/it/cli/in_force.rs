//! What the command line changes is in force on a gateway that runs. What a gateway has in memory is good for a minute,
//! so that a change which shows earlier was told.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Console;
use crate::support::{Admin, Credentials, TestApp, eventually, with_tenant};

/// Below the minute, and far above what a busy machine takes.
const AT_ONCE: Duration = Duration::from_secs(40);

/// A gateway that knows its first tenant already, and a console beside it.
async fn known() -> (TestApp, Console) {
    let app = TestApp::start().await;
    assert_eq!(code(&app, &app.first.key).await, "OK");
    let console = Console::beside(&app);
    (app, console)
}

/// What a call in the first tenant's name is answered with.
async fn code(app: &TestApp, key: &Credentials) -> String {
    let group = json!({"GroupId": app.first.group_id});
    app.client.call_as(key, "GetChatGroup", with_tenant(&app.first, group)).await.code()
}

async fn until(app: &TestApp, key: &Credentials, expected: &str) {
    let begun = Instant::now();
    eventually(expected, async || (code(app, key).await == expected).then_some(())).await;
    assert!(begun.elapsed() < AT_ONCE, "it was not told");
}

#[actix_web::test]
async fn a_suspension_and_its_end() {
    let (app, console) = known().await;
    let tenant = app.first.cust_space_id;
    console.done(&format!("tenants suspend {tenant} --reason unpaid"));
    until(&app, &app.first.key, "Tenant.Suspended").await;
    console.done(&format!("tenants resume {tenant}"));
    until(&app, &app.first.key, "OK").await;
}

#[actix_web::test]
async fn a_rotated_key_has_two_secrets_for_the_overlap_and_then_one() {
    let (app, console) = known().await;
    let old = app.first.key.clone();
    let rotate = |overlap: &str| {
        let rotated = console.done(&format!("keys rotate {} --overlap {overlap} --json", old.id)).json();
        Credentials::new(&old.id, rotated["access_key_secret"].as_str().unwrap())
    };
    let new = rotate("24h");
    until(&app, &new, "OK").await;
    assert_eq!(code(&app, &old).await, "OK", "both are good");
    let newest = rotate("0s");
    until(&app, &newest, "OK").await;
    assert_eq!(code(&app, &new).await, "Unauthorized");
    assert_eq!(code(&app, &old).await, "Unauthorized");
}

#[actix_web::test]
async fn an_overlap_ends_by_itself() {
    let (app, console) = known().await;
    let old = app.first.key.clone();
    console.done(&format!("keys rotate {} --overlap 2s", old.id));
    until(&app, &old, "Unauthorized").await;
}

#[actix_web::test]
async fn a_revoked_key_and_the_tokens_made_for_it_are_refused() {
    let (app, console) = known().await;
    let token = app.client.token(&app.first.key, None).await.body();
    let token = token["access_token"].as_str().unwrap().to_owned();
    console.done(&format!("keys revoke {}", app.first.key.id));
    until(&app, &app.first.key, "Unauthorized").await;
    let group = with_tenant(&app.first, json!({"GroupId": app.first.group_id}));
    assert_eq!(app.client.call_with_token(&token, "GetChatGroup", group).await.status, 401);
}

#[actix_web::test]
async fn a_removed_number_and_an_added_one() {
    let (app, console) = known().await;
    let tenant = &app.first;
    console.done(&format!("numbers remove {} --tenant {}", tenant.business_number, tenant.cust_space_id));
    until(&app, &tenant.key, "BusinessNumber.NotFound").await;
    let ids = format!("--phone-number-id {} --waba-id {}", tenant.phone_number_id, tenant.waba_id);
    console.done(&format!("numbers add {} --tenant {} {ids}", tenant.business_number, tenant.cust_space_id));
    until(&app, &tenant.key, "OK").await;
}

#[actix_web::test]
async fn a_new_token() {
    let (app, console) = known().await;
    let set = format!("credentials set --tenant {}", app.first.cust_space_id);
    console.run_with(&set, "EAAwrong");
    until(&app, &app.first.key, "Credential.Invalid").await;
    console.run_with(&set, app.first.graph_token);
    until(&app, &app.first.key, "OK").await;
}

#[actix_web::test]
async fn a_tenants_own_limit() {
    let (app, console) = known().await;
    let set =
        |rate: &str| console.done(&format!("limits set --tenant {} --per-tenant {rate}", app.first.cust_space_id));
    set("1/h");
    until(&app, &app.first.key, "Throttling.Tenant").await;
    set("default");
    until(&app, &app.first.key, "OK").await;
}

#[actix_web::test]
async fn a_deleted_tenant_whose_key_may_act_for_others_too() {
    let (app, console) = known().await;
    let grants: [(&str, &[&str]); 1] = [("*", &["groups.read"])];
    let key = app.key("key-for-all", &grants).await;
    assert_eq!(code(&app, &key).await, "OK");
    let tenant = app.first.cust_space_id;
    console.done(&format!("tenants delete {tenant} --confirm {tenant}"));
    until(&app, &app.first.key, "Unauthorized").await;
    until(&app, &key, "Forbidden.Tenant").await;
}

#[actix_web::test]
async fn the_last_administrator_may_revoke_its_own_key_and_the_command_line_makes_another() {
    let (app, console) = known().await;
    let admin = app.admin().await;
    admin.change("POST", "/keys/administrator/revoke", "*", Value::Null).await.done(200);
    eventually("the key is refused", async || (admin.get("/keys").await.status == 401).then_some(())).await;
    let scopes = "--scope admin.read --scope admin.write";
    let made = console.done(&format!("keys create --name ops --all-tenants {scopes} --json")).json();
    let text = |field: &str| made[field].as_str().unwrap();
    let next = Credentials::new(text("access_key_id"), text("access_key_secret"));
    Admin::new(app.client.clone(), next).get("/keys").await.done(200);
}
