//! `groupgate numbers`.

use serde_json::json;

use super::Console;

#[actix_web::test]
async fn exit_codes_tell_conflict_from_not_found() {
    let console = Console::new().await;
    console.done("tenants add cams-one");
    console.done("tenants add cams-two");
    assert_eq!(console.run("tenants add cams-one").code, Some(4));
    let number = "numbers add 15550000008 --phone-number-id 108 --waba-id 208 --tenant";
    console.done(&format!("{number} cams-one"));
    let taken = console.run(&format!("{number} cams-two"));
    assert_eq!(taken.code, Some(4));
    assert!(!taken.stderr.contains("cams-one"), "{}", taken.stderr);
    assert_eq!(console.run(&format!("{number} cams-nobody")).code, Some(3));
    assert_eq!(console.run_with("credentials set --tenant cams-nobody", "EAAx").code, Some(3));
}

#[actix_web::test]
async fn numbers_are_listed_of_one_tenant_or_of_all() {
    let console = Console::new().await;
    console.with_tenant("cams-a1", "15550000001");
    console.with_tenant("cams-b2", "15550000002");
    let all = console.done("numbers list --json").json();
    assert_eq!((&all[0]["cust_space_id"], &all[1]["business_number"]), (&json!("cams-a1"), &json!("15550000002")));
    let one = console.done("numbers list --tenant cams-b2 --json").json();
    assert_eq!((one.as_array().unwrap().len(), &one[0]["phone_number_id"]), (1, &json!("115550000002")));
    let table = console.done("numbers list").stdout;
    assert!(table.starts_with("NUMBER") && table.contains("15550000001  cams-a1"), "{table}");
}

#[actix_web::test]
async fn a_removed_number_is_gone_and_can_be_anothers() {
    let console = Console::new().await;
    console.with_tenant("cams-a1", "15550000001");
    console.run_with("credentials set --tenant cams-a1", "EAAtoken");
    console.done("tenants add cams-b2");
    assert_eq!(console.run("numbers remove 15550000001 --tenant cams-b2").code, Some(3));
    let removed = console.done("numbers remove +1-555-000-0001 --tenant cams-a1 --json").json();
    assert_eq!((&removed["number"]["business_number"], &removed["was_last"]), (&json!("15550000001"), &json!(true)));
    assert_eq!(console.done("tenants show cams-a1 --json").json()["status"], "pending");
    assert_eq!(console.run("numbers remove 15550000001 --tenant cams-a1").code, Some(3));
    console.done("numbers add 15550000001 --tenant cams-b2 --phone-number-id 115550000001 --waba-id 209");
}
