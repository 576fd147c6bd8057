//! `AddChatGroup` and `GetChatGroup`.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{META_MAY_TAKE, TestApp, eventually};

#[actix_web::test]
async fn a_group_is_answered_with_its_link_once_meta_has_made_it() {
    let app = TestApp::start().await;
    let wanted =
        json!({"Subject": "  Order 1042 ", "Description": "Questions", "JoinApprovalMode": "approval_required"});
    let made = app.client.call("AddChatGroup", &app.first, wanted).await.expect(200, "OK");
    assert_eq!(made["GroupStatus"], "ACTIVE");
    let (status, asked) = app.sandbox.join("16505559999", made["InviteLink"].as_str().unwrap()).await;
    assert_eq!((status, &asked["result"]), (200, &json!("requested")), "entering needs approval");

    let look = json!({"GroupId": made["GroupId"], "IncludeInviteLink": true});
    let seen = app.client.call("GetChatGroup", &app.first, look).await.expect(200, "OK");
    assert_eq!(seen["Data"]["Subject"], "Order 1042");
    assert_eq!(seen["Data"]["Description"], "Questions");
    assert_eq!(seen["Data"]["JoinApprovalMode"], "approval_required");
    assert_eq!(seen["Data"]["InviteLink"], made["InviteLink"]);
    assert_eq!(seen["Data"]["GroupStatus"], "ACTIVE");
}

#[actix_web::test]
async fn a_caller_who_does_not_wait_gets_a_unique_code_that_settles() {
    let app = TestApp::start().await;
    let begun = app.client.call("AddChatGroup", &app.first, json!({"Subject": "S", "WaitSeconds": 0})).await;
    let begun = begun.expect(200, "OK");
    assert!(begun.get("GroupId").is_none(), "{begun}");
    let ask = json!({"UniqueCode": begun["UniqueCode"]});
    let settled = eventually("the change is settled", async || {
        let state = app.client.call("QueryChatGroupRequest", &app.first, ask.clone()).await.expect(200, "OK");
        (state["Status"] == "SUCCEEDED").then_some(state)
    })
    .await;
    assert_eq!(settled["Operation"], "AddChatGroup");
    assert!(settled["GroupId"].is_string() && settled["InviteLink"].is_string(), "{settled}");
    assert!(settled["SettledAt"].as_str().unwrap() >= settled["CreatedAt"].as_str().unwrap());
}

