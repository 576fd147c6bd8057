//! The state's file, and how a sandbox starts and ends.

use std::time::{Duration, Instant};

use actix_web::http::Method;
use graph_sandbox::{DEMO_GROUP_ID_1, SandboxError, SandboxSettings, Seed, start};
use serde_json::{Value, json};

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
    let latency = Duration::from_secs(4)..=Duration::from_secs(4);
    let settings = SandboxSettings { latency, ..settings_in(&dir) };
    let first = TestSandbox::start_with(settings.clone()).await;
    let body = whatsapp(json!({ "subject": "Promised" }));
    let (_, answer) = first.graph(Method::POST, "100000000000001/groups", body).await;
    first.sandbox.stop().await;
    let second = TestSandbox::start_with(settings).await;
    let event = second.receiver.group_event(|e| e["type"] == "group_create").await;
    assert_eq!(event["request_id"], answer["request_id"]);
}

/// What a crash at this moment would leave.
fn on_disk(dir: &tempfile::TempDir) -> Value {
    serde_json::from_slice(&std::fs::read(dir.path().join("sandbox.json")).unwrap()).unwrap()
}

#[actix_web::test]
async fn what_a_sandbox_is_born_with_is_in_the_file_before_the_first_call() {
    let dir = tempfile::tempdir().unwrap();
    let sandbox = TestSandbox::start_with(settings_in(&dir)).await;
    let link = sandbox.link(DEMO_GROUP_ID_1).await;
    assert_eq!(on_disk(&dir)["groups"][DEMO_GROUP_ID_1]["invite_link"], link);
}

#[actix_web::test]
async fn what_was_answered_is_in_the_file_which_is_whole_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    // None of them is born while this looks.
    let latency = Duration::from_mins(1)..=Duration::from_mins(1);
    let sandbox = TestSandbox::start_with(SandboxSettings { latency, ..settings_in(&dir) }).await;
    let create = async |number: usize| {
        let body = whatsapp(json!({ "subject": format!("Group {number}") }));
        let (status, answer) = sandbox.graph(Method::POST, "100000000000001/groups", body).await;
        assert_eq!(status, 200, "{answer}");
        let promised = on_disk(&dir)["schedule"].clone();
        let is_ours = |item: &Value| item["request_id"] == answer["request_id"];
        assert!(promised.as_array().unwrap().iter().any(is_ours), "{answer} is not in {promised}");
    };
    futures_util::future::join_all((0..40).map(create)).await;
}

#[actix_web::test]
async fn a_user_who_was_told_that_he_joined_is_in_the_file_which_only_its_owner_may_read() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().unwrap();
    let sandbox = TestSandbox::start_with(settings_in(&dir)).await;
    let link = sandbox.link(DEMO_GROUP_ID_1).await;
    sandbox.join("16505550009", &link).await;
    let participants = on_disk(&dir)["groups"][DEMO_GROUP_ID_1]["participants"].clone();
    assert!(participants.as_array().unwrap().contains(&json!("16505550009")), "{participants}");
    let mode = std::fs::metadata(dir.path().join("sandbox.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[actix_web::test]
async fn a_webhook_tells_only_of_what_is_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let sandbox = TestSandbox::start_with(settings_in(&dir)).await;
    for _ in 0..20 {
        let born = sandbox.create_group(json!({})).await;
        let id = born["group_id"].as_str().unwrap();
        assert_eq!(on_disk(&dir)["groups"][id]["invite_link"], born["invite_link"], "{born}");
    }
}

#[actix_web::test]
async fn a_file_that_cannot_be_written_ends_a_start_and_nothing_later() {
    let dir = tempfile::tempdir().unwrap();
    let aside = dir.path().join("sandbox.json.new");
    std::fs::create_dir(&aside).unwrap();
    let error = start(settings_in(&dir)).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, SandboxError::StateFile { .. }), "{error:?}");
    std::fs::remove_dir(&aside).unwrap();
    let sandbox = TestSandbox::start_with(settings_in(&dir)).await;
    std::fs::create_dir(&aside).unwrap();
    let born = sandbox.create_group(json!({})).await;
    assert_eq!(on_disk(&dir)["groups"][born["group_id"].as_str().unwrap()], Value::Null);
}

#[actix_web::test]
async fn a_file_of_the_version_before_templates_and_media_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let first = TestSandbox::start_with(settings_in(&dir)).await;
    let link = first.link(DEMO_GROUP_ID_1).await;
    first.sandbox.stop().await;
    let mut state = on_disk(&dir);
    for member in ["templates", "media", "outbox", "last_words"] {
        state.as_object_mut().unwrap().remove(member).unwrap();
    }
    std::fs::write(dir.path().join("sandbox.json"), state.to_string()).unwrap();
    let second = TestSandbox::start_with(settings_in(&dir)).await;
    assert_eq!(second.link(DEMO_GROUP_ID_1).await, link);
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
    let mut times = Vec::new();
    // A machine that does other things may be slow once, and a stop that waits for its callers is it each time.
    while times.iter().all(|time| *time >= Duration::from_secs(2)) {
        assert!(times.len() < 4, "{times:?}");
        let sandbox = TestSandbox::start().await;
        let fault = json!({ "delay_ms": 60_000 });
        sandbox.control(Method::POST, "faults", fault).await;
        let url = format!("{}/v23.0/{DEMO_GROUP_ID_1}", sandbox.sandbox.url());
        let call = crate::helpers::client().get(url).bearer_auth(TOKEN_1);
        let call = actix_web::rt::spawn(call.send());
        sandbox.logged(1).await;
        let begun = Instant::now();
        sandbox.sandbox.stop().await;
        times.push(begun.elapsed());
        call.abort();
    }
}

#[test]
fn it_starts_from_a_plain_tokio_runtime_too() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(async { start(settings()).await.unwrap().stop().await });
}
