//! `groupgate endpoints`.

use std::fs;

use serde_json::{Value, json};

use super::Console;
use crate::support::{Receiver, TestApp, eventually};

/// 24 bytes.
const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";
const URL: &str = "https://hooks.example.com/groupgate";

/// A console at a database with one tenant, `cams-a1`.
async fn with_tenant() -> Console {
    let console = Console::new().await;
    console.done("tenants add cams-a1");
    console
}

/// The ID of an endpoint of `cams-a1` that is added.
fn added(console: &Console, more: &str) -> String {
    let added = console.done(&format!("endpoints add {URL} --tenant cams-a1 --json{more}")).json();
    added["endpoint_id"].as_str().unwrap().to_owned()
}

/// A gateway that may call this machine, with a console beside it.
async fn beside_gateway() -> (TestApp, Console) {
    let app = TestApp::with(&[("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8")]).await;
    let console = Console::beside(&app);
    (app, console)
}

/// The flags that name an endpoint of the first tenant, which is added.
fn added_at(console: &Console, app: &TestApp, receiver: &Receiver) -> String {
    let tenant = app.first.cust_space_id;
    let added = console.done(&format!("endpoints add {} --tenant {tenant} --json", receiver.url("/hook"))).json();
    format!("{} --tenant {tenant}", added["endpoint_id"].as_str().unwrap())
}

#[actix_web::test]
async fn an_added_endpoint_shows_its_secret_this_once() {
    let console = with_tenant().await;
    let line = format!("endpoints add {URL}?token=t --tenant cams-a1 --type group.* --type message.received --json");
    let added = console.done(&line).json();
    let secret = added["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && added["endpoint_id"].as_str().unwrap().starts_with("ep_"), "{added}");
    assert_eq!(added["types"], json!(["group.*", "message.received"]));
    let show = format!("endpoints show {} --tenant cams-a1", added["endpoint_id"].as_str().unwrap());
    let shown = console.done(&format!("{show} --json"));
    assert_eq!((&shown.json()["state"], &shown.json()["url"]), (&json!("enabled"), &json!(format!("{URL}?token=t"))));
    let told = [shown.stdout, console.done(&show).stdout, console.done("endpoints list --json").stdout];
    assert!(told.iter().all(|told| !told.contains(secret)), "{told:?}");
    let table = console.done("endpoints list").stdout;
    assert!(table.starts_with("ENDPOINT") && table.contains("cams-a1") && !table.contains("token=t"), "{table}");
}

#[actix_web::test]
async fn a_secret_comes_in_by_a_file_and_is_not_shown() {
    let console = with_tenant().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret.txt");
    fs::write(&file, format!("{SECRET}\n")).unwrap();
    let line = format!("endpoints add {URL} --tenant cams-a1 --secret-file {}", file.display());
    assert!(console.done(&format!("{line} --json")).json()["secret"].is_null());
    assert!(!console.done(&line).stdout.contains(SECRET));
    fs::write(&file, "hunter2").unwrap();
    let wrong = console.run(&line);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.stderr.contains("24 to 64 bytes") && !wrong.stderr.contains("hunter2"), "{wrong:?}");
    assert_eq!(console.run(&format!("endpoints add {URL} --tenant cams-a1 --secret {SECRET}")).code, Some(2));
}

#[actix_web::test]
async fn whose_a_new_endpoint_is_must_be_said_and_the_isvs_are_apart() {
    let console = with_tenant().await;
    assert_eq!(console.run(&format!("endpoints add {URL}")).code, Some(2));
    assert_eq!(console.run(&format!("endpoints add {URL} --isv --tenant cams-a1")).code, Some(2));
    assert_eq!(console.run(&format!("endpoints add {URL} --tenant cams-nobody")).code, Some(3));
    let id = added(&console, "");
    let isv = console.done(&format!("endpoints add {URL} --isv --json")).json();
    assert!(isv["cust_space_id"].is_null(), "{isv}");
    let count = |line: &str| console.done(line).json().as_array().unwrap().len();
    assert_eq!(count("endpoints list --json"), 2);
    assert_eq!((count("endpoints list --isv --json"), count("endpoints list --tenant cams-a1 --json")), (1, 1));
    for other in ["", " --isv"] {
        let missing = console.run(&format!("endpoints show {id}{other}"));
        assert_eq!(missing.code, Some(3), "{missing:?}");
        assert!(missing.stderr.contains("--tenant") && missing.stderr.contains("endpoints list"), "{missing:?}");
    }
    console.done(&format!("endpoints show {}", isv["endpoint_id"].as_str().unwrap()));
}