#[actix_web::test]
async fn the_time_to_wait_is_kept() {
    let app = TestApp::start().await;
    app.sandbox.webhooks(json!({"mode": "hold"})).await;
    let begun = Instant::now();
    let answer = app.client.call("AddChatGroup", &app.first, json!({"Subject": "S", "WaitSeconds": 1})).await;
    let answer = answer.expect(200, "OK");
    assert!(answer.get("GroupId").is_none(), "{answer}");
    // Who does not say how long waits for ten seconds.
    assert!((Duration::from_secs(1)..Duration::from_secs(9)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

#[actix_web::test]
async fn a_webhook_that_comes_before_the_answer_is_not_lost() {
    let app = TestApp::start().await;
    app.sandbox.webhooks(json!({"mode": "before_answer"})).await;
    for round in 0..5 {
        let wanted = json!({"Subject": format!("Round {round}"), "WaitSeconds": 10});
        let made = app.client.call("AddChatGroup", &app.first, wanted).await.expect(200, "OK");
        assert!(made["GroupId"].is_string(), "{made}");
    }
}

#[actix_web::test]
async fn a_doubled_webhook_changes_nothing() {
    let app = TestApp::start().await;
    app.sandbox.webhooks(json!({"mode": "double"})).await;
    let made = app.client.call("AddChatGroup", &app.first, json!({"Subject": "S"})).await.expect(200, "OK");
    let ask = json!({"UniqueCode": made["UniqueCode"]});
    let state = app.client.call("QueryChatGroupRequest", &app.first, ask).await.expect(200, "OK");
    assert_eq!((&state["Status"], &state["GroupId"]), (&json!("SUCCEEDED"), &made["GroupId"]));
}

#[actix_web::test]
async fn the_webhook_may_reach_another_replica() {
    let app = TestApp::start().await;
    let (other, running) = app.replica().await;
    app.sandbox.webhooks(json!({"url": format!("{}/webhooks/graph", other.url)})).await;
    let made = app.client.call("AddChatGroup", &app.first, json!({"Subject": "S", "WaitSeconds": 10})).await;
    assert!(made.expect(200, "OK")["GroupId"].is_string());
    running.stop(Duration::from_secs(1)).await;
}

#[actix_web::test]
async fn groups_of_one_subject_made_at_once_are_not_mixed_up() {
    let app = TestApp::start().await;
    let call = || app.client.call("AddChatGroup", &app.first, json!({"Subject": "The same", "WaitSeconds": 20}));
    let made = futures_util::future::join_all((0..10).map(|_| call())).await;
    let mut ids: Vec<String> =
        made.into_iter().map(|answer| answer.expect(200, "OK")["GroupId"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 10);
}

#[actix_web::test]
async fn a_change_that_meta_refuses_is_recorded_as_failed() {
    let app = TestApp::start().await;
    app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "code": 131_211})).await;
    let answer = app.client.call("AddChatGroup", &app.first, json!({"Subject": "S"})).await;
    let refused = answer.expect(422, "Upstream.Rejected");
    assert_eq!(refused["Upstream"]["Code"], 131_211);
    assert!(!refused["Message"].as_str().unwrap().contains("not known"), "{refused}");
    let asked = json!({"UniqueCode": refused["UniqueCode"]});
    let change = app.client.call("QueryChatGroupRequest", &app.first, asked).await.expect(200, "OK");
    assert_eq!((&change["Status"], &change["Errors"][0]["Code"]), (&json!("FAILED"), &json!(131_211)));
}

#[actix_web::test]
async fn a_change_that_meta_denies_in_a_success_is_not_done() {
    let app = TestApp::start().await;
    let (group, user) = (app.first.group_id, json!([{"ParticipantNumber": "16505550101"}]));
    let calls = [
        ("AddChatGroup", "POST", "*/groups", json!({"Subject": "S"})),
        ("DeleteChatGroup", "DELETE", "*", json!({"GroupId": group})),
        ("UpdateChatGroup", "POST", "*", json!({"GroupId": group, "Subject": "S"})),
        ("DeleteChatGroupParticipants", "DELETE", "*/participants", json!({"GroupId": group, "List": user})),
        ("AddChatGroupParticipants", "POST", "*/participants", json!({"GroupId": group, "List": user})),
        ("ApproveChatGroupJoinRequests", "POST", "*/join_requests", json!({"GroupId": group, "List": ["JR1"]})),
    ];
    for (operation, method, path, request) in calls {
        for success in [json!(false), json!("false")] {
            let denial = json!({"method": method, "path": path, "http_status": 200, "body": {"success": success}});
            app.sandbox.fail(denial).await;
            let refused = app.client.call(operation, &app.first, request.clone()).await;
            let refused = refused.expect(422, "Upstream.Rejected");
            let said = "Meta answered that it did not do it, and gave no reason.";
            assert_eq!((&refused["Message"], refused.get("RetrySafe")), (&json!(said), None), "{operation}");
            if operation != "ApproveChatGroupJoinRequests" {
                let ask = json!({"UniqueCode": refused["UniqueCode"]});
                let change = app.client.call("QueryChatGroupRequest", &app.first, ask).await.expect(200, "OK");
                assert_eq!(change["Status"], "FAILED", "{operation}");
            }
        }
    }
}

#[actix_web::test]
async fn a_group_that_could_not_be_made_has_no_settings_that_failed() {
    let app = TestApp::start().await;
    app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "later": {"code": 131_211}})).await;
    let refused = app.client.call("AddChatGroup", &app.first, json!({"Subject": "S"})).await;
    let refused = refused.expect(422, "Upstream.Rejected");
    assert_eq!(refused.get("Fields"), None, "{refused}");
    let ask = json!({"UniqueCode": refused["UniqueCode"]});
    let change = app.client.call("QueryChatGroupRequest", &app.first, ask).await.expect(200, "OK");
    assert_eq!((&change["Status"], &change["Fields"]), (&json!("FAILED"), &json!(null)));
}

#[actix_web::test]
async fn a_create_whose_answer_was_lost_is_settled_by_its_webhook() {
    let app = TestApp::with(&[META_MAY_TAKE]).await;
    app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "close": "after"})).await;
    let lost = app.client.call("AddChatGroup", &app.first, json!({"Subject": "Lost and found"})).await;
    let lost = lost.expect(502, "Upstream.Unavailable");
    assert_eq!(lost["RetrySafe"], false);
    let ask = json!({"UniqueCode": lost["UniqueCode"]});
    eventually("the change is settled without its answer", async || {
        let state = app.client.call("QueryChatGroupRequest", &app.first, ask.clone()).await.expect(200, "OK");
        (state["Status"] == "SUCCEEDED").then_some(())
    })
    .await;
}

