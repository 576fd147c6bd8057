//! Collectors that are away, silent, or at an end.

use super::{app, ask, look_up_group};
use crate::support::{ClosedPort, Reply, TestApp, WebServer, eventually};

const METRICS: (&str, &str) = ("GROUPGATE_METRICS_BIND", "127.0.0.1:0");

async fn dropped(app: &TestApp) -> u64 {
    let text = app.metrics().send("GET", "/metrics", &[], Vec::new()).await.text;
    let figure = text.lines().find_map(|line| line.strip_prefix("groupgate_traces_dropped_total "));
    figure.unwrap_or_else(|| panic!("{text}")).parse().unwrap()
}

async fn app_telling(url: &str) -> TestApp {
    let app = TestApp::with(&[("GROUPGATE_OTLP_URL", url), ("GROUPGATE_TRACE_RATIO", "1"), METRICS]).await;
    look_up_group(&app).await;
    app
}

#[actix_web::test]
async fn a_collector_that_is_away_harms_no_call_and_what_it_misses_is_counted() {
    let port = ClosedPort::hold();
    let app = app_telling(&port.url("")).await;
    for _ in 0..5 {
        ask(&app, &[]).await.expect(200, "OK");
    }
    eventually("the spans are given up", async || (dropped(&app).await > 0).then_some(())).await;
    ask(&app, &[]).await.expect(200, "OK");
}

#[actix_web::test]
async fn what_a_collector_refuses_is_not_sent_again_and_counted() {
    let collector = WebServer::start(Reply::with(400, &[], b"what is this?")).await;
    let app = app_telling(&collector.url("")).await;
    ask(&app, &[]).await.expect(200, "OK");
    eventually("both spans are given up", async || (dropped(&app).await == 2).then_some(())).await;
    assert!(collector.requests().len() <= 2, "each was sent once");
}

#[actix_web::test]
async fn a_collector_that_says_nothing_harms_no_call_and_no_stop() {
    let collector = WebServer::start(Reply::Silence).await;
    let app = app_telling(&collector.url("")).await;
    for _ in 0..5 {
        ask(&app, &[]).await.expect(200, "OK");
    }
    eventually("spans are sent", async || (!collector.requests().is_empty()).then_some(())).await;
    ask(&app, &[]).await.expect(200, "OK");
    app.stop_gateway().await;
}

#[actix_web::test]
async fn what_was_told_last_arrives_also_where_the_gateway_stops() {
    let (app, collector) = app("1", &[]).await;
    ask(&app, &[]).await.expect(200, "OK");
    let stopped = app.stop_gateway_within(std::time::Duration::from_secs(1)).await;
    assert_eq!(collector.told().len(), 2);
    drop(stopped);
}