#[actix_web::test]
async fn a_url_that_the_gateway_would_not_call_is_refused_with_what_allows_it() {
    let console = with_tenant().await;
    let cases = [
        ("http://hooks.example.com/x", None),
        ("http://10.0.0.1/x", Some("GROUPGATE_ALLOWED_NETWORKS")),
        ("https://169.254.169.254/latest", Some("GROUPGATE_ALLOWED_NETWORKS")),
        ("ftp://hooks.example.com/x", Some("https://")),
        ("https://user:hunter2@hooks.example.com/", Some("no password")),
    ];
    for (url, told) in cases {
        let ended = console.run(&format!("endpoints add {url} --tenant cams-a1"));
        // By http a name may lead into an allowed network: that is looked at when it is called.
        assert_eq!(ended.code, Some(if told.is_some() { 2 } else { 0 }), "{url}: {ended:?}");
        assert!(ended.stderr.contains(told.unwrap_or_default()) && !ended.stderr.contains("hunter2"), "{ended:?}");
    }
    let id = added(&console, "");
    let update = format!("endpoints update {id} --tenant cams-a1 --url");
    assert_eq!(console.run(&format!("{update} https://192.168.0.1/")).code, Some(2));
    console.done(&format!("{update} http://127.0.0.1:3000/hook"));
}

#[actix_web::test]
async fn a_type_that_does_not_exist_is_refused_with_those_that_do() {
    let console = with_tenant().await;
    let wrong = console.run(&format!("endpoints add {URL} --tenant cams-a1 --type group.craeted"));
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.stderr.contains("group.created"), "{wrong:?}");
}

#[actix_web::test]
async fn what_is_not_named_in_an_update_stays() {
    let console = with_tenant().await;
    let id = added(&console, " --type group.* --description till");
    let update = format!("endpoints update {id} --tenant cams-a1 --json");
    assert_eq!(console.run(&update).code, Some(2));
    let moved = console.done(&format!("{update} --url https://other.example.com/")).json();
    assert_eq!((&moved["types"], &moved["description"]), (&json!(["group.*"]), &json!("till")));
    let all = console.done(&format!("{update} --all-types")).json();
    assert_eq!((&all["types"], &all["url"]), (&json!([]), &json!("https://other.example.com/")));
    assert_eq!(console.run(&format!("{update} --all-types --type group.*")).code, Some(2));
}

#[actix_web::test]
async fn a_disabled_endpoint_says_why_until_it_is_enabled() {
    let console = with_tenant().await;
    let named = format!("{} --tenant cams-a1", added(&console, ""));
    let disabled = console.done(&format!("endpoints disable {named} --reason moving --json")).json();
    assert_eq!((&disabled["state"], &disabled["disabled_reason"]), (&json!("disabled"), &json!("moving")));
    assert!(console.done(&format!("endpoints show {named}")).stdout.contains("(moving)"));
    let replay = console.run(&format!("endpoints replay {named} --since 1"));
    assert_eq!(replay.code, Some(3), "{replay:?}");
    assert!(replay.stderr.contains("enable it first"), "{replay:?}");
    let enabled = console.done(&format!("endpoints enable {named} --replay --json")).json();
    assert_eq!((&enabled["state"], &enabled["replayed"]), (&json!("enabled"), &json!(0)));
    assert!(enabled["disabled_reason"].is_null());
}

