//! `ListChatGroupParticipants`, `DeleteChatGroupParticipants` and `AddChatGroupParticipants`.

use serde_json::{Value, json};

use crate::support::{Answered, TestApp, eventually, superuser};

const MARA: &str = "16505550101";
const NOAH: &str = "16505550102";
const NOBODY: &str = "16505550199";

fn named(users: &[&str]) -> Value {
    users.iter().map(|user| json!({"ParticipantNumber": user})).collect()
}

async fn remove(app: &TestApp, group: &str, users: &[&str]) -> Answered {
    let request = json!({"GroupId": group, "List": named(users)});
    app.client.call("DeleteChatGroupParticipants", &app.first, request).await
}

async fn listed(app: &TestApp, group: &str) -> Vec<Value> {
    let answer = app.client.call("ListChatGroupParticipants", &app.first, json!({"GroupId": group})).await;
    answer.expect(200, "OK")["Data"]["List"].as_array().unwrap().clone()
}

async fn numbers(app: &TestApp, group: &str) -> Vec<String> {
    let listed = listed(app, group).await;
    listed.iter().map(|one| one["ParticipantNumber"].as_str().unwrap().to_owned()).collect()
}

/// Meta's answer to the next removal.
async fn answer_with(app: &TestApp, status: u16, body: Value) {
    let fault = json!({"method": "DELETE", "path": "*/participants", "http_status": status, "body": body});
    app.sandbox.fail(fault).await;
}

#[actix_web::test]
async fn participants_are_listed_page_by_page() {
    let app = TestApp::start().await;
    for (page, count) in [
        (json!(null), 2),
        (json!({"Index": 1, "Size": 10}), 2),
        (json!({"Index": 1, "Size": 1}), 1),
        (json!({"Index": 2, "Size": 1}), 1),
        (json!({"Index": 3, "Size": 1}), 0),
        (json!({"Index": 2_147_483_647, "Size": 100}), 0),
    ] {
        let request = json!({"GroupId": app.first.group_id, "Page": page});
        let answer = app.client.call("ListChatGroupParticipants", &app.first, request).await.expect(200, "OK");
        assert_eq!(answer["Data"]["Total"], 2, "{page}");
        assert_eq!(answer["Data"]["List"].as_array().unwrap().len(), count, "{page}");
    }
    assert_eq!(numbers(&app, app.first.group_id).await[0], graph_sandbox::DEMO_PARTICIPANT);
}

#[actix_web::test]
async fn a_removed_participant_is_out_and_does_not_come_back_by_the_link() {
    let app = TestApp::start().await;
    let group = app.group_with(&[MARA, NOAH]).await;
    let removed = remove(&app, &group.id, &["+1 (650) 555-0101"]).await.expect(200, "OK");
    assert_eq!((&removed["Result"], &removed["Failed"]), (&json!(1), &json!([])), "{removed}");
    assert_eq!(numbers(&app, &group.id).await, [NOAH]);
    let (status, refused) = app.sandbox.join(MARA, &group.invite_link).await;
    assert_eq!(status, 409, "{refused}");
    let state = app.settled(&removed["UniqueCode"]).await;
    assert_eq!((&state["Operation"], &state["Status"]), (&json!("DeleteChatGroupParticipants"), &json!("SUCCEEDED")));
}

#[actix_web::test]
async fn those_who_could_not_be_removed_are_named() {
    let app = TestApp::start().await;
    let group = app.group_with(&[MARA]).await;
    let removed = remove(&app, &group.id, &[NOBODY, MARA]).await.expect(200, "PartialSuccess");
    assert_eq!(removed["Result"], 1);
    let failed = &removed["Failed"][0];
    assert_eq!((&failed["ParticipantNumber"], &failed["Code"]), (&json!(NOBODY), &json!(131_212)), "{removed}");
    assert!(failed["Message"].is_string(), "{removed}");
    let state = app.settled(&removed["UniqueCode"]).await;
    assert_eq!((&state["Status"], &state["Failed"]), (&json!("PARTIAL"), &removed["Failed"]));
}

