//! PostgreSQL away: known tenants go on, what needs a record answers 503, and nothing needs a restart.
//! Meta away, slow, or not itself: each gives its code.

use std::time::{Duration, Instant};

use serde_json::json;
use tenant_store::GroupUpdate;

use crate::support::{TestApp, actor, eventually};

async fn readiness(app: &TestApp) -> (u16, String) {
    let answer = app.client.send("GET", "/health/ready", &[], Vec::new()).await;
    (answer.status, answer.body()["status"].as_str().unwrap().to_owned())
}

#[actix_web::test]
async fn known_tenants_go_on_and_the_rest_says_so_until_postgresql_is_back() {
    let (app, proxy) = TestApp::behind_proxy(&[]).await;
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");

    proxy.cut();
    eventually("readiness is degraded", async || (readiness(&app).await == (200, "degraded".to_owned())).then_some(()))
        .await;
    app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    app.client.call("AddChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    let unknown_tenant = json!({"GroupId": app.second.group_id});
    app.client.call("GetChatGroup", &app.second, unknown_tenant.clone()).await.expect(503, "ServiceUnavailable");
    let create = app.client.call("AddChatGroup", &app.first, json!({"Subject": "S"})).await;
    create.expect(503, "ServiceUnavailable");
    assert_eq!(app.sandbox.count("POST", "/groups").await, 0, "no change is begun without its record");

    proxy.reset();
    app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    let create = app.client.call("AddChatGroup", &app.first, json!({"Subject": "S"})).await;
    create.expect(503, "ServiceUnavailable");

    proxy.restore();
    eventually("readiness is back", async || (readiness(&app).await == (200, "ready".to_owned())).then_some(())).await;
    app.client.call("GetChatGroup", &app.second, unknown_tenant).await.expect(200, "OK");
    app.client.call("AddChatGroup", &app.first, json!({"Subject": "S"})).await.expect(200, "OK");
}

#[actix_web::test]
async fn a_tenant_that_was_suspended_during_the_outage_is_refused_after_it() {
    let (app, proxy) = TestApp::behind_proxy(&[]).await;
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(200, "OK");
    proxy.cut();
    app.store.space(app.first.cust_space_id).suspend("a test", &actor()).await.unwrap();
    app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(200, "OK");
    proxy.restore();
    eventually("the tenant is refused", async || {
        let answer = app.client.call("GetChatGroup", &app.first, group.clone()).await;
        (answer.code() == "Tenant.Suspended").then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_link_that_was_learned_during_the_outage_is_in_the_mirror_after_it() {
    let (app, proxy) = TestApp::behind_proxy(&[]).await;
    let (store, tenant, phone, id) =
        (app.store.clone(), app.first.cust_space_id, app.first.phone_number_id, app.first.group_id);
    let space = store.space(tenant);
    space.apply_group(phone, &GroupUpdate { group_id: id.to_owned(), ..GroupUpdate::default() }).await.unwrap();
    let group = json!({"GroupId": id});
    app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(200, "OK");
    proxy.cut();
    let learned = app.client.call("AddChatGroupInviteLink", &app.first, group).await.expect(200, "OK");
    proxy.restore();
    let link = async || space.group(phone, id).await.unwrap().unwrap().invite_link;
    let link = eventually("the mirror has a link", link).await;
    assert_eq!(learned["InviteLink"], link);
}

#[actix_web::test]
async fn known_tenants_go_on_for_a_bounded_time_only() {
    let (app, proxy) = TestApp::behind_proxy(&[("GROUPGATE_STALE_SECONDS", "1")]).await;
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroup", &app.first, group).await.expect(200, "OK");
    proxy.cut();
    eventually("readiness says that nobody can be served", async || {
        (readiness(&app).await == (503, "unavailable".to_owned())).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_webhook_that_cannot_be_committed_is_sent_again() {
    let (app, proxy) = TestApp::behind_proxy(&[]).await;
    let wanted = json!({"Subject": "S", "WaitSeconds": 0});
    app.sandbox.webhooks(json!({"mode": "hold"})).await;
    let begun = app.client.call("AddChatGroup", &app.first, wanted).await.expect(200, "OK");
    proxy.cut();
    eventually("held webhooks are sent", async || (app.sandbox.release().await > 0).then_some(())).await;
    proxy.restore();
    let ask = json!({"UniqueCode": begun["UniqueCode"]});
    eventually("the webhook came again", async || {
        let answer = app.client.call("QueryChatGroupRequest", &app.first, ask.clone()).await;
        (answer.body()["Status"] == "SUCCEEDED").then_some(())
    })
    .await;
}

#[actix_web::test]
async fn meta_away_gives_its_code_and_says_that_the_call_can_be_sent_again() {
    let (app, proxy) = TestApp::with_meta_behind_proxy().await;
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    proxy.cut();
    for operation in ["GetChatGroupInviteLink", "GetChatGroup"] {
        let away = app.client.call(operation, &app.first, group.clone()).await;
        assert_eq!(away.expect(502, "Upstream.Unavailable")["RetrySafe"], true, "{operation}");
    }
    app.client.call("AddChatGroup", &app.first, json!({"Subject": "S"})).await.expect(502, "Upstream.Unavailable");
    proxy.restore();
    app.client.call("GetChatGroupInviteLink", &app.first, group).await.expect(200, "OK");
}

#[actix_web::test]
async fn an_answer_that_drips_a_byte_a_second_ends_at_the_deadline() {
    let (app, _proxy) = TestApp::with_meta_behind_proxy().await;
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    app.sandbox.fail(json!({"path": "*/invite_link", "drip_ms": 1000})).await;
    let drips = app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await;
    drips.expect(504, "Upstream.Timeout");
    app.client.call("GetChatGroupInviteLink", &app.first, group).await.expect(200, "OK");
}

#[actix_web::test]
async fn a_slow_postgresql_does_not_slow_the_calls_of_known_tenants() {
    let (app, proxy) = TestApp::behind_proxy(&[]).await;
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    let delay = Duration::from_secs(20);
    proxy.delay(delay);
    let begun = Instant::now();
    app.client.call("GetChatGroupInviteLink", &app.first, group).await.expect(200, "OK");
    assert!(begun.elapsed() < delay, "{:?}", begun.elapsed());
}

#[actix_web::test]
async fn a_slow_meta_ends_at_the_upstreams_deadline_and_a_resetting_one_at_once() {
    let (app, proxy) = TestApp::with_meta_behind_proxy().await;
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    proxy.delay(Duration::from_secs(15));
    let slow = app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await;
    assert_eq!(slow.expect(504, "Upstream.Timeout")["RetrySafe"], true);
    proxy.reset();
    let reset = app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await;
    assert_eq!(reset.expect(502, "Upstream.Unavailable")["RetrySafe"], true);
    proxy.restore();
    app.client.call("GetChatGroupInviteLink", &app.first, group).await.expect(200, "OK");
}

#[actix_web::test]
async fn an_answer_of_ten_megabytes_ends_at_its_limit() {
    let app = TestApp::start().await;
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await.expect(200, "OK");
    let flood = "x".repeat(10 * 1024 * 1024);
    app.sandbox.fail(json!({"path": "*/invite_link", "http_status": 200, "body": flood})).await;
    let floods = app.client.call("GetChatGroupInviteLink", &app.first, group.clone()).await;
    floods.expect(502, "Upstream.Unavailable");
    app.client.call("GetChatGroupInviteLink", &app.first, group).await.expect(200, "OK");
}
