//! Groups that need approval.

use actix_web::http::Method;
use graph_sandbox::{DEMO_APPROVAL_GROUP_ID_1, DEMO_JOIN_REQUEST_ID_1, DEMO_JOIN_REQUEST_ID_2};
use serde_json::{Value, json};

use crate::helpers::{Reply, TestSandbox, code, whatsapp};

/// A group that needs approval: its ID and link.
async fn group(sandbox: &TestSandbox) -> (String, String) {
    let group = sandbox.create_group(json!({ "join_approval_mode": "approval_required" })).await;
    let text = |name: &str| group[name].as_str().unwrap().to_owned();
    (text("group_id"), text("invite_link"))
}

/// A user asks to enter; the request's ID.
async fn ask(sandbox: &TestSandbox, user: &str, link: &str) -> String {
    let (status, body) = sandbox.join(user, link).await;
    assert_eq!((status, &body["result"]), (200, &json!("requested")));
    body["join_request_id"].as_str().unwrap().to_owned()
}

async fn decide(sandbox: &TestSandbox, method: Method, group: &str, ids: &[&str]) -> Reply {
    let body = whatsapp(json!({ "join_requests": ids }));
    sandbox.graph(method, &format!("{group}/join_requests"), body).await
}

async fn open_requests(sandbox: &TestSandbox, group: &str) -> Vec<Value> {
    let (status, body) = sandbox.get(&format!("{group}/join_requests")).await;
    assert_eq!(status, 200, "{body}");
    body["data"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn the_demo_is_born_with_two_requests_to_decide_on() {
    let sandbox = TestSandbox::start().await;
    let asking = open_requests(&sandbox, DEMO_APPROVAL_GROUP_ID_1).await;
    let ids: Vec<_> = asking.iter().map(|request| request["join_request_id"].as_str().unwrap()).collect();
    assert_eq!(ids, [DEMO_JOIN_REQUEST_ID_1, DEMO_JOIN_REQUEST_ID_2]);
    assert_eq!(asking[0]["wa_id"], "16505550131");
    assert!(asking[1].get("wa_id").is_none() && asking[1]["user_id"].is_string(), "{asking:?}");
    let approved = decide(&sandbox, Method::POST, DEMO_APPROVAL_GROUP_ID_1, &[DEMO_JOIN_REQUEST_ID_1]).await;
    assert_eq!(approved.1["approved_join_requests"], json!([DEMO_JOIN_REQUEST_ID_1]));
    let rejected = decide(&sandbox, Method::DELETE, DEMO_APPROVAL_GROUP_ID_1, &[DEMO_JOIN_REQUEST_ID_2]).await;
    assert_eq!(rejected.1["rejected_join_requests"], json!([DEMO_JOIN_REQUEST_ID_2]));
}

#[actix_web::test]
async fn a_request_is_told_of_listed_and_approved() {
    let sandbox = TestSandbox::start().await;
    let (group, link) = group(&sandbox).await;
    let id = ask(&sandbox, "16505550001", &link).await;
    assert_eq!(ask(&sandbox, "16505550001", &link).await, id, "asking twice is asking once");
    let created = "group_join_request_created";
    let event = sandbox.receiver.group_event(|e| e["type"] == created).await;
    assert_eq!(event["join_request_id"], json!(id));
    assert_eq!(event["wa_id"], "16505550001");
    let listed = open_requests(&sandbox, &group).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["join_request_id"], json!(id));
    assert_eq!(listed[0]["wa_id"], "16505550001");
    assert!(listed[0]["creation_timestamp"].is_i64() && listed[0]["user_id"].is_string());

    let reply = decide(&sandbox, Method::POST, &group, &[&id]).await;
    let expected = json!({ "messaging_product": "whatsapp", "approved_join_requests": [id] });
    assert_eq!(reply, (200, expected));
    let event = sandbox.receiver.group_event(|e| e["type"] == "group_participants_add").await;
    assert_eq!(event["added_participants"][0]["input"], "16505550001");
    assert!(open_requests(&sandbox, &group).await.is_empty());
}

#[actix_web::test]
async fn a_rejected_request_is_gone_without_a_webhook() {
    let sandbox = TestSandbox::start().await;
    let (group, link) = group(&sandbox).await;
    let id = ask(&sandbox, "16505550001", &link).await;
    let (status, body) = decide(&sandbox, Method::DELETE, &group, &[&id]).await;
    assert_eq!((status, &body["rejected_join_requests"]), (200, &json!([id])));
    assert!(open_requests(&sandbox, &group).await.is_empty());
    sandbox.all_delivered().await;
    assert_eq!(sandbox.receiver.changes().len(), 2, "the creation and the request");
}

#[actix_web::test]
async fn a_partial_success_is_206_and_a_total_failure_an_error() {
    let sandbox = TestSandbox::start().await;
    let (group, link) = group(&sandbox).await;
    let good = ask(&sandbox, "16505550001", &link).await;
    let stubborn = ask(&sandbox, "16505550002", &link).await;
    let terms = json!({ "accepts_terms": false });
    sandbox.control(Method::PUT, "users/16505550002", terms).await;
    let (status, body) = decide(&sandbox, Method::POST, &group, &[&good, &stubborn]).await;
    assert_eq!(status, 206);
    assert_eq!(body["approved_join_requests"], json!([good]));
    assert_eq!(body["errors"][0]["code"], 131_201);
    let failed = &body["failed_join_requests"][0];
    assert_eq!(failed["join_request_id"], json!(stubborn));
    assert_eq!(failed["errors"][0]["code"], 131_203);
    let none = decide(&sandbox, Method::POST, &group, &[&good]).await;
    assert_eq!(code(&none), (400, 131_213), "already handled");
    let wrong = decide(&sandbox, Method::POST, &group, &[]).await;
    assert_eq!(code(&wrong), (400, 100));
}

#[actix_web::test]
async fn a_user_may_withdraw_his_own_request_only() {
    let sandbox = TestSandbox::start().await;
    let (group, link) = group(&sandbox).await;
    let id = ask(&sandbox, "16505550001", &link).await;
    let body = json!({ "join_request_id": id });
    let of_another = sandbox.control(Method::POST, "users/16505550002/revoke", body.clone()).await;
    assert_eq!(of_another.0, 404);
    let own = sandbox.control(Method::POST, "users/16505550001/revoke", body).await;
    assert_eq!(own, (200, json!({ "success": true })));
    let revoked = "group_join_request_revoked";
    let event = sandbox.receiver.group_event(|e| e["type"] == revoked).await;
    assert_eq!(event["join_request_id"], json!(id));
    assert!(open_requests(&sandbox, &group).await.is_empty());
}

#[actix_web::test]
async fn nobody_is_let_into_a_full_group() {
    let sandbox = TestSandbox::start().await;
    let (group, link) = group(&sandbox).await;
    let mut ids = Vec::new();
    for n in 1..=9 {
        ids.push(ask(&sandbox, &format!("1650555000{n}"), &link).await);
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let (status, body) = decide(&sandbox, Method::POST, &group, &ids).await;
    assert_eq!(status, 206);
    assert_eq!(body["approved_join_requests"].as_array().unwrap().len(), 8);
    assert_eq!(body["failed_join_requests"][0]["errors"][0]["code"], 131_204);
}
