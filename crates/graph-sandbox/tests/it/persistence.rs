//! The state's file, and how a sandbox starts and ends.

use std::time::{Duration, Instant};

use actix_web::http::Method;
use graph_sandbox::{DEMO_GROUP_ID_1, SandboxError, SandboxSettings, Seed, start};
use serde_json::json;

use crate::helpers::{TOKEN_1, TestSandbox, settings, whatsapp};

fn settings_in(dir: &tempfile::TempDir) -> SandboxSettings {
    SandboxSettings { data_dir: Some(dir.path().to_owned()), ..settings() }
}

#[actix_web::test]
async fn everything_survives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let first = TestSandbox::start_with(settings_in(&dir)).await;
    let group = first.create_group(json!({ "subject": "Kept" })).await;
    let link = first.link(DEMO_GROUP_ID_1).await;
    first.sandbox.stop().await;
    // A seed is for new states only.
    let settings = SandboxSettings { seed: Seed::default(), ..settings_in(&dir) };
    let second = TestSandbox::start_with(settings).await;
    assert_eq!(second.link(DEMO_GROUP_ID_1).await, link);
    let id = group["group_id"].as_str().unwrap();
    assert_eq!(second.link(id).await, group["invite_link"]);
}

#[actix_web::test]
async fn webhooks_that_were_not_answered_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let first = TestSandbox::start_with(settings_in(&dir)).await;
    first.receiver.answer_with(500);
    let link = first.link(DEMO_GROUP_ID_1).await;
    first.join("16505550001", &link).await;
    first.receiver.count(1).await;
    first.sandbox.stop().await;
    let second = TestSandbox::start_with(settings_in(&dir)).await;
    let event = second.receiver.group_event(|e| e["type"] == "group_participants_add").await;
    assert_eq!(event["added_participants"][0]["wa_id"], "16505550001");
}

#[actix_web::test]
async fn changes_that_were_promised_are_done_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let latency = Duration::from_secs(1)..=Duration::from_secs(1);
    let settings = SandboxSettings { latency, ..settings_in(&dir) };
    let first = TestSandbox::start_with(settings.clone()).await;
    let body = whatsapp(json!({ "subject": "Promised" }));
    let (_, answer) = first.graph(Method::POST, "100000000000001/groups", body).await;
    first.sandbox.stop().await;
    let second = TestSandbox::start_with(settings).await;
    let event = second.receiver.group_event(|e| e["type"] == "group_create").await;
    assert_eq!(event["request_id"], answer["request_id"]);
}

#[actix_web::test]
async fn the_file_is_written_without_a_stop_and_only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().unwrap();
    let sandbox = TestSandbox::start_with(settings_in(&dir)).await;
    let link = sandbox.link(DEMO_GROUP_ID_1).await;
    sandbox.join("16505550009", &link).await;
    let path = dir.path().join("sandbox.json");
    let begun = Instant::now();
    let holds_user = || std::fs::read_to_string(&path).is_ok_and(|t| t.contains("16505550009"));
    while !holds_user() {
        assert!(begun.elapsed() < Duration::from_secs(10), "never written");
        actix_web::rt::task::yield_now().await;
    }
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[actix_web::test]
async fn a_taken_port_is_an_error_that_names_the_address() {
    let first = start(settings()).await.unwrap();
    let bind = first.addr();
    let second = start(SandboxSettings { bind, ..settings() }).await;
    match second.map(|_| ()) {
        Err(SandboxError::PortTaken { addr }) => assert_eq!(addr, bind),
        other => panic!("{other:?}"),
    }
}

#[actix_web::test]
async fn a_file_that_is_no_state_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("sandbox.json"), "{\"groups\": 7}").unwrap();
    let error = start(settings_in(&dir)).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, SandboxError::StateFormat { .. }), "{error:?}");
    assert!(error.to_string().contains("sandbox.json"), "{error}");
}

#[actix_web::test]
async fn it_stops_within_two_seconds_even_while_callers_wait() {
    let sandbox = TestSandbox::start().await;
    let fault = json!({ "delay_ms": 60_000 });
    sandbox.control(Method::POST, "faults", fault).await;
    let url = format!("{}/v23.0/{DEMO_GROUP_ID_1}", sandbox.sandbox.url());
    let call = crate::helpers::client().get(url).bearer_auth(TOKEN_1);
    let call = actix_web::rt::spawn(call.send());
    sandbox.logged(1).await;
    let begun = Instant::now();
    sandbox.sandbox.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    call.abort();
}

#[test]
fn it_starts_from_a_plain_tokio_runtime_too() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(async { start(settings()).await.unwrap().stop().await });
}
