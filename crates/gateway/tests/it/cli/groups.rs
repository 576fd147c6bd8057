//! `groupgate groups`.

use serde_json::Value;

use super::Console;
use crate::support::TestApp;

/// The groups that a command lists.
fn ids(listed: &Value) -> Vec<&str> {
    listed.as_array().unwrap().iter().filter_map(|group| group["group_id"].as_str()).collect()
}

#[actix_web::test]
async fn after_a_reconciliation_metas_groups_are_listed() {
    let app = TestApp::start().await;
    let console = Console::beside(&app);
    let tenant = app.first.cust_space_id;
    let reconcile = format!("groups reconcile --tenant {tenant} --wait 1m --json");
    let reconciled = console.done_beside_gateway(&reconcile).await.json();
    assert_eq!((&reconciled["done"], &reconciled["numbers"][0]["done"]), (&Value::Bool(true), &Value::Bool(true)));
    let listed = console.done(&format!("groups list --tenant {tenant} --json")).json();
    assert!(ids(&listed).contains(&app.first.group_id), "{listed}");
    assert_eq!(listed[0]["business_number"], app.first.business_number);
    let table = console.done(&format!("groups list --tenant {tenant}")).stdout;
    assert!(table.starts_with("GROUP ID") && table.contains(app.first.group_id), "{table}");
    assert!(!table.contains("chat.whatsapp.com"), "{table}");
}

#[actix_web::test]
async fn groups_are_filtered_by_number_subject_and_status() {
    let app = TestApp::start().await;
    let console = Console::beside(&app);
    let tenant = app.first.cust_space_id;
    console.done_beside_gateway(&format!("groups reconcile --tenant {tenant} --wait 1m")).await;
    let line = format!("groups list --tenant {tenant} --json");
    let listed = console.done(&line).json();
    let subject = listed.as_array().unwrap().iter().find(|group| group["group_id"] == app.first.group_id);
    let subject = subject.unwrap()["subject"].as_str().unwrap().split(' ').next().unwrap().to_uppercase();
    assert_eq!(ids(&console.done(&format!("{line} --subject {subject}")).json()), [app.first.group_id]);
    assert!(ids(&console.done(&format!("{line} --status inactive")).json()).is_empty());
    let number = app.first.business_number;
    assert!(!ids(&console.done(&format!("{line} --number {number}")).json()).is_empty());
    assert_eq!(console.run(&format!("{line} --number {}", app.second.business_number)).code, Some(3));
}

#[actix_web::test]
async fn without_a_gateway_a_reconciliation_is_asked_for_and_not_done() {
    let console = Console::new().await;
    console.with_tenant("cams-a1", "15550000001");
    let pending = console.run("groups reconcile --tenant cams-a1");
    assert_eq!(pending.code, Some(1), "{pending:?}");
    assert!(pending.stderr.contains("not active"), "{pending:?}");
    console.run_with("credentials set --tenant cams-a1", "EAAtoken");
    assert_eq!(console.done("groups reconcile --tenant cams-a1 --wait 0s --json").json()["done"], false);
    let waited = console.run("groups reconcile --tenant cams-a1 --wait 300ms");
    assert_eq!(waited.code, Some(1), "{waited:?}");
    assert!(waited.stderr.contains("does a gateway run"), "{waited:?}");
}
