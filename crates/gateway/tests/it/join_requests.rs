//! `ListChatGroupJoinRequests`, `ApproveChatGroupJoinRequests` and `RejectChatGroupJoinRequests`.

use serde_json::{Value, json};

use crate::support::{Answered, TestApp};

const MARA: &str = "16505550101";
const NOAH: &str = "16505550102";

async fn page(app: &TestApp, group: &str, more: Value) -> Value {
    let mut request = json!({"GroupId": group});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = app.client.call("ListChatGroupJoinRequests", &app.first, request).await;
    answer.expect(200, "OK")["Data"].clone()
}

async fn decide(app: &TestApp, decision: &str, group: &str, ids: &[&str]) -> Answered {
    let request = json!({"GroupId": group, "List": ids});
    app.client.call(&format!("{decision}ChatGroupJoinRequests"), &app.first, request).await
}

async fn participants(app: &TestApp, group: &str) -> Vec<Value> {
    let answer = app.client.call("ListChatGroupParticipants", &app.first, json!({"GroupId": group})).await;
    let list = answer.expect(200, "OK")["Data"]["List"].as_array().unwrap().clone();
    list.into_iter().map(|one| one["ParticipantNumber"].clone()).collect()
}

#[actix_web::test]
async fn a_user_who_is_approved_is_in() {
    let app = TestApp::start().await;
    let (group, ids) = app.group_asked_by(&[MARA]).await;
    let open = page(&app, &group.id, json!({})).await;
    let one = &open["List"][0];
    assert_eq!((&one["JoinRequestId"], &one["WaId"]), (&json!(ids[0]), &json!(MARA)));
    assert!(one["CreationTimestamp"].as_i64().unwrap() > 1_700_000_000, "{open}");
    let approved = decide(&app, "Approve", &group.id, &[&ids[0]]).await.expect(200, "OK");
    assert_eq!(approved["Approved"], json!(ids));
    assert_eq!((&approved["Failed"], &approved["Errors"]), (&json!([]), &json!([])));
    assert_eq!(participants(&app, &group.id).await, [MARA]);
    assert_eq!(page(&app, &group.id, json!({})).await["List"], json!([]));
}

#[actix_web::test]
async fn a_user_who_is_rejected_stays_out_and_may_ask_again() {
    let app = TestApp::start().await;
    let (group, ids) = app.group_asked_by(&[MARA]).await;
    let rejected = decide(&app, "Reject", &group.id, &[&ids[0]]).await.expect(200, "OK");
    assert_eq!(rejected["Rejected"], json!(ids));
    assert!(participants(&app, &group.id).await.is_empty());
    let again = app.ask_to_join(MARA, &group).await;
    assert_eq!(page(&app, &group.id, json!({})).await["List"][0]["JoinRequestId"], json!(again));
}

#[actix_web::test]
async fn requests_that_could_not_be_decided_are_named_with_the_reason() {
    let app = TestApp::start().await;
    let (group, ids) = app.group_asked_by(&[MARA, NOAH]).await;
    app.sandbox.put(&format!("users/{NOAH}"), json!({"accepts_terms": false})).await;
    let approved = decide(&app, "Approve", &group.id, &[&ids[0], &ids[1], "gone"]).await.expect(200, "PartialSuccess");
    assert_eq!(approved["Approved"], json!([ids[0]]));
    let failed: Vec<(&Value, &Value)> =
        approved["Failed"].as_array().unwrap().iter().map(|one| (&one["JoinRequestId"], &one["Code"])).collect();
    assert_eq!(failed, [(&json!(ids[1]), &json!(131_203)), (&json!("gone"), &json!(131_213))]);
    assert_eq!(approved["Errors"][0]["Code"], 131_201);
    let rejected = decide(&app, "Reject", &group.id, &["gone", &ids[1]]).await.expect(200, "PartialSuccess");
    assert_eq!((&rejected["Rejected"], &rejected["Failed"][0]["Code"]), (&json!([ids[1]]), &json!(131_213)));
}

#[actix_web::test]
async fn a_call_that_decides_nothing_is_rejected_however_meta_says_so() {
    let app = TestApp::start().await;
    let (group, ids) = app.group_asked_by(&[MARA]).await;
    let refused = decide(&app, "Approve", &group.id, &["gone"]).await.expect(422, "Upstream.Rejected");
    assert_eq!(refused["Upstream"]["Code"], 131_213);

    let failed = json!([{"join_request_id": ids[0], "errors": [{"code": 131_204, "message": "The group is full"}]}]);
    let body = json!({"approved_join_requests": [], "failed_join_requests": failed, "errors": [{"code": 131_201}]});
    for status in [200, 206] {
        app.sandbox
            .fail(json!({"method": "POST", "path": "*/join_requests", "http_status": status, "body": body}))
            .await;
        let refused = decide(&app, "Approve", &group.id, &[&ids[0]]).await.expect(422, "Upstream.Rejected");
        let expected = json!([{"JoinRequestId": ids[0], "Code": 131_204, "Message": "The group is full"}]);
        assert_eq!((&refused["Failed"], &refused["Upstream"]["Code"]), (&expected, &json!(131_204)));
        assert!(refused["Message"].as_str().unwrap().contains("The group is full"), "{refused}");
    }
}

