//! Meta away, or one number's part of it: calls are refused at once, and go on as soon as one goes through.

use serde_json::{Value, json};

use super::{app, figure, group};
use crate::support::{Answered, Client, Tenant, TestApp, eventually, with_tenant};

const LINK: &str = "GetChatGroupInviteLink";

/// A metric that is 0 or 1.
async fn gauge(metrics: &Client, name: &str) -> u8 {
    u8::from(figure(metrics, name).await > 0.5)
}

/// Calls until one is refused without Meta being asked.
async fn held(app: &TestApp, tenant: &Tenant) -> Answered {
    eventually("a call is held", async || {
        let answer = app.client.call(LINK, tenant, group(tenant)).await;
        answer.header("retry-after").is_some().then_some(answer)
    })
    .await
}

async fn served(app: &TestApp, tenant: &Tenant) {
    eventually("a call goes through", async || {
        (app.client.call(LINK, tenant, group(tenant)).await.status == 200).then_some(())
    })
    .await;
}

fn is_told_to_come_back(held: Answered) {
    let seconds: u64 = held.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&seconds), "{seconds}");
    assert_eq!(held.expect(502, "Upstream.Unavailable")["RetrySafe"], true);
}

#[actix_web::test]
async fn while_meta_is_away_calls_are_refused_at_once_until_one_goes_through() {
    let app = app().await;
    let metrics = app.metrics();
    app.sandbox.fail(json!({"path": "*", "close": "before", "count": 1_000_000})).await;
    eventually("what two tenants meet is Meta's", async || {
        for tenant in [&app.first, &app.second] {
            app.client.call(LINK, tenant, group(tenant)).await.expect(502, "Upstream.Unavailable");
        }
        (gauge(&metrics, "groupgate_upstream_breaker_open").await == 1).then_some(())
    })
    .await;
    is_told_to_come_back(held(&app, &app.first).await);
    is_told_to_come_back(held(&app, &app.second).await);

    app.sandbox.calm().await;
    served(&app, &app.second).await;
    served(&app, &app.first).await;
    assert_eq!(gauge(&metrics, "groupgate_upstream_breaker_open").await, 0);
}

#[actix_web::test]
async fn silence_that_one_tenant_meets_is_not_the_others() {
    let app = app().await;
    let path = format!("*/{}/invite_link", app.first.group_id);
    app.sandbox.fail(json!({"path": path, "close": "before", "count": 1_000_000})).await;
    is_told_to_come_back(held(&app, &app.first).await);
    assert_eq!(gauge(&app.metrics(), "groupgate_upstream_breaker_open").await, 0);
    app.client.call(LINK, &app.second, group(&app.second)).await.expect(200, "OK");
}

#[actix_web::test]
async fn a_change_that_was_held_is_made_once_under_its_key() {
    let (app, proxy) = TestApp::with_meta_behind_proxy().await;
    app.client.call(LINK, &app.first, group(&app.first)).await.expect(200, "OK");
    let create = async || {
        let basic = app.first.key.basic();
        let headers =
            [("authorization", basic.as_str()), ("content-type", "application/json"), ("idempotency-key", "order-1")];
        let body = with_tenant(&app.first, json!({"Subject": "S"})).to_string();
        app.client.send("POST", "/v1/AddChatGroup", &headers, body.into_bytes()).await
    };
    proxy.refuse();
    eventually("a change is held", async || {
        let answer = create().await;
        let is_held = answer.header("retry-after").is_some();
        assert_eq!(answer.expect(502, "Upstream.Unavailable")["RetrySafe"], true);
        is_held.then_some(())
    })
    .await;
    proxy.restore();
    eventually("the change is made", async || (create().await.status == 200).then_some(())).await;
    assert_eq!(app.sandbox.count("POST", "/groups").await, 1);
}

#[actix_web::test]
async fn one_numbers_trouble_is_not_the_others() {
    let app = app().await;
    let metrics = app.metrics();
    let path = format!("*/{}/invite_link", app.first.group_id);
    app.sandbox.fail(json!({"path": path, "code": 131_000, "count": 1_000_000})).await;
    is_told_to_come_back(held(&app, &app.first).await);
    assert_eq!(gauge(&metrics, "groupgate_upstream_numbers_open").await, 1);
    assert_eq!(gauge(&metrics, "groupgate_upstream_breaker_open").await, 0);
    app.client.call(LINK, &app.second, group(&app.second)).await.expect(200, "OK");
    app.sandbox.calm().await;
    served(&app, &app.first).await;
    assert_eq!(gauge(&metrics, "groupgate_upstream_numbers_open").await, 0);
}

#[actix_web::test]
async fn what_is_held_was_not_sent() {
    let app = app().await;
    app.sandbox.fail(json!({"path": "*", "close": "before", "count": 1_000_000})).await;
    let asked = async || app.sandbox.count("GET", "/invite_link").await;
    eventually("a call is held", async || {
        let before = asked().await;
        let answer: Answered = app.client.call(LINK, &app.first, group(&app.first)).await;
        let is_held = answer.header("retry-after").is_some();
        assert_eq!(is_held, asked().await == before, "{}", answer.text);
        is_held.then_some(())
    })
    .await;
    let told: Value = held(&app, &app.first).await.body();
    assert!(told["Message"].as_str().unwrap().contains("it can be sent again"), "{told}");
}
