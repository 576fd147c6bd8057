//! `groupgate credentials`.

use super::Console;
use crate::{program::run, support::TestApp};

#[actix_web::test]
async fn a_token_is_taken_from_standard_input_only() {
    let console = Console::new().await;
    console.done("tenants add cams-one");
    assert_eq!(console.run("credentials set --tenant cams-one --token EAAx").code, Some(2));
    let nothing = console.run("credentials set --tenant cams-one");
    assert_eq!(nothing.code, Some(2));
    assert!(nothing.stderr.contains("standard input"), "{}", nothing.stderr);
}

#[actix_web::test]
async fn a_token_that_meta_accepts_is_told_so_for_each_number() {
    let app = TestApp::start().await;
    let console = Console::beside(&app);
    let line = format!("credentials check --tenant {}", app.first.cust_space_id);
    let checked = console.done(&format!("{line} --json")).json();
    assert_eq!(checked["accepted"], true);
    assert_eq!(checked["numbers"][0]["business_number"], app.first.business_number);
    assert!(console.done(&line).stdout.contains("accepted"));
    assert!(app.sandbox.count("GET", &format!("{}/groups", app.first.phone_number_id)).await >= 2);
}

#[actix_web::test]
async fn a_token_that_meta_refuses_is_told_in_metas_words_with_an_exit_code_and_not_shown() {
    let app = TestApp::start().await;
    let console = Console::beside(&app);
    let tenant = app.first.cust_space_id;
    console.run_with(&format!("credentials set --tenant {tenant}"), "EAAtoken-that-nobody-gave-out");
    let checked = console.run(&format!("credentials check --tenant {tenant} --json"));
    assert_eq!(checked.code, Some(6), "{checked:?}");
    let error = checked.json()["numbers"][0]["error"].clone();
    assert_eq!(error["code"], 190, "{error}");
    assert!(error["advice"].as_str().unwrap().contains("store a new one"), "{error}");
    let text = console.run(&format!("credentials check --tenant {tenant}"));
    assert_eq!(text.code, Some(6), "{text:?}");
    assert!(text.stdout.contains("not accepted") && text.stdout.contains("190"), "{text:?}");
    assert!(!format!("{checked:?}{text:?}").contains("nobody-gave-out"));
}

#[actix_web::test]
async fn a_meta_that_cannot_be_reached_is_no_verdict_on_the_token() {
    let app = TestApp::start().await;
    let mut console = Console::beside(&app);
    console.graph_url = Some(format!("http://127.0.0.1:{}", crate::program::free_port()));
    let checked = console.run(&format!("credentials check --tenant {} --json", app.first.cust_space_id));
    assert_eq!(checked.code, Some(6), "{checked:?}");
    let error = checked.json()["numbers"][0]["error"].clone();
    assert!(error["code"].is_null() && error["advice"].as_str().unwrap().contains("GROUPGATE_GRAPH_URL"), "{error}");
}

#[actix_web::test]
async fn without_a_token_or_a_number_there_is_nothing_to_check_and_the_next_command_is_named() {
    let console = Console::new().await;
    console.done("tenants add cams-a1");
    let no_number = console.run("credentials check --tenant cams-a1");
    assert_eq!(no_number.code, Some(3));
    assert!(no_number.stderr.contains("groupgate numbers add --tenant cams-a1"), "{no_number:?}");
    console.done("numbers add 15550000001 --tenant cams-a1 --phone-number-id 101 --waba-id 201");
    let no_token = console.run("credentials check --tenant cams-a1");
    assert_eq!(no_token.code, Some(3));
    assert!(no_token.stderr.contains("groupgate credentials set --tenant cams-a1"), "{no_token:?}");
}

#[actix_web::test]
async fn a_token_under_a_master_key_that_is_gone_says_so() {
    let console = Console::new().await;
    console.with_tenant("cams-a1", "15550000001");
    console.run_with("credentials set --tenant cams-a1", "EAAtoken");
    let other = "k2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    let environment = [console.environment()[0], ("GROUPGATE_MASTER_KEY", other)];
    let checked = run(&["credentials", "check", "--tenant", "cams-a1"], &environment, "");
    assert_eq!(checked.code, Some(3), "{checked:?}");
    assert!(checked.stderr.contains("GROUPGATE_MASTER_KEY"), "{checked:?}");
}