#[actix_web::test]
async fn a_removal_of_nobody_is_rejected_with_all_who_were_named() {
    let app = TestApp::start().await;
    let group = app.group_with(&[MARA]).await;
    let refused = remove(&app, &group.id, &[NOBODY, NOAH]).await.expect(422, "Upstream.Rejected");
    let who: Vec<&Value> = refused["Failed"].as_array().unwrap().iter().map(|one| &one["ParticipantNumber"]).collect();
    assert_eq!(who, [&json!(NOBODY), &json!(NOAH)]);
    assert_eq!(refused["Upstream"]["Code"], 131_212);
    assert_eq!(app.settled(&refused["UniqueCode"]).await["Status"], "FAILED");
}

#[actix_web::test]
async fn a_caller_who_does_not_wait_is_told_how_many_were_asked_for() {
    let app = TestApp::start().await;
    let group = app.group_with(&[MARA]).await;
    let request = json!({"GroupId": group.id, "List": named(&[MARA, NOBODY]), "WaitSeconds": 0});
    app.sandbox.webhooks(json!({"mode": "hold"})).await;
    let begun = app.client.call("DeleteChatGroupParticipants", &app.first, request).await.expect(200, "OK");
    assert_eq!(begun["Result"], 2);
    assert!(begun.get("Failed").is_none() && begun["UniqueCode"].is_string(), "{begun}");
    eventually("the webhook is sent", async || (app.sandbox.release().await > 0).then_some(())).await;
    let state = app.settled(&begun["UniqueCode"]).await;
    assert_eq!((&state["Status"], &state["Failed"][0]["ParticipantNumber"]), (&json!("PARTIAL"), &json!(NOBODY)));
}

#[actix_web::test]
async fn a_user_without_a_visible_number_is_listed_and_removed_by_user_id() {
    let app = TestApp::start().await;
    let hidden = json!({"user_id": "US.13491208655302741918", "username": "@mara", "hide_wa_id": true});
    app.sandbox.put(&format!("users/{MARA}"), hidden).await;
    let group = app.group_with(&[MARA, NOAH]).await;
    let one = listed(&app, &group.id).await.remove(0);
    assert_eq!(one["ParticipantNumber"], "US.13491208655302741918");
    assert_eq!(
        (&one["WaId"], &one["UserId"], &one["Username"]),
        (&json!(null), &one["ParticipantNumber"], &json!("@mara"))
    );

    let count = async |expected: i64| {
        eventually("the mirror counts them", async || {
            let all = json!({"Page": {"Index": 1, "Size": 10}});
            let groups = app.client.call("ListChatGroup", &app.first, all).await.expect(200, "OK");
            (groups["Data"]["List"][0]["TotalParticipantCount"] == expected).then_some(())
        })
        .await;
    };
    count(2).await;
    let removed = remove(&app, &group.id, &["US.13491208655302741918"]).await.expect(200, "OK");
    assert_eq!((&removed["Result"], &removed["Failed"]), (&json!(1), &json!([])));
    count(1).await;
    assert_eq!(numbers(&app, &group.id).await, [NOAH]);
    let asked = app.sandbox.requests().await.into_iter().rfind(|asked| asked["method"] == "DELETE").unwrap();
    assert!(asked.to_string().contains("user_id"), "{asked}");
}

#[actix_web::test]
async fn it_makes_no_difference_whether_meta_says_in_its_answer_what_failed() {
    let app = TestApp::start().await;
    let group = app.group_with(&[MARA]).await;
    let error = |code: i64| json!([{"code": code, "message": "said at once", "error_data": {"details": "why"}}]);
    let body = json!({
        "removed_participants": [{"input": MARA}],
        "failed_participants": [{"input": "+16505550102", "errors": error(131_212)}],
        "errors": error(131_201),
    });
    answer_with(&app, 206, body).await;
    let removed = remove(&app, &group.id, &[MARA, NOAH]).await.expect(200, "PartialSuccess");
    let failed = json!([{"ParticipantNumber": NOAH, "Code": 131_212, "Message": "said at once", "Details": "why"}]);
    assert_eq!((&removed["Result"], &removed["Failed"]), (&json!(1), &failed));
    assert_eq!(app.settled(&removed["UniqueCode"]).await["Status"], "PARTIAL");

    answer_with(&app, 200, json!({"removed_participants": [{"input": MARA}, {"input": NOAH}]})).await;
    let removed = remove(&app, &group.id, &[MARA, NOAH]).await.expect(200, "OK");
    assert_eq!((&removed["Result"], &removed["Failed"]), (&json!(2), &json!([])));

    answer_with(&app, 200, json!({"failed_participants": [{"input": MARA}], "errors": error(131_207)})).await;
    let refused = remove(&app, &group.id, &[MARA]).await.expect(409, "Group.Suspended");
    assert_eq!((&refused["Failed"][0]["Code"], &refused["Upstream"]["Code"]), (&json!(131_207), &json!(131_207)));
}

