//! What a replica holds, and whether PostgreSQL is there.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::{METRICS, figure, read};
use crate::support::{Client, RpcRequest, TestApp, eventually, with_tenant};

#[actix_web::test]
async fn postgresql_that_is_away_is_told_and_queues_are_seen_to_fill_until_it_is_back() {
    let (app, proxy) = TestApp::behind_proxy(&[METRICS]).await;
    let metrics = app.metrics();
    let figures = async |series: &str| figure(&read(&metrics).await, series);
    let is = async |series: &str, expected: f64| {
        eventually(series, async || (figures(series).await == Some(expected)).then_some(())).await;
    };
    let is_above = async |series: &str, least: f64| {
        eventually(series, async || figures(series).await.filter(|figure| *figure > least)).await;
    };
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(200, "OK");
    is("groupgate_database_up", 1.0).await;
    assert_eq!(figures("groupgate_queue_entries{queue=\"invite_links\"}").await, Some(0.0));
    let pulse = "groupgate_background_last_success_timestamp_seconds{task=\"health\"}";
    let seen = figures(pulse).await.unwrap();

    proxy.cut();
    is("groupgate_database_up", 0.0).await;
    let last_seen = figures(pulse).await.unwrap();
    // The first that is learned is taken out of the queue to be written, again and again; those behind it wait.
    for _ in 0..3 {
        app.client.call("AddChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    }
    is_above("groupgate_queue_entries{queue=\"invite_links\"}", 0.0).await;
    // Of these the first ones are gathered to be written; those that come later wait behind them.
    eventually("calls wait to be recorded", async || {
        app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(200, "OK");
        figures("groupgate_queue_entries{queue=\"recorded_calls\"}").await.filter(|waiting| *waiting > 0.0)
    })
    .await;
    let signed = RpcRequest::new("GetChatGroup", &with_tenant(&app.first, group.clone()));
    signed.sign(&app.client, &app.first.key).send(&app.client).await.expect(200, "OK");
    is("groupgate_queue_entries{queue=\"nonces\"}", 1.0).await;
    assert_eq!(figures("groupgate_queue_capacity{queue=\"nonces\"}").await, Some(100_000.0));
    assert_eq!(figures(pulse).await, Some(last_seen), "nothing has succeeded since");
    let listening = "groupgate_background_last_success_timestamp_seconds{task=\"notifications\"}";
    let heard = eventually("nobody listens for two seconds", async || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        figures(listening).await.filter(|at| now - at >= 2.0)
    })
    .await;

    proxy.restore();
    is("groupgate_database_up", 1.0).await;
    is("groupgate_queue_entries{queue=\"invite_links\"}", 0.0).await;
    is("groupgate_queue_entries{queue=\"recorded_calls\"}", 0.0).await;
    is_above(pulse, seen).await;
    is_above(listening, heard).await;
}

#[actix_web::test]
async fn a_tenant_is_looked_up_and_then_remembered() {
    let app = TestApp::with(&[METRICS]).await;
    let metrics = app.metrics();
    let group = json!({"GroupId": app.first.group_id});
    let call = async || app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(200, "OK");
    let looked_up = async |cache: &str, result: &str| {
        let series = format!("groupgate_cache_lookups_total{{cache=\"{cache}\",result=\"{result}\"}}");
        figure(&read(&metrics).await, &series)
    };
    call().await;
    assert!(looked_up("tenants", "miss").await >= Some(1.0));
    let entries = figure(&read(&metrics).await, "groupgate_cache_entries{cache=\"tenants\"}");
    assert_eq!(entries, Some(1.0));
    // What was told of the tenant while it was loaded has it looked up once more.
    eventually("tenant and key are remembered", async || {
        call().await;
        let hits = [looked_up("tenants", "hit").await, looked_up("access_keys", "hit").await];
        hits.iter().all(|hits| *hits >= Some(1.0)).then_some(())
    })
    .await;
    assert_eq!(looked_up("tenants", "stale").await, Some(0.0));
}

#[actix_web::test]
async fn the_first_call_about_a_recorded_group_looks_for_its_tenant_and_it_at_once() {
    let app = TestApp::start().await;
    let group = app.group_with(&[]).await;
    let (client, replica) = app.replica_with(&[METRICS]).await;
    client.call("GetChatGroup", &app.first, json!({"GroupId": group.id})).await.expect(200, "OK");
    let text = read(&Client::new(format!("http://{}", replica.metrics_addrs()[0]))).await;
    let looked_up = |cache: &str, result: &str| {
        figure(&text, &format!("groupgate_cache_lookups_total{{cache=\"{cache}\",result=\"{result}\"}}"))
    };
    assert_eq!((looked_up("tenants", "miss"), looked_up("groups", "miss")), (Some(1.0), Some(0.0)), "{text}");
    replica.stop(Duration::ZERO).await;
}

#[actix_web::test]
async fn connections_to_postgresql_are_counted_up_to_as_many_as_there_may_be() {
    let app = TestApp::with(&[METRICS]).await;
    let text = read(&app.metrics()).await;
    let state = |state: &str| figure(&text, &format!("groupgate_database_connections{{state=\"{state}\"}}")).unwrap();
    let open = state("used") + state("idle");
    assert!((1.0..=4.0).contains(&open), "{text}");
    assert_eq!(figure(&text, "groupgate_database_connections_max"), Some(4.0));
}

#[actix_web::test]
async fn the_build_and_the_process_are_told() {
    let app = TestApp::with(&[METRICS]).await;
    let text = read(&app.metrics()).await;
    let build = text.lines().find(|line| line.starts_with("groupgate_build_info{")).unwrap();
    assert!(build.contains(&format!("commit=\"{}\"", gateway::version::COMMIT)), "{build}");
    let positive = |name: &str| figure(&text, name).is_some_and(|figure| figure > 0.0);
    for name in [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_max_fds",
        "process_start_time_seconds",
        "process_threads",
    ] {
        assert!(positive(name) || cfg!(not(target_os = "linux")), "{name} in {text}");
    }
}
