//! `groupgate secrets`.

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{Console, MASTER_KEY};
use crate::program::{Ended, run};
use crate::support::{actor, connect_with};

const NEW_KEY: &str = "k2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

/// With these master keys.
fn with_keys(console: &Console, keys: &str, line: &str) -> Ended {
    let environment = [("DATABASE_URL", console.app_url.expose_secret()), ("GROUPGATE_MASTER_KEY", keys)];
    run(&line.split(' ').collect::<Vec<_>>(), &environment, "")
}

async fn with_a_secret() -> Console {
    let console = Console::new().await;
    console.done("tenants add cams-a1");
    console.run_with("credentials set --tenant cams-a1", "EAAtoken-of-a1");
    console
}

#[actix_web::test]
async fn a_rotation_says_what_it_did_and_when_the_old_key_may_go() {
    let console = with_a_secret().await;
    let both = format!("{NEW_KEY},{MASTER_KEY}");
    let rotated = with_keys(&console, &both, "secrets rotate");
    assert_eq!(rotated.code, Some(0), "{rotated:?}");
    assert!(rotated.stdout.starts_with("1 data key wrapped anew by the master key k2."), "{rotated:?}");
    assert!(rotated.stdout.contains("k1 is no longer needed"), "{rotated:?}");
    let again = with_keys(&console, &both, "secrets rotate --json").json();
    assert_eq!((&again["rewrapped"], &again["gateways_behind"]), (&json!(0), &json!(0)));
    let k2 = json!({"id": "k2", "data_keys": 1, "configured": true, "seals": true, "needed": true});
    let k1 = json!({"id": "k1", "data_keys": 0, "configured": true, "seals": false, "needed": false});
    assert_eq!(again["master_keys"], json!([k2, k1]));
    assert_eq!(with_keys(&console, NEW_KEY, "secrets verify").code, Some(0));
}

#[actix_web::test]
async fn a_rotation_without_the_old_key_changes_nothing_and_says_what_is_missing() {
    let console = with_a_secret().await;
    let rotated = with_keys(&console, NEW_KEY, "secrets rotate");
    assert_eq!(rotated.code, Some(1), "{rotated:?}");
    assert!(rotated.stdout.contains("its master key is not in GROUPGATE_MASTER_KEY"), "{rotated:?}");
    assert!(rotated.stdout.contains("k1 is needed for 1 data key and is not in GROUPGATE_MASTER_KEY"), "{rotated:?}");
    assert_eq!(console.run("secrets verify").code, Some(0));
}

#[actix_web::test]
async fn a_rotation_is_refused_while_a_gateway_runs_that_could_not_read_what_it_wraps() {
    let console = with_a_secret().await;
    let store = console.store().await;
    store.tell_of_this_replica("1.0.0", time::OffsetDateTime::now_utc()).await.unwrap();
    let rotated = with_keys(&console, &format!("{NEW_KEY},{MASTER_KEY}"), "secrets rotate");
    assert_eq!(rotated.code, Some(1), "{rotated:?}");
    assert!(rotated.stderr.contains("have no master key k2"), "{rotated:?}");
    assert_eq!(console.run("secrets verify").code, Some(0));
}

#[actix_web::test]
async fn the_old_key_is_needed_for_as_long_as_a_gateway_runs_that_still_wraps_by_it() {
    let console = with_a_secret().await;
    let old_first = format!("{MASTER_KEY},{NEW_KEY}");
    let gateway = connect_with(&console.app_url, old_first.parse().unwrap()).await;
    gateway.tell_of_this_replica("1.0.0", time::OffsetDateTime::now_utc()).await.unwrap();
    let both = format!("{NEW_KEY},{MASTER_KEY}");
    let rotated = with_keys(&console, &both, "secrets rotate");
    assert_eq!(rotated.code, Some(0), "{rotated:?}");
    assert!(rotated.stdout.contains("k2 does not stand first on 1 gateway,"), "{rotated:?}");
    assert!(!rotated.stdout.contains("no longer needed"), "{rotated:?}");
    console.done("tenants add cams-a2");
    let token = secrecy::SecretString::from("EAAtoken-of-a2");
    gateway.space("cams-a2").set_credential(&token, &actor()).await.unwrap();
    let again = with_keys(&console, &both, "secrets rotate --json").json();
    assert_eq!((&again["rewrapped"], &again["gateways_behind"]), (&json!(1), &json!(1)));
    assert_eq!((&again["master_keys"][1]["id"], &again["master_keys"][1]["needed"]), (&json!("k1"), &json!(true)));
}

#[actix_web::test]
async fn what_does_not_open_is_listed_by_tenant_and_nothing_of_it_is_shown() {
    let console = with_a_secret().await;
    console.done("secrets verify --tenant cams-a1");
    let verified = with_keys(&console, NEW_KEY, "secrets verify --json");
    assert_eq!(verified.code, Some(1), "{verified:?}");
    let unreadable = verified.json()["unreadable"].clone();
    let token = json!({"cust_space_id": "cams-a1", "column": "credentials.sealed_token", "row": "cams-a1",
                       "master_key_id": "k1", "why": "master_key_missing"});
    assert!(unreadable.as_array().unwrap().contains(&token), "{unreadable}");
    let text = with_keys(&console, NEW_KEY, "secrets verify").stdout;
    assert!(text.contains("cams-a1") && text.contains("credentials.sealed_token"), "{text}");
    assert!(!format!("{text}{verified:?}").contains("EAAtoken"));
    assert_eq!(console.run("secrets verify --tenant cams-none").code, Some(3));
}
