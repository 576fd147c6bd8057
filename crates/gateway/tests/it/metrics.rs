//! `/metrics`, on a port of its own.

mod calls;
mod many_tenants;
mod standing;

use std::collections::BTreeSet;
use std::net::{TcpListener, TcpStream};

use serde_json::json;
use sqlx::Connection as _;
use tenant_store::private_server::test_database;

use crate::program::run;
use crate::support::{
    APP_SECRET, Client, TestApp, eventually, gateway_environment, signature, somebody_waits_for_a_lock, superuser,
    suspended,
};

const METRICS: (&str, &str) = ("GROUPGATE_METRICS_BIND", "127.0.0.1:0");

async fn read(metrics: &Client) -> String {
    let answer = metrics.send("GET", "/metrics", &[], Vec::new()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

/// The figure behind `series`, its labels included.
fn figure(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

async fn send(app: &TestApp, secret: &str, body: &[u8]) -> u16 {
    app.webhook(secret, body, &[]).await.status
}

#[actix_web::test]
async fn metrics_have_a_port_of_their_own_with_probes_that_callers_do_not_keep_out_and_nothing_else() {
    let app = TestApp::with(&[METRICS, ("GROUPGATE_CONNECTIONS", "1")]).await;
    // The one that callers may have.
    let _kept = TcpStream::connect(app.client.url.strip_prefix("http://").unwrap()).unwrap();
    let metrics = app.metrics();
    let answer = metrics.send("GET", "/metrics", &[], Vec::new()).await;
    assert_eq!(answer.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    assert!(answer.text.ends_with("# EOF\n"), "{}", answer.text);
    let rest =
        [("HEAD", "/metrics", 200), ("POST", "/metrics", 405), ("POST", "/health/live", 405), ("GET", "/docs/", 404)];
    for (method, path, status) in rest {
        assert_eq!(metrics.send(method, path, &[], Vec::new()).await.status, status, "{method} {path}");
    }
    for (path, body) in
        [("/health/live", json!({"status": "live"})), ("/health/ready", json!({"status": "ready", "missing": []}))]
    {
        let answer = metrics.send("GET", path, &[], Vec::new()).await;
        assert_eq!((answer.status, answer.body()), (200, body));
    }
}

#[actix_web::test]
async fn the_port_of_the_api_has_no_metrics() {
    let app = TestApp::with(&[METRICS]).await;
    assert_eq!(app.client.send("GET", "/metrics", &[], Vec::new()).await.status, 404);
}

#[actix_web::test]
async fn an_address_that_is_taken_ends_the_start_and_is_told_with_the_flag_that_chooses_another() {
    let database = test_database().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut environment = gateway_environment(&database.app_url, "http://127.0.0.1:9").to_vec();
    environment.push(("GROUPGATE_METRICS_BIND", &address));
    let ended = run(&["serve"], &environment, "");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains(&address) && ended.stderr.contains("--metrics-bind"), "{ended:?}");
}

#[actix_web::test]
async fn webhooks_are_counted_by_how_they_ended_and_their_events_by_what_became_of_them() {
    let app = TestApp::with(&[METRICS]).await;
    let body = suspended(app.first.phone_number_id, app.first.waba_id, &["one", "two", "three"]);
    assert_eq!(send(&app, APP_SECRET, &body).await, 200);
    assert_eq!(send(&app, APP_SECRET, &body).await, 200);
    assert_eq!(send(&app, "another secret", &body).await, 401);
    assert_eq!(send(&app, APP_SECRET, b"{}").await, 400);
    let text = read(&app.metrics()).await;
    for (series, expected) in [
        ("groupgate_webhooks_total{result=\"committed\"}", 2.0),
        ("groupgate_webhooks_total{result=\"unsigned\"}", 1.0),
        ("groupgate_webhooks_total{result=\"malformed\"}", 1.0),
        ("groupgate_webhooks_total{result=\"failed\"}", 0.0),
        ("groupgate_webhook_events_total{result=\"new\"}", 3.0),
        ("groupgate_webhook_events_total{result=\"doubled\"}", 3.0),
        ("groupgate_webhook_duration_seconds_count", 2.0),
    ] {
        assert_eq!(figure(&text, series), Some(expected), "{series} in {text}");
    }
}

#[actix_web::test]
async fn a_webhook_whose_sender_hangs_up_before_it_is_committed_counts_as_failed() {
    let app = TestApp::with(&[METRICS]).await;
    let mut holder = superuser(&app.database).await;
    let mut held = holder.begin().await.unwrap();
    sqlx::query("lock table unrouted_events in share mode").execute(&mut *held).await.unwrap();
    let body = suspended(app.first.phone_number_id, app.first.waba_id, &["one"]);
    let (client, signature) = (app.client.clone(), signature(APP_SECRET, &body));
    let sent = actix_web::rt::spawn(async move {
        client.send("POST", "/webhooks/graph", &[("x-hub-signature-256", signature.as_str())], body).await
    });
    somebody_waits_for_a_lock(&app.database).await;
    sent.abort();
    let metrics = app.metrics();
    eventually("it is counted", async || {
        let text = read(&metrics).await;
        let counted = |result: &str| figure(&text, &format!("groupgate_webhooks_total{{result=\"{result}\"}}"));
        (counted("failed") == Some(1.0) && counted("committed") == Some(0.0)).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn events_are_counted_when_they_are_published_with_how_long_that_took() {
    let app = TestApp::with(&[METRICS]).await;
    let body = suspended(app.first.phone_number_id, app.first.waba_id, &["one", "two", "three"]);
    assert_eq!(send(&app, APP_SECRET, &body).await, 200);
    let text = eventually("the events are published", async || {
        let text = read(&app.metrics()).await;
        (figure(&text, "groupgate_events_published_total") == Some(3.0)).then_some(text)
    });
    assert_eq!(figure(&text.await, "groupgate_event_routing_lag_seconds_count"), Some(3.0));
}

#[actix_web::test]
async fn what_lies_in_postgresql_is_shown_by_every_replica() {
    let app = TestApp::start().await;
    let unknown = suspended("999999999999999", "888888888888888", &["one", "two"]);
    let known = suspended(app.first.phone_number_id, app.first.waba_id, &["three"]);
    assert_eq!((send(&app, APP_SECRET, &unknown).await, send(&app, APP_SECRET, &known).await), (200, 200));
    let space = app.store.space(app.first.cust_space_id);
    eventually("the event is published", async || space.events_after(None, 1).await.unwrap().events.into_iter().next())
        .await;
    let (client, replica) = app.replica_with(&[METRICS]).await;
    client.call("ListBusinessNumbers", &app.first, json!({})).await;
    let metrics = Client::new(format!("http://{}", replica.metrics_addrs()[0]));
    let text = eventually("the replica has looked", async || {
        let text = read(&metrics).await;
        figure(&text, "groupgate_events_unrouted").is_some().then_some(text)
    })
    .await;
    assert_eq!(figure(&text, "groupgate_events_of_unknown_numbers"), Some(2.0), "{text}");
    assert_eq!(figure(&text, "groupgate_deliveries_open"), Some(0.0), "{text}");
    let number = format!(
        "groupgate_number_last_group_event_timestamp_seconds{{cust_space_id=\"{}\",phone_number_id=\"{}\"}}",
        app.first.cust_space_id, app.first.phone_number_id
    );
    assert!(figure(&text, &number).is_some_and(|told| told > 1.7e9), "{text}");
    assert_page_tells_of(&text);
}

/// `docs/metrics.md` has one row for each metric in `text`, with its name, type, labels and meaning, and no other.
fn assert_page_tells_of(text: &str) {
    let is_row = |line: &str| ["| `groupgate_", "| `process_"].iter().any(|begin| line.starts_with(begin));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    let page = std::fs::read_to_string(path).unwrap();
    let told: BTreeSet<&str> = page.lines().filter(|line| is_row(line)).collect();
    let served: BTreeSet<String> = text.lines().filter_map(|line| row(text, line.strip_prefix("# HELP ")?)).collect();
    assert_eq!(told, served.iter().map(String::as_str).collect(), "docs/metrics.md and what is served differ");
}

/// The row of the metric whose name and meaning are `help`.
fn row(text: &str, help: &str) -> Option<String> {
    let (name, meaning) = help.split_once(' ')?;
    let kind = text.lines().find_map(|line| line.strip_prefix("# TYPE ")?.strip_prefix(name)?.strip_prefix(' '))?;
    let suffix = match kind {
        "counter" => "_total",
        "info" => "_info",
        _ => "",
    };
    let is_its_own = |line: &&str| {
        let of_sample = if kind == "histogram" { "_bucket" } else { suffix };
        let rest = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(of_sample));
        rest.is_some_and(|rest| rest.starts_with(['{', ' ']))
    };
    let sample = text.lines().find(is_its_own)?;
    let labels = sample.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or("", |(labels, _)| labels);
    let names = labels.split(',').filter_map(|label| label.split_once('='));
    let names: Vec<String> = names.filter(|(name, _)| *name != "le").map(|(name, _)| format!("`{name}`")).collect();
    Some(format!("| `{name}{suffix}` | {kind} | {} | {meaning} |", names.join(", ")))
}
