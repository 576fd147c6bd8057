//! `groupgate keys`.

use serde_json::json;

use super::Console;
use crate::program::run;

#[actix_web::test]
async fn a_key_for_all_tenants_is_asked_for_by_name() {
    let console = Console::new().await;
    let key = console.done("keys create --name ops --all-tenants --scope admin.read --json").json();
    assert_eq!(key["grants"][0]["cust_space_ids"], serde_json::json!(["*"]));
    for line in ["keys create --name x --scope admin.read", "keys create --name x --all-tenants"] {
        assert_eq!(console.run(line).code, Some(2), "{line}");
    }
    assert_eq!(console.run("keys create --name x --all-tenants --tenant cams-a1 --scope groups.read").code, Some(2));
}

#[actix_web::test]
async fn a_scope_that_does_not_exist_is_refused_with_those_that_do() {
    let ended = run(&["keys", "create", "--name", "x", "--all-tenants", "--scope", "groups.raed"], &[], "");
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("the nearest is groups.read "), "{}", ended.stderr);
    assert!(ended.stderr.contains("groups.read, groups.write"), "{}", ended.stderr);
    let misspelt = ["keys", "create", "--name", "x", "--all-tenants", "--scope", "cams:AddChatGroupInviteLnk"];
    let ended = run(&misspelt, &[], "");
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("the nearest is cams:AddChatGroupInviteLink "), "{}", ended.stderr);
}

#[actix_web::test]
async fn keys_are_listed_with_their_grants_and_without_their_secrets() {
    let console = Console::new().await;
    console.done("tenants add cams-a1");
    console.done("tenants add cams-b2");
    let one =
        console.done("keys create --name till --tenant cams-a1 --scope groups.read --expires-in 90d --json").json();
    let all = console.done("keys create --name ops --all-tenants --scope admin.read --json").json();
    let listed = console.done("keys list --json");
    assert_eq!(listed.json().as_array().unwrap().len(), 2);
    for key in [&one, &all] {
        assert!(!listed.stdout.contains(key["access_key_secret"].as_str().unwrap()));
    }
    let of_b2 = console.done("keys list --tenant cams-b2 --json").json();
    assert_eq!((of_b2.as_array().unwrap().len(), &of_b2[0]["access_key_id"]), (1, &all["access_key_id"]));
    let till = console.done("keys list --json").json();
    let till = till.as_array().unwrap().iter().find(|key| key["name"] == "till").cloned().unwrap();
    assert_eq!((&till["state"], &till["expires_at"]), (&json!("active"), &one["expires_at"]));
    let table = console.done("keys list").stdout;
    assert!(table.starts_with("ACCESS KEY ID") && table.contains("cams-a1") && table.contains('*'), "{table}");
}

#[actix_web::test]
async fn a_rotated_key_shows_its_new_secret_once_and_until_when_the_old_one_is_good() {
    let console = Console::new().await;
    let made = console.done("keys create --name ops --all-tenants --scope admin.read --json").json();
    let id = made["access_key_id"].as_str().unwrap();
    let rotated = console.done(&format!("keys rotate {id} --json")).json();
    assert_ne!(rotated["access_key_secret"], made["access_key_secret"]);
    let listed = console.done("keys list --json").json();
    assert_eq!(listed[0]["previous_until"], rotated["previous_until"]);
    let at_once = console.done(&format!("keys rotate {id} --overlap 0s"));
    assert!(at_once.stdout.contains("no longer good"), "{at_once:?}");
    assert!(console.done("keys list --json").json()[0]["previous_until"].is_null());
    assert_eq!(console.run(&format!("keys rotate {id} --overlap soon")).code, Some(2));
    assert_eq!(console.run("keys rotate LTAIunknown").code, Some(3));
}

#[actix_web::test]
async fn a_revoked_key_says_so_and_is_not_rotated() {
    let console = Console::new().await;
    let made = console.done("keys create --name ops --all-tenants --scope admin.read --json").json();
    let id = made["access_key_id"].as_str().unwrap();
    assert_eq!(console.done(&format!("keys revoke {id} --json")).json()["state"], "revoked");
    assert_eq!(console.done("keys list --json").json()[0]["state"], "revoked");
    assert_eq!(console.run(&format!("keys rotate {id}")).code, Some(3));
    assert_eq!(console.run("keys revoke LTAIunknown").code, Some(3));
}