#[actix_web::test]
async fn a_gateway_that_was_killed_settles_its_changes_when_it_is_back() {
    let app = TestApp::start().await;
    app.sandbox.webhooks(json!({"mode": "hold"})).await;
    let begun = app.client.call("AddChatGroup", &app.first, json!({"Subject": "S", "WaitSeconds": 0})).await;
    let ask = json!({"UniqueCode": begun.expect(200, "OK")["UniqueCode"]});
    let stopped = app.stop_gateway().await;
    let (client, running) = stopped.start_gateway().await;
    eventually("held webhooks are sent", async || (stopped.sandbox.release().await > 0).then_some(())).await;
    eventually("the change is settled", async || {
        let state = client.call("QueryChatGroupRequest", &stopped.first, ask.clone()).await.expect(200, "OK");
        (state["Status"] == "SUCCEEDED").then_some(())
    })
    .await;
    running.stop(Duration::from_secs(1)).await;
}

#[actix_web::test]
async fn a_group_shows_its_participants() {
    let app = TestApp::start().await;
    let seen = app.client.call("GetChatGroup", &app.first, json!({"GroupId": app.first.group_id})).await;
    let group = seen.expect(200, "OK")["Data"].clone();
    let participants = group["Participants"].as_array().unwrap();
    assert!(participants.iter().any(|one| one["ParticipantNumber"] == graph_sandbox::DEMO_PARTICIPANT), "{group}");
    assert!(participants.iter().all(|one| one["UserId"].is_string()), "{group}");
    assert_eq!(group["TotalParticipantCount"], json!(participants.len()));
    assert!(group.get("InviteLink").is_none(), "only where it is asked for");
}