#[actix_web::test]
async fn a_rotated_secret_signs_beside_the_old_one_for_the_overlap() {
    let console = with_tenant().await;
    let id = added(&console, "");
    let rotate = format!("endpoints rotate-secret {id} --tenant cams-a1");
    let rotated = console.done(&format!("{rotate} --json")).json();
    assert!(rotated["secret"].as_str().unwrap().starts_with("whsec_"));
    let shown = console.done(&format!("endpoints show {id} --tenant cams-a1 --json")).json();
    assert_eq!(shown["previous_until"], rotated["previous_until"]);
    let too_soon = console.run(&rotate);
    assert_eq!(too_soon.code, Some(2), "no more than two sign, and nobody ends one without saying so: {too_soon:?}");
    let at_once = console.done(&format!("{rotate} --overlap 0s --end-previous"));
    assert!(at_once.stdout.contains("no longer signs"), "{at_once:?}");
}

#[actix_web::test]
async fn a_removed_endpoint_is_gone() {
    let console = with_tenant().await;
    let id = added(&console, "");
    console.done(&format!("endpoints remove {id} --tenant cams-a1"));
    assert_eq!(console.run(&format!("endpoints remove {id} --tenant cams-a1")).code, Some(3));
    assert_eq!(console.done("endpoints list --json").json(), json!([]));
    assert_eq!(console.run("endpoints show ep_soon --tenant cams-a1").code, Some(2));
}

#[actix_web::test]
async fn a_test_shows_what_the_endpoint_answered() {
    let (app, console) = beside_gateway().await;
    let good = Receiver::recording(|_| 202);
    let line = format!("endpoints test {} --json", added_at(&console, &app, &good));
    let tested = console.done_beside_gateway(&line).await.json();
    assert_eq!((&tested["delivered"], &tested["status"]), (&json!(true), &json!(202)), "{tested}");
    assert_eq!(good.deliveries()[0].header("webhook-id"), tested["event_id"].as_str().unwrap());
    assert_eq!(good.deliveries()[0].event()["Type"], "endpoint.test");

    let bad = Receiver::recording(|_| 500);
    let line = format!("endpoints test {}", added_at(&console, &app, &bad));
    let failed = console.run_beside_gateway(&line).await;
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(failed.stdout.contains("HTTP status 500") && failed.stderr.contains("2xx"), "{failed:?}");
}

#[actix_web::test]
async fn events_are_delivered_listed_with_their_tries_and_replayed() {
    let (app, console) = beside_gateway().await;
    let receiver = Receiver::recording(|_| 200);
    let named = added_at(&console, &app, &receiver);
    app.group_with(&[]).await;
    let created = |deliveries: &[crate::support::Delivery]| {
        deliveries.iter().filter(|delivery| delivery.event()["Type"] == "group.created").count()
    };
    eventually("it is delivered", async || (created(&receiver.deliveries()) == 1).then_some(())).await;

    let list = format!("endpoints deliveries {named}");
    let delivered = eventually("it is recorded", async || {
        let listed = console.done(&format!("{list} --state done --json")).json();
        listed.as_array().unwrap().iter().find(|delivery| delivery["event_type"] == "group.created").cloned()
    });
    let delivered: Value = delivered.await;
    assert_eq!((&delivered["tries"][0]["status"], &delivered["sequence"]), (&json!(200), &json!(1)), "{delivered}");
    assert!(console.done(&list).stdout.starts_with("DELIVERY"));

    let replay = format!("endpoints replay {named} --json");
    assert_eq!(console.done(&format!("{replay} --only-failed")).json()["replayed"], 0);
    assert_eq!(console.done(&format!("{replay} --since 1 --until 1")).json()["replayed"], 1);
    let event = delivered["event_id"].as_str().unwrap();
    assert_eq!(console.done(&format!("{replay} --event {event}")).json()["replayed"], 1);
    eventually("it is delivered again", async || (created(&receiver.deliveries()) == 3).then_some(())).await;
}
