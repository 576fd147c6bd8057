//! The last calls, and what was used.

use serde_json::{Value, json};
use tenant_store::{CallFilter, CallRecord, Store};
use time::OffsetDateTime;

use crate::support::{Admin, TestApp, eventually, with_tenant};

async fn listed(admin: &Admin, tenant: &str, query: &str) -> Vec<Value> {
    let page = admin.get(&format!("/tenants/{tenant}/calls?{query}")).await.done(200);
    page["data"].as_array().unwrap().clone()
}

/// The one call of this request ID, as soon as it is listed.
async fn call_of(admin: &Admin, tenant: &str, request_id: &Value) -> Value {
    let query = format!("request_id={}", request_id.as_str().unwrap());
    eventually("the call is listed", async || listed(admin, tenant, &query).await.pop()).await
}

/// What was used today.
async fn today(admin: &Admin, tenant: &str) -> Value {
    let page = admin.get(&format!("/tenants/{tenant}/usage")).await.done(200);
    page["data"].as_array().unwrap().last().cloned().unwrap_or_default()
}

#[actix_web::test]
async fn a_call_is_found_by_its_request_id_and_counted_and_no_other_tenant_has_it() {
    let app = TestApp::start().await;
    let (admin, tenant) = (app.admin().await, app.first.cust_space_id);
    let group = json!({"GroupId": app.first.group_id});
    let answer = app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(200, "OK");
    let call = call_of(&admin, tenant, &answer["RequestId"]).await;
    assert_eq!(
        (&call["operation"], &call["code"], &call["status"]),
        (&json!("GetChatGroup"), &json!("OK"), &json!(200))
    );
    assert_eq!(call["access_key_id"], app.first.key.id.as_str());
    assert!(call["milliseconds"].is_u64() && call["at"].is_string() && call["fbtrace_id"].is_null(), "{call}");

    let path = format!("*/{}", app.first.group_id);
    app.sandbox.fail(json!({"method": "GET", "path": path, "code": 131_000, "count": 3})).await;
    let refused = app.client.call("GetChatGroup", &app.first, group).await;
    let refused = call_of(&admin, tenant, &refused.body()["RequestId"]).await;
    assert_eq!((&refused["upstream_code"], refused["code"] == "OK"), (&json!(131_000), false), "{refused}");
    let trace = refused["fbtrace_id"].as_str().unwrap();
    assert_eq!(listed(&admin, tenant, &format!("fbtrace_id={trace}")).await.len(), 1);
    assert_eq!(listed(&admin, tenant, "code=OK&operation=GetChatGroup").await.len(), 1);
    assert!(listed(&admin, app.second.cust_space_id, "").await.is_empty());

    let used = today(&admin, tenant).await;
    let refusals = json!({"operation": "GetChatGroup", "code": refused["code"], "calls": 1});
    let counts = used["operations"].as_array().unwrap();
    assert!(counts.contains(&json!({"operation": "GetChatGroup", "code": "OK", "calls": 1})), "{used}");
    assert!(counts.contains(&refusals), "{used}");
    admin.get(&format!("/tenants/{tenant}/calls?request_id=x")).await.problem(400, "InvalidParameter");
    admin.get(&format!("/tenants/{tenant}/usage?first=yesterday")).await.problem(400, "InvalidParameter");
    let turned = format!("/tenants/{tenant}/usage?first=2026-11-02&last=2026-11-01");
    admin.get(&turned).await.problem(400, "InvalidParameter");
    admin.get("/tenants/cams-nobody/calls").await.problem(404, "NotFound");
}

