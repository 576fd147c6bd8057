//! Who may read events, and how often.

use cams_api::Scope;
use serde_json::json;

use super::{PULL, STREAM, about, get, published, reader, receive, texts};
use crate::support::{Credentials, PATIENCE, TestApp, actor, eventually};

const BOTH: [&str; 2] = [PULL, STREAM];

#[actix_web::test]
async fn nobody_reads_events_without_the_key_the_grant_and_the_scope() {
    let app = TestApp::start().await;
    let first = &app.first;
    let foreign = reader(&app, &app.second).await;
    let others: Vec<&str> = Scope::ALL.into_iter().map(Scope::as_str).filter(|name| *name != "events.read").collect();
    let lacking = app.key("all-but-events", &[(first.cust_space_id, &others), ("*", &["cams:*"])]).await;
    let elsewhere = [(first.cust_space_id, &["groups.read"][..]), (app.second.cust_space_id, &["events.read"])];
    let elsewhere = app.key("events-elsewhere", &elsewhere).await;
    let everywhere = app.key("events-of-all", &[("*", &["events.read"])]).await;
    for path in BOTH {
        let path_of = |tenant: &str| format!("{path}?CustSpaceId={tenant}");
        let own = path_of(first.cust_space_id);
        app.client.send("GET", &own, &[], Vec::new()).await.expect(401, "Unauthorized");
        let wrong = Credentials::new(&foreign.id, "not its secret");
        get(&app.client, &wrong, &own).await.expect(401, "Unauthorized");
        get(&app.client, &foreign, &own).await.expect(403, "Forbidden.Tenant");
        for key in [&lacking, &elsewhere] {
            let refused = get(&app.client, key, &own).await.expect(403, "Forbidden.Scope");
            assert_eq!(refused["AccessDeniedDetail"], "events.read");
        }
        let nobody = get(&app.client, &everywhere, &path_of("cams-nobody")).await.expect(403, "Forbidden.Tenant");
        let refused = get(&app.client, &foreign, &own).await.expect(403, "Forbidden.Tenant");
        assert_eq!(nobody["Message"], refused["Message"], "nothing tells whether a tenant exists");
    }
}

#[actix_web::test]
async fn a_tenant_sees_its_own_events_alone_and_counts_them_alone() {
    let app = TestApp::start().await;
    for (tenant, count) in [(&app.first, 3), (&app.second, 2)] {
        receive(&app.client, tenant, &texts(tenant.cust_space_id, count)).await;
    }
    for (tenant, count) in [(&app.first, 3), (&app.second, 2)] {
        let key = reader(&app, tenant).await;
        let list = published(&app, &key, tenant, count).await["List"].clone();
        let expected: Vec<i64> = (1..=i64::try_from(count).unwrap()).collect();
        assert_eq!(super::sequences(&list), expected);
        let is_own = |event: &serde_json::Value| event["CustSpaceId"] == json!(tenant.cust_space_id);
        assert!(list.as_array().unwrap().iter().all(is_own), "{list}");
    }
}

#[actix_web::test]
async fn the_events_of_a_suspended_tenant_are_refused() {
    let app = TestApp::start().await;
    let key = reader(&app, &app.first).await;
    app.store.space(app.first.cust_space_id).suspend("unpaid", &actor()).await.unwrap();
    for path in BOTH {
        let path = format!("{path}{}", about(&app.first, ""));
        let authorization = key.basic();
        eventually("the suspension is in force", async || {
            let looked = app.client.send("HEAD", &path, &[("authorization", &authorization)], Vec::new()).await;
            (looked.status == 403).then_some(())
        })
        .await;
        get(&app.client, &key, &path).await.expect(403, "Tenant.Suspended");
    }
}

#[actix_web::test]
async fn only_looking_is_possible_and_head_waits_for_nothing() {
    let app = TestApp::start().await;
    let key = reader(&app, &app.first).await;
    let authorization = key.basic();
    let headers = [("authorization", authorization.as_str())];
    for path in BOTH {
        let path = format!("{path}{}", about(&app.first, ""));
        for method in ["POST", "PUT", "DELETE"] {
            let refused = app.client.send(method, &path, &headers, Vec::new()).await;
            assert_eq!(refused.header("allow"), Some("GET, HEAD"));
            refused.expect(405, "MethodNotAllowed");
        }
        let looked = tokio::time::timeout(PATIENCE, app.client.send("HEAD", &path, &headers, Vec::new()));
        let looked = looked.await.unwrap();
        assert_eq!((looked.status, looked.text.as_str()), (200, ""), "{path}");
    }
    let nothing = get(&app.client, &key, &format!("/v1/events/nothing{}", about(&app.first, ""))).await;
    nothing.expect(404, "NotFound");
}

#[actix_web::test]
async fn pulls_and_streams_count_against_the_limits_of_the_key_and_the_tenant() {
    for (limit, code) in
        [("GROUPGATE_RATE_PER_KEY", "Throttling.User"), ("GROUPGATE_RATE_PER_TENANT", "Throttling.Tenant")]
    {
        let app = TestApp::with(&[(limit, "1/h;burst=2")]).await;
        let key = reader(&app, &app.first).await;
        let path = |path: &str| format!("{path}{}", about(&app.first, ""));
        let pulled = get(&app.client, &key, &path(PULL)).await;
        assert!(pulled.header("ratelimit").unwrap().contains("r=1;"), "{pulled:?}");
        pulled.expect(200, "OK");
        let looked = app.client.send("HEAD", &path(STREAM), &[("authorization", &key.basic())], Vec::new()).await;
        assert!(looked.status == 200 && looked.header("ratelimit").unwrap().contains("r=0;"), "{looked:?}");
        for path in BOTH.map(path) {
            let refused = get(&app.client, &key, &path).await;
            assert!(refused.header("retry-after").is_some(), "{refused:?}");
            refused.expect(429, code);
        }
    }
}