#[actix_web::test]
async fn a_partial_success_that_names_nothing_is_one_all_the_same() {
    let app = TestApp::start().await;
    let (group, ids) = app.group_asked_by(&[MARA]).await;
    app.sandbox.fail(json!({"method": "POST", "path": "*/join_requests", "code": 131_201})).await;
    let approved = decide(&app, "Approve", &group.id, &[&ids[0], "gone"]).await.expect(200, "PartialSuccess");
    assert_eq!((&approved["Approved"], &approved["Failed"]), (&json!([]), &json!([])));
    assert_eq!(approved["Errors"][0]["Code"], 131_201);
}

#[actix_web::test]
async fn what_meta_leaves_untold_is_neither_done_nor_undone() {
    let app = TestApp::start().await;
    let (group, ids) = app.group_asked_by(&[MARA]).await;
    let both = [ids[0].as_str(), "other"];
    for (http_status, done) in [(206, json!(both)), (206, json!([])), (200, json!([ids[0]])), (200, json!([]))] {
        let body = json!({"approved_join_requests": done, "failed_join_requests": [], "errors": []});
        let fault = json!({"method": "POST", "path": "*/join_requests", "http_status": http_status, "body": body});
        app.sandbox.fail(fault).await;
        let approved = decide(&app, "Approve", &group.id, &both).await.expect(200, "PartialSuccess");
        assert_eq!((&approved["Approved"], &approved["Failed"]), (&done, &json!([])), "{http_status}");
    }
    app.sandbox.fail(json!({"method": "DELETE", "path": "*/join_requests", "http_status": 206, "body": {}})).await;
    let rejected = decide(&app, "Reject", &group.id, &both).await.expect(200, "PartialSuccess");
    assert_eq!(rejected["Rejected"], json!([]));
}

#[actix_web::test]
async fn a_success_that_lists_nothing_is_one_of_all() {
    let app = TestApp::start().await;
    let (group, ids) = app.group_asked_by(&[MARA]).await;
    app.sandbox.fail(json!({"method": "DELETE", "path": "*/join_requests", "http_status": 200, "body": {}})).await;
    let rejected = decide(&app, "Reject", &group.id, &[&ids[0]]).await.expect(200, "OK");
    assert_eq!(rejected["Rejected"], json!(ids));
}

#[actix_web::test]
async fn the_list_goes_on_by_metas_cursors() {
    let app = TestApp::start().await;
    let users: Vec<String> = (0..30).map(|n| format!("165055502{n:02}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let (group, ids) = app.group_asked_by(&users).await;
    let mut seen: Vec<Value> = Vec::new();
    let mut position = json!({});
    let first_after = loop {
        let data = page(&app, &group.id, position).await;
        let list = data["List"].as_array().unwrap();
        seen.extend(list.iter().map(|one| one["JoinRequestId"].clone()));
        if seen.len() == ids.len() || list.is_empty() {
            break data["Before"].clone();
        }
        position = json!({"After": data["After"]});
    };
    assert_eq!(json!(seen), json!(ids));
    let before = page(&app, &group.id, json!({"Before": first_after})).await;
    assert_eq!(before["List"][0]["JoinRequestId"], json!(ids[0]));
    let empty = page(&app, app.first.group_id, json!({})).await;
    assert_eq!(empty["List"], json!([]));
}

#[actix_web::test]
async fn a_cursor_that_meta_does_not_know_is_metas_refusal() {
    let app = TestApp::start().await;
    let request = json!({"GroupId": app.first.group_id, "After": "no-cursor"});
    let refused = app.client.call("ListChatGroupJoinRequests", &app.first, request).await;
    assert_eq!(refused.expect(422, "Upstream.Rejected")["Upstream"]["Code"], 131_059);
}

#[actix_web::test]
async fn a_user_without_a_visible_number_asks_and_enters_by_user_id() {
    let app = TestApp::start().await;
    let hidden = json!({"user_id": "US.13491208655302741918", "username": "@mara", "hide_wa_id": true});
    app.sandbox.put(&format!("users/{MARA}"), hidden).await;
    let (group, ids) = app.group_asked_by(&[MARA]).await;
    let one = page(&app, &group.id, json!({})).await["List"][0].clone();
    assert_eq!((&one["WaId"], &one["UserId"]), (&json!(null), &json!("US.13491208655302741918")));
    assert_eq!(one["Username"], "@mara");
    decide(&app, "Approve", &group.id, &[&ids[0]]).await.expect(200, "OK");
    assert_eq!(participants(&app, &group.id).await, ["US.13491208655302741918"]);
}

#[actix_web::test]
async fn a_list_that_names_a_request_twice_is_refused_by_its_path() {
    let app = TestApp::start().await;
    for (list, code, path) in [
        (json!(["A", "B", "A"]), "InvalidParameter", "`List[2]`"),
        (json!(["A", "with space"]), "InvalidParameter", "`List[1]`"),
        (json!([{"JoinRequestId": "A"}]), "InvalidParameter", "`List[0]`"),
        (json!([]), "MissingParameter", "`List`"),
    ] {
        for operation in ["ApproveChatGroupJoinRequests", "RejectChatGroupJoinRequests"] {
            let request = json!({"GroupId": app.first.group_id, "List": list});
            let refused = app.client.call(operation, &app.first, request).await.expect(400, code);
            assert!(refused["Message"].as_str().unwrap().starts_with(path), "{refused}");
        }
    }
}
