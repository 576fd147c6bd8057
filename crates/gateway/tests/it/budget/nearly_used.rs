//! A quota is nearly used up.

use serde_json::{Value, json};

use super::{app, asked, held, meta_says, read, write};
use crate::support::{TestApp, eventually};

fn app_is_used(percent: u8) -> Value {
    json!({"app": {"call_count": percent, "total_time": 1, "total_cputime": 1}})
}

#[actix_web::test]
async fn the_greediest_tenants_writes_are_held_first_and_reads_go_on() {
    let app = app().await;
    for _ in 0..40 {
        write(&app, &app.first).await.expect(200, "OK");
    }
    write(&app, &app.second).await.expect(200, "OK");
    meta_says(&app, app_is_used(80)).await;
    let before = asked(&app).await;
    for _ in 0..3 {
        held(write(&app, &app.first).await);
    }
    assert_eq!(asked(&app).await, before);
    read(&app, &app.first).await.expect(200, "OK");
    write(&app, &app.second).await.expect(200, "OK");
}

#[actix_web::test]
async fn at_the_end_all_writes_are_held_and_when_nothing_is_left_all_reads() {
    let app = app().await;
    meta_says(&app, app_is_used(97)).await;
    for tenant in [&app.first, &app.second] {
        held(write(&app, tenant).await);
        read(&app, tenant).await.expect(200, "OK");
    }
    meta_says(&app, app_is_used(100)).await;
    let before = asked(&app).await;
    for tenant in [&app.first, &app.second] {
        held(read(&app, tenant).await);
        held(write(&app, tenant).await);
    }
    assert_eq!(asked(&app).await, before);
}

#[actix_web::test]
async fn the_gateways_own_calls_stop_first_and_their_number_is_not_at_fault() {
    let app = TestApp::with_mirrors_and(&[("GROUPGATE_METRICS_BIND", "127.0.0.1:0")]).await;
    meta_says(&app, app_is_used(60)).await;
    let status = app.admin().await.get("/status").await.done(200);
    assert_eq!(status["app"]["used_percent"], 60);
    let held = async || {
        let text = app.metrics().send("GET", "/metrics", &[], Vec::new()).await.text;
        let line = "groupgate_upstream_budget_held_total{reason=\"background\"} ";
        text.lines().find_map(|found| found.strip_prefix(line)?.parse::<f64>().ok()).unwrap_or_default()
    };
    let count = async |query: &'static str| -> i64 {
        sqlx::query_scalar(query).fetch_one(&mut crate::support::superuser(&app.database).await).await.unwrap()
    };
    let turns_have_ended = async || {
        eventually("no mirror's turn is under way", async || {
            (count("select count(*) from mirrors where claim is not null").await == 0).then_some(())
        })
        .await;
    };
    let comes_back = async || {
        let due = "update mirrors set record_due = now(), list_due = now(),
                                      claimed_until = case when claim is not null then claimed_until end";
        sqlx::query(due).execute(&mut crate::support::superuser(&app.database).await).await.unwrap();
    };
    // Those that were under way when Meta said so.
    turns_have_ended().await;
    let asked = async || {
        let requests = app.sandbox.requests().await;
        requests.iter().filter(|request| !request["path"].as_str().unwrap().contains("/invite_link")).count()
    };
    let (asked_before, held_before) = (asked().await, held().await);
    comes_back().await;
    eventually("a mirror's turn is held", async || (held().await > held_before).then_some(())).await;
    turns_have_ended().await;
    assert_eq!(asked().await, asked_before, "nothing of the mirrors' was asked");
    assert_eq!(count("select count(*) from mirrors where failure is not null").await, 0);
    write(&app, &app.first).await.expect(200, "OK");
}

#[actix_web::test]
async fn how_much_is_used_stands_in_the_status_and_in_the_metrics() {
    let app = TestApp::with(&[("GROUPGATE_METRICS_BIND", "127.0.0.1:0")]).await;
    let account = json!([{"type": "messages", "call_count": 100, "estimated_time_to_regain_access": 19}]);
    meta_says(&app, json!({"app": {"call_count": 28}, "business": {app.first.waba_id: account}})).await;
    held(read(&app, &app.first).await);
    let status = app.admin().await.get("/status").await.done(200);
    assert_eq!((&status["app"]["used_percent"], &status["app"]["not_before"]), (&json!(28), &Value::Null));
    let budget = &status["budgets"][0];
    assert_eq!(budget["waba_id"], app.first.waba_id);
    assert_eq!(budget["quota"]["used_percent"], 100);
    assert!(budget["quota"]["not_before"].is_string(), "{status}");
    let metrics = app.metrics().send("GET", "/metrics", &[], Vec::new()).await.text;
    for line in [
        "groupgate_upstream_budget_used_ratio{scope=\"app\"} 0.28",
        "groupgate_upstream_budget_used_ratio{scope=\"waba\"} 1.0",
        "groupgate_upstream_budget_closed{scope=\"waba\"} 1",
        "groupgate_upstream_budget_closed{scope=\"app\"} 0",
        "groupgate_upstream_budget_held_total{reason=\"not_before\"} ",
        "groupgate_upstream_budget_held_total{reason=\"write\"} 0",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}