#[actix_web::test]
async fn calls_of_all_three_faces_are_listed_and_counted() {
    let app = TestApp::start().await;
    let (admin, tenant) = (app.admin().await, app.first.cust_space_id);
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(200, "OK");
    let rpc = app.client.rpc(&app.first.key, "GetChatGroup", &with_tenant(&app.first, group)).await;
    assert_eq!(rpc.status, 200, "{}", rpc.text);
    let bearer = app.first.key.bearer();
    let path = format!("/graph/v23.0/{}", app.first.group_id);
    let graph = app.client.send("GET", &path, &[("authorization", &bearer)], Vec::new()).await;
    assert_eq!(graph.status, 200, "{}", graph.text);
    let calls =
        eventually("all are listed", async || Some(listed(&admin, tenant, "").await).filter(|calls| calls.len() == 3))
            .await;
    assert!(calls.iter().all(|call| call["code"] == "OK" && call["access_key_id"] == app.first.key.id.as_str()));
    let graph = graph.header("x-request-id").unwrap();
    assert_eq!(calls[0]["request_id"], graph, "{calls:?}");
    let counted: i64 = today(&admin, tenant).await["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|count| count["calls"].as_i64().unwrap())
        .sum();
    assert_eq!(counted, 3);
}

#[actix_web::test]
async fn a_call_whose_caller_hangs_up_is_listed_as_that() {
    let app = TestApp::start().await;
    let (admin, tenant) = (app.admin().await, app.first.cust_space_id);
    let path = format!("/{}", app.first.group_id);
    app.sandbox.fail(json!({"method": "GET", "path": format!("*{path}"), "delay_ms": 60_000})).await;
    let group = json!({"GroupId": app.first.group_id});
    tokio::select! {
        answer = app.client.call("GetChatGroup", &app.first, group) => panic!("{}", answer.text),
        () = eventually("Meta is asked", async || (app.sandbox.count("GET", &path).await == 1).then_some(())) => {}
    }
    let call = eventually("it is listed", async || listed(&admin, tenant, "code=Cancelled").await.pop()).await;
    assert_eq!((&call["operation"], &call["status"]), (&json!("GetChatGroup"), &json!(499)), "{call}");
    let counted = json!([{"operation": "GetChatGroup", "code": "Cancelled", "calls": 1}]);
    assert_eq!(today(&admin, tenant).await["operations"], counted);
}

#[actix_web::test]
async fn a_message_that_reaches_two_in_a_group_is_counted_twice() {
    const MARA: &str = "16505551111";
    const NOAH: &str = "16505552222";
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let group = app.group_with(&[MARA, NOAH]).await;
    let message = json!({
        "CustSpaceId": app.first.cust_space_id, "From": app.first.business_number, "To": group.id, "RecipientType": "group", "Type": "message",
        "MessageType": "text", "Content": json!({"text": "Hello all"}).to_string(),
    });
    app.client.call_as(&app.first.key, "SendChatappMessage", message).await.expect(200, "OK");
    eventually("both are counted", async || {
        (today(&admin, app.first.cust_space_id).await["group_messages_delivered"] == 2).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn calls_come_in_pages_newest_first() {
    let app = TestApp::start().await;
    let (admin, tenant) = (app.admin().await, app.second.cust_space_id);
    let calls: Vec<_> = (0..5).map(|_| call(tenant)).collect();
    let mut expected: Vec<_> = calls.iter().rev().map(|call| call.request_id.to_string()).collect();
    app.store.record_calls(calls.clone()).await.unwrap();
    told_again(&app.store, calls).await;
    let mut path = format!("/tenants/{tenant}/calls?limit=2");
    for _ in 0..3 {
        let page = admin.get(&path).await.done(200);
        for call in page["data"].as_array().unwrap() {
            assert_eq!(call["request_id"], expected.remove(0).as_str());
        }
        path = format!("/tenants/{tenant}/calls?limit=2&after={}", page["next"].as_str().unwrap_or_default());
    }
    assert!(expected.is_empty(), "{expected:?}");
    assert_eq!(today(&admin, tenant).await["operations"][0]["calls"], 5, "each is counted once");
}

/// A replica that has not heard whether its calls were recorded tells of them again; so do calls of an erased tenant come.
async fn told_again(store: &Store, mut calls: Vec<CallRecord>) {
    calls.push(call("cams-nobody"));
    store.record_calls(calls).await.unwrap();
}

fn call(tenant: &str) -> CallRecord {
    CallRecord {
        request_id: uuid::Uuid::now_v7(),
        cust_space_id: tenant.to_owned(),
        access_key_id: None,
        operation: "GetChatGroup".to_owned(),
        code: "OK".to_owned(),
        status: 200,
        upstream_code: None,
        fbtrace_id: None,
        milliseconds: 1,
    }
}

#[actix_web::test]
async fn what_was_called_while_postgresql_was_away_is_counted_when_it_is_back() {
    let (app, proxy) = TestApp::behind_proxy(&[]).await;
    let group = json!({"GroupId": app.first.group_id});
    app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(200, "OK");
    proxy.cut();
    app.client.call("GetChatGroup", &app.first, group).await.expect(200, "OK");
    proxy.restore();
    let space = app.store.space(app.first.cust_space_id);
    eventually("both are counted", async || {
        let calls = space.calls(&CallFilter::default(), 10).await.unwrap();
        (calls.len() == 2).then_some(())
    })
    .await;
}

#[actix_web::test]
async fn what_is_in_the_queue_when_a_gateway_ends_is_written_to_the_last_call() {
    let app = TestApp::start().await;
    let group = json!({"GroupId": app.first.group_id});
    for _ in 0..20 {
        app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(200, "OK");
    }
    let (store, tenant) = (app.store.clone(), app.first.cust_space_id);
    app.stop_gateway().await;
    let space = store.space(tenant);
    assert_eq!(space.calls(&CallFilter::default(), 100).await.unwrap().len(), 20);
    let today = OffsetDateTime::now_utc().date();
    let used = space.usage(today.previous_day().unwrap(), today, 2).await.unwrap();
    assert_eq!(used.iter().flat_map(|day| &day.operations).map(|count| count.calls).sum::<i64>(), 20);
}
