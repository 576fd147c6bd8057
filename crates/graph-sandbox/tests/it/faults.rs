//! What goes wrong on demand.

use std::time::{Duration, Instant};

use actix_web::http::Method;
use graph_sandbox::{DEMO_GROUP_ID_1, DEMO_GROUP_ID_2, DEMO_PARTICIPANT};
use serde_json::{Value, json};

use crate::helpers::{TOKEN_1, TOKEN_2, TestSandbox, code, whatsapp};

const LINK: &str = "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMToxMjAzNjMwMDAwMDAwMDAwMTEZD/invite_link";

async fn fault(sandbox: &TestSandbox, fault: Value) {
    let (status, body) = sandbox.control(Method::POST, "faults", fault).await;
    assert!(status == 200 && body["id"].is_u64(), "{body}");
}

#[actix_web::test]
async fn a_code_brings_its_status_and_error_object_and_nothing_is_done() {
    let sandbox = TestSandbox::start().await;
    let before = sandbox.link(DEMO_GROUP_ID_1).await;
    fault(&sandbox, json!({ "method": "POST", "code": 131_208 })).await;
    let reply = sandbox.graph(Method::POST, LINK, whatsapp(json!({}))).await;
    assert_eq!(code(&reply), (429, 131_208));
    assert_eq!(sandbox.link(DEMO_GROUP_ID_1).await, before);
    fault(&sandbox, json!({ "code": 4, "http_status": 503 })).await;
    assert_eq!(code(&sandbox.get(LINK).await), (503, 4));
}

#[actix_web::test]
async fn any_body_can_stand_in_the_answers_place() {
    let sandbox = TestSandbox::start().await;
    fault(&sandbox, json!({ "http_status": 502, "body": "<html>Bad Gateway" })).await;
    assert_eq!(sandbox.get(LINK).await, (502, Value::Null), "no JSON");
    fault(&sandbox, json!({ "body": { "ok": 1 } })).await;
    assert_eq!(sandbox.get(LINK).await, (200, json!({ "ok": 1 })));
}

#[actix_web::test]
async fn a_connection_that_closes_after_the_effect_has_done_it() {
    let sandbox = TestSandbox::start().await;
    let before = sandbox.link(DEMO_GROUP_ID_1).await;
    fault(&sandbox, json!({ "method": "POST", "close": "after" })).await;
    let lost = sandbox.try_graph(Method::POST, LINK, whatsapp(json!({}))).await;
    assert!(lost.is_err(), "{lost:?}");
    let after = sandbox.link(DEMO_GROUP_ID_1).await;
    assert_ne!(after, before);
    fault(&sandbox, json!({ "method": "POST", "close": "before" })).await;
    let lost = sandbox.try_graph(Method::POST, LINK, whatsapp(json!({}))).await;
    assert!(lost.is_err(), "{lost:?}");
    assert_eq!(sandbox.link(DEMO_GROUP_ID_1).await, after);
    let (_, log) = sandbox.control(Method::GET, "requests", Value::Null).await;
    let posts = log["data"].as_array().unwrap().iter().filter(|call| call["method"] == "POST");
    let statuses: Vec<&Value> = posts.map(|call| &call["status"]).collect();
    assert_eq!(statuses, [&Value::Null, &Value::Null]);
}

#[actix_web::test]
async fn answers_can_be_late_and_drip() {
    let sandbox = TestSandbox::start().await;
    fault(&sandbox, json!({ "delay_ms": 200 })).await;
    let begun = Instant::now();
    assert_eq!(sandbox.get(LINK).await.0, 200);
    assert!(begun.elapsed() >= Duration::from_millis(200));
    fault(&sandbox, json!({ "drip_ms": 3 })).await;
    let begun = Instant::now();
    let (status, body) = sandbox.get(LINK).await;
    assert_eq!((status, &body["messaging_product"]), (200, &json!("whatsapp")));
    assert!(begun.elapsed() >= Duration::from_millis(3 * body.to_string().len() as u64));
}

#[actix_web::test]
async fn what_a_fault_delays_goes_on_when_all_faults_are_dropped() {
    let sandbox = TestSandbox::start().await;
    fault(&sandbox, json!({ "delay_ms": 3_600_000, "count": 2 })).await;
    let delayed = async { futures_util::future::join(sandbox.get(LINK), sandbox.get(LINK)).await };
    let dropped = async {
        sandbox.logged(2).await;
        sandbox.control(Method::DELETE, "faults", Value::Null).await;
    };
    let ((one, other), ()) = futures_util::future::join(delayed, dropped).await;
    assert_eq!((one.0, other.0), (200, 200));
}