#[actix_web::test]
async fn whom_a_partial_success_without_names_was_done_for_is_told_by_the_webhook() {
    let app = TestApp::start().await;
    let group = app.group_with(&[MARA]).await;
    app.sandbox.fail(json!({"method": "DELETE", "path": "*/participants", "code": 131_201})).await;
    let request = json!({"GroupId": group.id, "List": named(&[MARA]), "WaitSeconds": 0});
    let begun = app.client.call("DeleteChatGroupParticipants", &app.first, request).await.expect(200, "OK");
    assert!(begun.get("Failed").is_none(), "nothing is known of anybody: {begun}");
    let ask = json!({"UniqueCode": begun["UniqueCode"]});
    let state = app.client.call("QueryChatGroupRequest", &app.first, ask).await.expect(200, "OK");
    assert_eq!((&state["Status"], &state["Failed"]), (&json!("PENDING"), &json!([])));
    app.age_changes().await;
    // Meta had done nothing, and its list shows it.
    let state = app.settled(&begun["UniqueCode"]).await;
    assert_eq!((&state["Status"], &state["Failed"][0]["ParticipantNumber"]), (&json!("FAILED"), &json!(MARA)));
}

#[actix_web::test]
async fn a_failure_that_meta_gives_without_names_is_of_all_who_were_asked_for() {
    let app = TestApp::start().await;
    let group = app.group_with(&[MARA]).await;
    let call = json!({"method": "DELETE", "path": "*/participants", "later": {"code": 131_207}});
    app.sandbox.fail(call).await;
    let refused = remove(&app, &group.id, &[MARA]).await.expect(409, "Group.Suspended");
    assert_eq!(refused["Failed"][0]["ParticipantNumber"], MARA);

    answer_with(&app, 200, json!({"request_id": "R-1"})).await;
    let request = json!({"GroupId": group.id, "List": named(&[MARA, NOAH]), "WaitSeconds": 0});
    let begun = app.client.call("DeleteChatGroupParticipants", &app.first, request).await.expect(200, "OK");
    let error = json!({"code": 131_000, "title": "Something went wrong"});
    let event = json!({"type": "group_participants_remove", "group_id": group.id, "request_id": "R-1",
                       "timestamp": "1755548877", "initiated_by": "business", "errors": [error]});
    tell(&app, event).await;
    let state = app.settled(&begun["UniqueCode"]).await;
    assert_eq!(state["Status"], "FAILED");
    let expected = json!([
        {"ParticipantNumber": MARA, "Code": 131_000, "Message": "Something went wrong"},
        {"ParticipantNumber": NOAH, "Code": 131_000, "Message": "Something went wrong"},
    ]);
    assert_eq!(state["Failed"], expected);
}

/// Sends an event of the first tenant's number, as Meta would.
async fn tell(app: &TestApp, event: Value) {
    let metadata =
        json!({"display_phone_number": app.first.business_number, "phone_number_id": app.first.phone_number_id});
    let value = json!({"messaging_product": "whatsapp", "metadata": metadata, "groups": [event]});
    let payload = json!({"field": "group_participants_update", "value": value, "waba_id": app.first.waba_id});
    let (status, sent) = app.sandbox.post("webhooks/send", payload).await;
    assert_eq!((status, &sent["status"]), (200, &json!(200)), "{sent}");
}