async fn statuses(app: &TestApp, filters: serde_json::Value) -> Vec<String> {
    let mut parameters = json!({"Page": {"Index": 1, "Size": 100}});
    parameters.as_object_mut().unwrap().extend(filters.as_object().unwrap().clone());
    let listed = app.client.call("ListChatGroup", &app.first, parameters).await.expect(200, "OK");
    let list = listed["Data"]["List"].as_array().unwrap().clone();
    assert_eq!(listed["Data"]["Total"], json!(list.len()));
    list.iter().map(|group| group["GroupStatus"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_deleted_group_is_gone() {
    let app = TestApp::start().await;
    let made = app.client.call("AddChatGroup", &app.first, json!({"Subject": "S"})).await.expect(200, "OK");
    let group = json!({"GroupId": made["GroupId"]});
    let deleted = app.client.call("DeleteChatGroup", &app.first, group.clone()).await.expect(200, "OK");
    assert_eq!((&deleted["Result"], &deleted["GroupStatus"]), (&json!(1), &json!("INACTIVE")));
    let ask = json!({"UniqueCode": deleted["UniqueCode"]});
    let state = app.client.call("QueryChatGroupRequest", &app.first, ask).await.expect(200, "OK");
    assert_eq!((&state["Status"], &state["GroupId"]), (&json!("SUCCEEDED"), &made["GroupId"]));
    app.client.call("GetChatGroup", &app.first, group.clone()).await.expect(404, "Group.NotFound");
    app.client.call("DeleteChatGroup", &app.first, group).await.expect(404, "Group.NotFound");
    assert!(statuses(&app, json!({})).await.is_empty());
    assert_eq!(statuses(&app, json!({"GroupStatus": "INACTIVE"})).await, ["INACTIVE"]);
}

#[actix_web::test]
async fn a_group_stands_as_its_open_change_says() {
    let app = TestApp::start().await;
    let made = app.client.call("AddChatGroup", &app.first, json!({"Subject": "S"})).await.expect(200, "OK");
    app.sandbox.webhooks(json!({"mode": "hold"})).await;
    let group = json!({"GroupId": made["GroupId"], "WaitSeconds": 0});
    let deleting = app.client.call("DeleteChatGroup", &app.first, group).await.expect(200, "OK");
    assert_eq!(deleting["Result"], 1);
    assert!(deleting.get("GroupStatus").is_none(), "{deleting}");
    assert_eq!(statuses(&app, json!({})).await, ["DELETING"]);
    let new =
        json!({"Subject": "Straße 9", "Description": "D", "JoinApprovalMode": "approval_required", "WaitSeconds": 0});
    app.client.call("AddChatGroup", &app.first, new).await.expect(200, "OK");
    assert_eq!(statuses(&app, json!({})).await, ["CREATING", "DELETING"]);
    let creating = json!({"Page": {"Index": 1, "Size": 1}, "Subject": "STRASSE", "GroupStatus": "CREATING"});
    let listed = app.client.call("ListChatGroup", &app.first, creating).await.expect(200, "OK");
    let group = &listed["Data"]["List"][0];
    assert_eq!((&group["GroupId"], &group["Subject"]), (&json!(null), &json!("Straße 9")));
    assert_eq!((&group["Description"], &group["JoinApprovalMode"]), (&json!("D"), &json!("approval_required")));
    eventually("both are confirmed", async || {
        app.sandbox.release().await;
        (statuses(&app, json!({})).await == ["ACTIVE"]).then_some(())
    })
    .await;
    app.sandbox.webhooks(json!({"mode": "normal"})).await;
}

#[actix_web::test]
async fn a_suspended_group_is_listed_as_such_and_cannot_be_deleted() {
    let app = TestApp::start().await;
    let made = app.client.call("AddChatGroup", &app.first, json!({"Subject": "S"})).await.expect(200, "OK");
    let id = made["GroupId"].as_str().unwrap();
    app.sandbox.post(&format!("groups/{id}/suspend"), json!({})).await;
    eventually("it is suspended", async || {
        (statuses(&app, json!({"GroupStatus": "SUSPENDED"})).await.len() == 1).then_some(())
    })
    .await;
    app.client.call("DeleteChatGroup", &app.first, json!({"GroupId": id})).await.expect(409, "Group.Suspended");
    assert_eq!(statuses(&app, json!({})).await, ["SUSPENDED"]);
}

#[actix_web::test]
async fn the_list_is_answered_without_a_call_to_meta() {
    let app = TestApp::start().await;
    app.sandbox.fail(json!({"count": 1000, "close": "before"})).await;
    assert!(statuses(&app, json!({})).await.is_empty());
    assert!(app.sandbox.requests().await.is_empty());
}

#[actix_web::test]
async fn the_list_is_of_one_number_or_of_all_of_the_tenants() {
    let app = TestApp::start().await;
    app.client.call("AddChatGroup", &app.first, json!({"Subject": "S"})).await.expect(200, "OK");
    let of_all = json!({"CustSpaceId": app.first.cust_space_id, "Page": {"Index": 1, "Size": 10}});
    let listed = app.client.call_as(&app.first.key, "ListChatGroup", of_all).await.expect(200, "OK");
    assert_eq!(listed["Data"]["List"][0]["BusinessNumber"], app.first.business_number);
    assert!(listed["Data"]["List"][0]["GmtModifier"].as_i64().unwrap() > 1_700_000_000_000, "milliseconds: {listed}");
    let of_second = json!({"CustSpaceId": app.second.cust_space_id, "Page": {"Index": 1, "Size": 10}});
    let listed = app.client.call_as(&app.second.key, "ListChatGroup", of_second).await.expect(200, "OK");
    assert_eq!(listed["Data"]["Total"], 0);
}

#[actix_web::test]
async fn an_event_waits_for_the_answer_that_may_claim_it() {
    let app = TestApp::start().await;
    let wanted = json!({"Subject": "The same", "WaitSeconds": 0});
    // Meta's answer names no request and makes no group: its change stays open.
    app.sandbox.fail(json!({"method": "POST", "path": "*/groups", "http_status": 200, "body": {}})).await;
    let lost = app.client.call("AddChatGroup", &app.first, wanted.clone()).await.expect(200, "OK");
    // The second's webhook is quicker than its answer.
    app.sandbox.webhooks(json!({"mode": "before_answer"})).await;
    let wanted = json!({"Subject": "The same", "WaitSeconds": 10});
    let made = app.client.call("AddChatGroup", &app.first, wanted).await.expect(200, "OK");
    assert!(made["GroupId"].is_string(), "{made}");
    let ask = json!({"UniqueCode": lost["UniqueCode"]});
    let state = app.client.call("QueryChatGroupRequest", &app.first, ask).await.expect(200, "OK");
    assert_eq!(state["Status"], "PENDING");
}

#[actix_web::test]
async fn many_who_wait_at_once_are_all_answered() {
    let app = TestApp::with(&[
        ("GROUPGATE_RATE_PER_KEY", "off"),
        ("GROUPGATE_RATE_PER_TENANT", "off"),
        ("GROUPGATE_RATE_PER_NUMBER", "off"),
    ])
    .await;
    let call = |n: i32| {
        app.client.call("AddChatGroup", &app.first, json!({"Subject": format!("Group {n}"), "WaitSeconds": 20}))
    };
    for answer in futures_util::future::join_all((0..100).map(call)).await {
        assert!(answer.expect(200, "OK")["GroupId"].is_string());
    }
}