#[actix_web::test]
async fn a_fault_hits_only_the_calls_that_it_names() {
    let sandbox = TestSandbox::start().await;
    fault(&sandbox, json!({ "path": "/v23.0/*/invite_link", "token": TOKEN_2, "code": 2, "count": 2 })).await;
    assert_eq!(sandbox.get(LINK).await.0, 200, "another token");
    let get = |path: &'static str| sandbox.graph_as(TOKEN_2, Method::GET, path, Value::Null);
    assert_eq!(get(DEMO_GROUP_ID_2).await.0, 200, "another path");
    assert_eq!(get(LINK).await.0, 503);
    assert_eq!(get(LINK).await.0, 503);
    assert_eq!(get(LINK).await.0, 200, "used up");
}

#[actix_web::test]
async fn faults_are_listed_without_their_tokens_and_can_be_dropped() {
    let sandbox = TestSandbox::start().await;
    fault(&sandbox, json!({ "token": TOKEN_1, "code": 1, "count": 3 })).await;
    let (_, list) = sandbox.control(Method::GET, "faults", Value::Null).await;
    assert_eq!(list["data"][0]["code"], 1);
    assert_eq!(list["data"][0]["count"], 3);
    assert!(!list.to_string().contains(TOKEN_1));
    let (_, removed) = sandbox.control(Method::DELETE, "faults", Value::Null).await;
    assert_eq!(removed, json!({ "removed": 1 }));
    assert_eq!(sandbox.get(LINK).await.0, 200);
}

#[actix_web::test]
async fn what_was_promised_can_fail_later_and_the_webhook_tells_of_it() {
    let sandbox = TestSandbox::start().await;
    let later = || json!({ "later": { "code": 131_000 } });
    let fails = |event: &Value| event["errors"][0]["code"] == 131_000;

    fault(&sandbox, later()).await;
    let body = whatsapp(json!({ "subject": "Never", "description": "D" }));
    let (_, answer) = sandbox.graph(Method::POST, "100000000000001/groups", body).await;
    let event = sandbox.receiver.group_event(|e| e["request_id"] == answer["request_id"]).await;
    assert!(fails(&event) && event["subject"] == "Never" && event.get("invite_link").is_none(), "{event}");
    let (_, groups) = sandbox.get("100000000000001/groups").await;
    assert_eq!(groups["data"]["groups"].as_array().unwrap().len(), 3, "the seeded ones");

    fault(&sandbox, later()).await;
    let body = whatsapp(json!({ "participants": [{ "user": DEMO_PARTICIPANT }] }));
    let path = format!("{DEMO_GROUP_ID_1}/participants");
    let (_, answer) = sandbox.graph(Method::DELETE, &path, body).await;
    let event = sandbox.receiver.group_event(|e| e["request_id"] == answer["request_id"]).await;
    assert!(fails(&event) && fails(&event["failed_participants"][0]), "{event}");
    assert!(event.get("removed_participants").is_none());

    fault(&sandbox, later()).await;
    let body = whatsapp(json!({ "subject": "Never" }));
    let (_, answer) = sandbox.graph(Method::POST, DEMO_GROUP_ID_1, body).await;
    let event = sandbox.receiver.group_event(|e| e["request_id"] == answer["request_id"]).await;
    assert!(fails(&event) && fails(&event["group_subject"]), "{event}");

    fault(&sandbox, later()).await;
    let (_, answer) = sandbox.graph(Method::DELETE, DEMO_GROUP_ID_1, Value::Null).await;
    let event = sandbox.receiver.group_event(|e| e["request_id"] == answer["request_id"]).await;
    assert!(fails(&event) && sandbox.get(DEMO_GROUP_ID_1).await.0 == 200, "{event}");

    fault(&sandbox, later()).await;
    let body = whatsapp(json!({ "recipient_type": "group", "to": DEMO_GROUP_ID_1, "text": { "body": "Hi" } }));
    let (status, sent) = sandbox.graph(Method::POST, "100000000000001/messages", body).await;
    assert_eq!(status, 200, "{sent}");
    let change = sandbox.receiver.change(|change| change["field"] == "messages").await;
    let failed = &change["value"]["statuses"][0];
    assert!(failed["status"] == "failed" && fails(failed) && failed["recipient_id"] == DEMO_GROUP_ID_1, "{failed}");
}

#[actix_web::test]
async fn a_fault_that_does_nothing_is_refused() {
    let sandbox = TestSandbox::start().await;
    for wrong in
        [json!({}), json!({ "code": 1, "count": 0 }), json!({ "http_status": 99 }), json!({ "close": "maybe" })]
    {
        let (status, _) = sandbox.control(Method::POST, "faults", wrong.clone()).await;
        assert_eq!(status, 400, "{wrong}");
    }
}