#[actix_web::test]
async fn an_addition_is_answered_as_meta_answers_it() {
    let app = TestApp::start().await;
    let group = app.group_with(&[]).await;
    let request = json!({"GroupId": group.id, "List": named(&[MARA])});
    let refused = app.client.call("AddChatGroupParticipants", &app.first, request.clone()).await;
    assert_eq!(refused.expect(424, "Credential.Forbidden")["Upstream"]["Code"], 3);
    let accepting =
        json!({"method": "POST", "path": "*/participants", "http_status": 200, "body": {"request_id": "R-2"}});
    app.sandbox.fail(accepting).await;
    let mut without_waiting = request;
    without_waiting["WaitSeconds"] = json!(0);
    let begun = app.client.call("AddChatGroupParticipants", &app.first, without_waiting).await.expect(200, "OK");
    assert_eq!(begun["Result"], 1);
    // Somebody else comes by the link meanwhile: that is not what was asked for.
    app.sandbox.join(NOAH, &group.invite_link).await;
    let event = json!({"type": "group_participants_add", "group_id": group.id, "timestamp": "1755548877",
                       "request_id": "R-2", "added_participants": [{"input": MARA, "wa_id": MARA}]});
    tell(&app, event).await;
    let state = app.settled(&begun["UniqueCode"]).await;
    assert_eq!((&state["Operation"], &state["Status"]), (&json!("AddChatGroupParticipants"), &json!("SUCCEEDED")));
}

#[actix_web::test]
async fn an_addition_without_an_id_is_ended_by_an_event_that_names_its_users_and_by_no_other() {
    let app = TestApp::start().await;
    let group = app.group_with(&[]).await;
    app.sandbox.fail(json!({"method": "POST", "path": "*/participants", "http_status": 200, "body": {}})).await;
    let request = json!({"GroupId": group.id, "List": named(&[MARA]), "WaitSeconds": 0});
    let begun = app.client.call("AddChatGroupParticipants", &app.first, request).await.expect(200, "OK");
    let event_of = |user: &str| {
        json!({"type": "group_participants_add", "group_id": group.id, "timestamp": "1755548877",
               "reason": "invite_link", "added_participants": [{"input": format!("+{user}"), "wa_id": user}]})
    };
    tell(&app, event_of(NOAH)).await;
    let ask = json!({"UniqueCode": begun["UniqueCode"]});
    eventually("the event is routed", async || {
        let mut database = superuser(&app.database).await;
        let waiting = "select count(*) from events where state = 'received'";
        let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&mut database).await.unwrap();
        (waiting == 0).then_some(())
    })
    .await;
    let state = app.client.call("QueryChatGroupRequest", &app.first, ask).await.expect(200, "OK");
    assert_eq!(state["Status"], "PENDING");
    tell(&app, event_of(MARA)).await;
    assert_eq!(app.settled(&begun["UniqueCode"]).await["Status"], "SUCCEEDED");
}

#[actix_web::test]
async fn a_removal_whose_webhook_never_comes_is_looked_up_at_meta() {
    let app = TestApp::start().await;
    let group = app.group_with(&[MARA]).await;
    app.sandbox.webhooks(json!({"mode": "hold"})).await;
    let request = json!({"GroupId": group.id, "List": named(&[MARA]), "WaitSeconds": 0});
    let begun = app.client.call("DeleteChatGroupParticipants", &app.first, request).await.expect(200, "OK");
    eventually("Meta has done it", async || numbers(&app, &group.id).await.is_empty().then_some(())).await;
    app.age_changes().await;
    assert_eq!(app.settled(&begun["UniqueCode"]).await["Status"], "SUCCEEDED");
}

#[actix_web::test]
async fn a_list_that_names_somebody_twice_or_nobody_is_refused_by_its_path() {
    let app = TestApp::start().await;
    for (list, code, path) in [
        (named(&[MARA, "+1 650 555 0101"]), "InvalidParameter", "`List[1].ParticipantNumber`"),
        (named(&[MARA, "us.1"]), "InvalidParameter", "`List[1].ParticipantNumber`"),
        (json!([{"ParticipantNumber": MARA, "Role": "ADMIN"}]), "InvalidParameter", "`List[0].Role`"),
        (json!([{}]), "MissingParameter", "`List[0].ParticipantNumber`"),
        (json!([]), "MissingParameter", "`List`"),
        (json!({"ParticipantNumber": MARA}), "InvalidParameter", "`List`"),
        (
            (0..9).map(|n| json!({"ParticipantNumber": format!("1650555010{n}")})).collect(),
            "InvalidParameter",
            "`List`",
        ),
    ] {
        for operation in ["DeleteChatGroupParticipants", "AddChatGroupParticipants"] {
            let request = json!({"GroupId": app.first.group_id, "List": list});
            let refused = app.client.call(operation, &app.first, request).await.expect(400, code);
            assert!(refused["Message"].as_str().unwrap().starts_with(path), "{refused}");
        }
    }
    assert_eq!(app.sandbox.count("DELETE", "/participants").await, 0);
}
