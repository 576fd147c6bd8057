//! `groupgate tenants`.

use secrecy::ExposeSecret;
use serde_json::json;
use tenant_store::OpenCredential;

use super::Console;

#[actix_web::test]
async fn a_tenant_is_set_up_by_four_commands() {
    let console = Console::new().await;
    let token = format!("EAA{}", "x".repeat(4093));
    console.done("tenants add cams-8c8pdv --name Bakery");
    console.done("numbers add +1-555-000-0009 --tenant cams-8c8pdv --phone-number-id 109 --waba-id 209");
    let stored = console.run_with("credentials set --tenant cams-8c8pdv --json", &format!("{token}\n"));
    let key =
        console.done("keys create --name till --tenant cams-8c8pdv --scope groups.read --scope groups.write --json");
    assert_eq!((stored.code, stored.json()["last4"].as_str()), (Some(0), Some("xxxx")));
    assert!(!format!("{stored:?}").contains(&token));

    let store = console.store().await;
    let tenant = store.open_tenant("cams-8c8pdv").await.unwrap().unwrap();
    assert_eq!(tenant.numbers[0].business_number, "15550000009");
    assert!(matches!(tenant.credential, OpenCredential::Open(open) if open.expose_secret() == token));
    let key = key.json();
    let stored = store.access_key(key["access_key_id"].as_str().unwrap()).await.unwrap().unwrap();
    assert_eq!(stored.secret.expose_secret(), key["access_key_secret"].as_str().unwrap());
    assert_eq!(stored.grants[0].cust_space_ids, ["cams-8c8pdv"]);
    assert_eq!(stored.grants[0].scopes, ["groups.read", "groups.write"]);
}

#[actix_web::test]
async fn the_list_is_a_table_for_people_and_json_for_scripts() {
    let console = Console::new().await;
    assert!(console.done("tenants list").stdout.contains("groupgate tenants add"));
    assert_eq!(console.done("tenants list --json").json(), json!([]));
    console.done("tenants add cams-b2 --name Zoë");
    console.done("tenants add cams-a1 --name Bakery");
    let table = console.done("tenants list").stdout;
    let lines: Vec<Vec<_>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["TENANT", "STATUS", "CREATED", "NAME"]);
    assert_eq!((lines[1][0], lines[1][1], lines[1][3]), ("cams-a1", "pending", "Bakery"));
    assert_eq!((lines[2][0], lines[2][3]), ("cams-b2", "Zoë"));
    let listed = console.done("tenants list --json").json();
    assert_eq!((&listed[0]["cust_space_id"], &listed[1]["status"]), (&json!("cams-a1"), &json!("pending")));
    assert_eq!(console.done("tenants list --json --status active").json(), json!([]));
}

#[actix_web::test]
async fn a_tenant_is_shown_with_its_numbers_limits_and_the_end_of_its_token() {
    let console = Console::new().await;
    console.with_tenant("cams-a1", "15550000001");
    console.run_with("credentials set --tenant cams-a1", "EAAtoken-of-the-tenant-wxyz");
    console.done("limits set --tenant cams-a1 --in-flight 8");
    let shown = console.done("tenants show cams-a1 --json").json();
    assert_eq!((&shown["status"], &shown["name"]), (&json!("active"), &json!("Bakery")));
    assert_eq!(shown["numbers"][0]["business_number"], "15550000001");
    assert_eq!((&shown["credential"]["last4"], &shown["limits"]["in_flight"]), (&json!("wxyz"), &json!(8)));
    let text = console.done("tenants show cams-a1").stdout;
    for part in ["active", "15550000001", "wxyz", "in flight 8"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!text.contains("EAAtoken"), "{text}");
}

#[actix_web::test]
async fn a_suspended_tenant_says_why_and_is_resumed() {
    let console = Console::new().await;
    console.with_tenant("cams-a1", "15550000001");
    console.run_with("credentials set --tenant cams-a1", "EAAtoken");
    let suspended = console.done("tenants suspend cams-a1 --reason unpaid --json").json();
    assert_eq!((&suspended["status"], &suspended["suspended_reason"]), (&json!("suspended"), &json!("unpaid")));
    assert_eq!(console.done("tenants list --status suspended --json").json()[0]["cust_space_id"], "cams-a1");
    assert!(console.done("tenants show cams-a1").stdout.contains("unpaid"));
    assert_eq!(console.done("tenants resume cams-a1 --json").json()["status"], "active");
}

#[actix_web::test]
async fn a_tenant_is_deleted_only_where_its_id_is_given_twice() {
    let console = Console::new().await;
    console.with_tenant("cams-a1", "15550000001");
    let key = console.done("keys create --name till --tenant cams-a1 --scope groups.read --json").json();
    for line in ["tenants delete cams-a1", "tenants delete cams-a1 --confirm cams-a2"] {
        let refused = console.run(line);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("--confirm cams-a1"), "{refused:?}");
    }
    let deleted = console.done("tenants delete cams-a1 --confirm cams-a1 --json").json();
    assert_eq!(deleted["erased"]["numbers"], 1);
    assert_eq!(deleted["revoked_keys"], json!([key["access_key_id"]]));
    assert_eq!(console.run("tenants show cams-a1").code, Some(3));
    let log = console.store().await.space("cams-a1").audit(1).await.unwrap();
    assert_eq!((log[0].action.as_str(), log[0].actor.as_str()), ("tenant.delete", "command line"));
    console.with_tenant("cams-a2", "15550000001");
}

#[actix_web::test]
async fn a_tenant_that_does_not_exist_is_told_by_name_with_an_exit_code_of_its_own() {
    let console = Console::new().await;
    for line in [
        "tenants show cams-no",
        "tenants suspend cams-no",
        "tenants resume cams-no",
        "tenants delete cams-no --confirm cams-no",
        "numbers list --tenant cams-no",
        "numbers remove 15550000001 --tenant cams-no",
        "credentials check --tenant cams-no",
        "keys create --name x --tenant cams-no --scope groups.read",
        "keys list --tenant cams-no",
        "limits show --tenant cams-no",
        "limits set --tenant cams-no --per-tenant off",
        "groups list --tenant cams-no",
        "groups reconcile --tenant cams-no",
    ] {
        let ended = console.run(line);
        assert_eq!(ended.code, Some(3), "{line}: {ended:?}");
        assert!(ended.stderr.contains("cams-no"), "{line}: {ended:?}");
        assert_eq!(ended.stdout, "", "{line}");
    }
}
