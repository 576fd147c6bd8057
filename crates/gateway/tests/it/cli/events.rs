//! `groupgate events`.

use serde_json::{Value, json};

use super::Console;
use crate::support::{TestApp, eventually, superuser};

/// The types of the events that a command lists.
fn types(listed: &Value) -> Vec<&str> {
    listed.as_array().unwrap().iter().map(|event| event["Type"].as_str().unwrap()).collect()
}

/// The first tenant's events, once there are as many.
async fn listed(console: &Console, tenant: &str, events: usize) -> Value {
    eventually("the events are published", async || {
        let listed = console.done(&format!("events list {tenant} --json")).json();
        (listed.as_array().unwrap().len() >= events).then_some(listed)
    })
    .await
}

#[actix_web::test]
async fn events_are_listed_as_they_are_delivered_and_filtered_by_type() {
    let app = TestApp::start().await;
    let console = Console::beside(&app);
    let tenant = app.first.cust_space_id;
    app.group_with(&["16505551234"]).await;
    let all = listed(&console, tenant, 2).await;
    assert_eq!(types(&all), ["group.created", "group.participant.joined"]);
    assert_eq!((&all[0]["Sequence"], &all[1]["Sequence"]), (&json!(1), &json!(2)));
    assert_eq!(all[0]["CustSpaceId"], tenant);

    let list = |more: &str| console.done(&format!("events list {tenant} --json {more}")).json();
    assert_eq!(types(&list("--type group.participant.*")), ["group.participant.joined"]);
    assert_eq!(types(&list("--limit 1")), ["group.participant.joined"]);
    assert_eq!(types(&list("--after 0 --limit 1")), ["group.created"]);
    assert_eq!(list("--after 2"), json!([]));
    assert_eq!(console.done(&format!("events list {} --json", app.second.cust_space_id)).json(), json!([]));

    let table = console.done(&format!("events list {tenant}")).stdout;
    assert!(table.starts_with("SEQUENCE") && table.contains("group.participant.joined"), "{table}");
    assert!(!table.contains("16505551234"), "{table}");
}

#[actix_web::test]
async fn an_event_is_shown_with_its_deliveries() {
    let app = TestApp::start().await;
    let console = Console::beside(&app);
    let tenant = app.first.cust_space_id;
    // Nothing listens there, and nothing needs to.
    let endpoint = console.done("endpoints add https://192.0.2.1.invalid/ --isv --json").json();
    app.group_with(&[]).await;
    let event = listed(&console, tenant, 1).await[0].clone();
    let shown = console.done(&format!("events show {} --json", event["Id"].as_str().unwrap())).json();
    assert_eq!(shown["event"], event);
    assert_eq!(shown["deliveries"][0]["endpoint_id"], endpoint["endpoint_id"], "{shown}");
    let text = console.done(&format!("events show {}", event["Id"].as_str().unwrap())).stdout;
    assert!(text.contains(r#""Type":"group.created""#) && text.contains("DELIVERY"), "{text}");
    let unknown = console.run("events show evt_0199f3c2a7b07c3e8a51d2f04e6b9c17");
    assert_eq!(unknown.code, Some(3), "{unknown:?}");
}

#[actix_web::test]
async fn whose_events_must_be_said() {
    let console = Console::new().await;
    console.done("tenants add cams-a1");
    assert_eq!(console.run("events list").code, Some(2));
    assert_eq!(console.run("events list cams-nobody").code, Some(3));
    assert_eq!(console.run("events list cams-a1 --unrouted").code, Some(2));
    assert_eq!(console.run("events list cams-a1 --type group.craeted").code, Some(2));
    assert_eq!(console.done("events list --unrouted --json").json(), json!([]));
    assert_eq!(console.done("events list cams-a1").stdout.trim(), "No events.");
}

#[actix_web::test]
async fn events_of_a_number_that_no_tenant_has_are_listed_apart() {
    let app = TestApp::start().await;
    let console = Console::beside(&app);
    let (tenant, number) = (app.first.cust_space_id, app.first.business_number);
    let group = app.group_with(&[]).await;
    console.done(&format!("numbers remove {number} --tenant {tenant}"));
    let (status, joined) = app.sandbox.join("16505551234", &group.invite_link).await;
    assert_eq!(status, 200, "{joined}");
    let unrouted = eventually("it has come", async || {
        console.done("events list --unrouted --json").json().as_array().unwrap().first().cloned()
    });
    let unrouted = unrouted.await;
    assert_eq!(unrouted["phone_number_id"], app.first.phone_number_id, "{unrouted}");
    assert_eq!(unrouted["field"], "group_participants_update");
    let table = console.done("events list --unrouted").stdout;
    assert!(table.starts_with("EVENT") && !table.contains("16505551234"), "{table}");
}

#[actix_web::test]
async fn the_last_events_of_a_type_are_found_behind_many_others() {
    let console = Console::new().await;
    console.done("tenants add cams-a1");
    let many = "insert into events (id, cust_space_id, field, waba_id, value, state, sequence, type, occurred_at)
                select gen_random_uuid(), 'cams-a1', field, '209', '{}', 'routed', n, 'account.' || field, now()
                from (select n, case when n % 600 = 1 then 'account_update' else 'account_alerts' end as field
                      from generate_series(1, 1300) as n) as numbered";
    let mut superuser = superuser(console.database.as_ref().unwrap()).await;
    sqlx::query(many).execute(&mut superuser).await.unwrap();
    sqlx::query("update event_counters set last_sequence = 1300").execute(&mut superuser).await.unwrap();
    let sequences = |more: &str| {
        let listed = console.done(&format!("events list cams-a1 --json {more}")).json();
        listed.as_array().unwrap().iter().map(|event| event["Sequence"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(sequences("--type account.account_update --limit 2"), [601, 1201]);
    assert_eq!(sequences("--type account.account_update"), [1, 601, 1201]);
    assert_eq!(sequences("--type account.account_update --after 1 --limit 1"), [601]);
    assert_eq!(sequences("--limit 1200"), (101..=1300).collect::<Vec<_>>());
    assert_eq!(sequences("--after 1298"), [1299, 1300]);
}
