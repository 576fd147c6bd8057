//! `UpdateChatGroup`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{Answered, META_MAY_TAKE, Reply, TestApp, WebServer, eventually, fixture};

async fn update(app: &TestApp, group: &str, settings: Value) -> Answered {
    let mut request = json!({"GroupId": group});
    request.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    app.client.call("UpdateChatGroup", &app.first, request).await
}

async fn seen(app: &TestApp, group: &str) -> Value {
    let answer = app.client.call("GetChatGroup", &app.first, json!({"GroupId": group})).await;
    answer.expect(200, "OK")["Data"].clone()
}

fn picture(name: &str) -> String {
    STANDARD.encode(fixture(&format!("pictures/{name}")))
}

/// What was sent to Meta about the group itself, last.
async fn last_sent(app: &TestApp, group: &str) -> Value {
    let is_update = |asked: &Value| asked["method"] == "POST" && asked["path"].as_str().unwrap().ends_with(group);
    app.sandbox.requests().await.into_iter().rfind(is_update).unwrap()
}

fn changed() -> Value {
    json!({"UpdateSuccessful": true})
}

#[actix_web::test]
async fn a_new_name_and_description_are_seen_everywhere() {
    let app = TestApp::start().await;
    let group = app.group_with(&[]).await;
    let updated = update(&app, &group.id, json!({"Subject": " Order 1042 ", "Description": "Questions"})).await;
    let updated = updated.expect(200, "OK");
    assert_eq!(updated["Fields"], json!({"Subject": changed(), "Description": changed()}));
    assert_eq!(updated["Result"], 1);
    let data = seen(&app, &group.id).await;
    assert_eq!((&data["Subject"], &data["Description"]), (&json!("Order 1042"), &json!("Questions")));
    let sent = last_sent(&app, &group.id).await;
    assert_eq!(sent["headers"]["content-type"], "application/json", "{sent}");
    eventually("the mirror has them", async || {
        let all = json!({"Page": {"Index": 1, "Size": 10}, "Subject": "order 1042"});
        let listed = app.client.call("ListChatGroup", &app.first, all).await.expect(200, "OK");
        (listed["Data"]["List"][0]["Description"] == "Questions").then_some(())
    })
    .await;
    let state = app.settled(&updated["UniqueCode"]).await;
    assert_eq!((&state["Operation"], &state["Status"]), (&json!("UpdateChatGroup"), &json!("SUCCEEDED")));
    assert_eq!(state["Fields"], updated["Fields"]);
}

#[actix_web::test]
async fn an_empty_description_takes_it_away_and_leaves_the_name() {
    let app = TestApp::start().await;
    let group = app.group_with(&[]).await;
    update(&app, &group.id, json!({"Description": "D"})).await.expect(200, "OK");
    let updated = update(&app, &group.id, json!({"Description": ""})).await.expect(200, "OK");
    assert_eq!(updated["Fields"], json!({"Description": changed()}));
    let data = seen(&app, &group.id).await;
    assert_eq!(data["Subject"], "A group");
    assert!(matches!(data["Description"].as_str(), None | Some("")), "{data}");
}

#[actix_web::test]
async fn a_picture_in_base64_arrives_as_a_form_with_what_else_is_changed() {
    let app = TestApp::start().await;
    let group = app.group_with(&[]).await;
    let updated = update(&app, &group.id, json!({"ProfilePictureFile": picture("baseline.jpg"), "Subject": "S"})).await;
    let updated = updated.expect(200, "OK");
    assert_eq!(updated["Fields"], json!({"Subject": changed(), "ProfilePicture": changed()}));
    let sent = last_sent(&app, &group.id).await;
    assert!(sent["headers"]["content-type"].as_str().unwrap().starts_with("multipart/form-data; boundary="), "{sent}");
    assert_eq!(seen(&app, &group.id).await["Subject"], "S");
    let data_url = format!("data:image/jpeg;base64,{}", picture("progressive.jpg"));
    update(&app, &group.id, json!({"ProfilePictureFile": data_url})).await.expect(200, "OK");
}

#[actix_web::test]
async fn a_picture_is_fetched_from_an_address_that_may_be_reached() {
    let app = TestApp::with(&[("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8")]).await;
    let web = WebServer::start(Reply::file("image/jpeg", &fixture("pictures/baseline.jpg"))).await;
    let url = format!("http://{}/picture.jpg", web.addr);
    let updated = update(&app, app.first.group_id, json!({"ProfilePictureFile": url})).await.expect(200, "OK");
    assert_eq!(updated["Fields"], json!({"ProfilePicture": changed()}));
}

#[actix_web::test]
async fn a_picture_that_meta_would_refuse_is_refused_before_anything_is_sent() {
    let app = TestApp::start().await;
    let group = app.group_with(&[]).await;
    for file in ["1x1.jpg", "191x191.jpg", "192x193.jpg", "picture.png", "picture.gif", "picture.webp"] {
        let refused = update(&app, &group.id, json!({"ProfilePictureFile": picture(file), "Subject": "T"})).await;
        let refused = refused.expect(400, "InvalidParameter");
        assert!(refused["Message"].as_str().unwrap().contains("`ProfilePictureFile`"), "{file}: {refused}");
    }
    for value in ["http://169.254.169.254/latest", "https://169.254.169.254/", "https://0xA9FEA9FE/", "not base64!"] {
        let refused = update(&app, &group.id, json!({"ProfilePictureFile": value})).await;
        let refused = refused.expect(400, "InvalidParameter");
        assert!(refused["Message"].as_str().unwrap().contains("`ProfilePictureFile`"), "{value}: {refused}");
    }
    assert_eq!(app.sandbox.count("POST", &group.id).await, 0);
    assert_eq!(seen(&app, &group.id).await["Subject"], "A group");
}

#[actix_web::test]
async fn a_picture_of_5_mb_fits_into_a_request_and_a_larger_request_is_refused() {
    let app = TestApp::start().await;
    let mut whole = fixture("pictures/baseline.jpg");
    let end = whole.split_off(whole.len() - 2);
    // Comments before the end: a JPEG may have as many as it likes.
    while whole.len() + end.len() < 5 * 1024 * 1024 {
        let left = 5 * 1024 * 1024 - whole.len() - end.len();
        let length = left.clamp(4, 60_000);
        whole.extend([0xFF, 0xFE]);
        whole.extend(u16::try_from(length - 2).unwrap().to_be_bytes());
        whole.extend(std::iter::repeat_n(b' ', length - 4));
    }
    whole.extend(end);
    let request = json!({"ProfilePictureFile": STANDARD.encode(&whole)});
    update(&app, app.first.group_id, request).await.expect(200, "OK");
    let huge = json!({"ProfilePictureFile": "A".repeat(7 * 1024 * 1024)});
    update(&app, app.first.group_id, huge).await.expect(413, "RequestTooLarge");
    let other = json!({"GroupId": app.first.group_id, "IncludeInviteLink": "A".repeat(256 * 1024)});
    app.client.call("GetChatGroup", &app.first, other).await.expect(413, "RequestTooLarge");
}

#[actix_web::test]
async fn what_is_recorded_of_a_picture_is_its_size_and_digest() {
    let app = TestApp::start().await;
    update(&app, app.first.group_id, json!({"ProfilePictureFile": picture("baseline.jpg")})).await.expect(200, "OK");
    let mut database = crate::support::superuser(&app.database).await;
    let recorded: Value = sqlx::query_scalar("select request from changes").fetch_one(&mut database).await.unwrap();
    assert_eq!(recorded["ProfilePicture"]["Bytes"], fixture("pictures/baseline.jpg").len());
    assert_eq!(STANDARD.decode(recorded["ProfilePicture"]["Sha256"].as_str().unwrap()).unwrap().len(), 32);
    assert!(recorded.to_string().len() < 400, "{recorded}");
}

#[actix_web::test]
async fn each_setting_is_told_for_itself() {
    let app = TestApp::start().await;
    let group = app.group_with(&[]).await;
    let later = json!({"code": 131_000, "part": "group_description"});
    app.sandbox.fail(json!({"method": "POST", "path": format!("*/{}", group.id), "later": later})).await;
    let updated = update(&app, &group.id, json!({"Subject": "S", "Description": "D"})).await;
    let updated = updated.expect(200, "PartialSuccess");
    let fields = &updated["Fields"];
    assert_eq!((&fields["Subject"], &fields["Description"]["Code"]), (&changed(), &json!(131_000)), "{updated}");
    assert_eq!(fields["Description"]["UpdateSuccessful"], false);
    assert_eq!(app.settled(&updated["UniqueCode"]).await["Status"], "PARTIAL");

    let body = json!({"group_subject": {"update_successful": true}, "group_description": {"update_successful": false}});
    app.sandbox
        .fail(json!({"method": "POST", "path": format!("*/{}", group.id), "http_status": 206, "body": body}))
        .await;
    let updated = update(&app, &group.id, json!({"Subject": "S", "Description": "D"})).await;
    let expected = json!({"Subject": changed(), "Description": {"UpdateSuccessful": false}});
    assert_eq!(updated.expect(200, "PartialSuccess")["Fields"], expected);
}

#[actix_web::test]
async fn a_change_of_nothing_is_rejected_with_every_setting() {
    let app = TestApp::start().await;
    let group = app.group_with(&[]).await;
    app.sandbox.fail(json!({"method": "POST", "path": format!("*/{}", group.id), "later": {"code": 131_000}})).await;
    let refused = update(&app, &group.id, json!({"Subject": "S", "Description": "D"})).await;
    let refused = refused.expect(422, "Upstream.Rejected");
    for name in ["Subject", "Description"] {
        let field = &refused["Fields"][name];
        assert_eq!((&field["UpdateSuccessful"], &field["Code"]), (&json!(false), &json!(131_000)), "{refused}");
    }
    assert_eq!(refused["Upstream"]["Code"], 131_000);

    // The same where Meta names no setting.
    let body = json!({"errors": [{"code": 131_000, "message": "No luck"}]});
    app.sandbox
        .fail(json!({"method": "POST", "path": format!("*/{}", group.id), "http_status": 200, "body": body}))
        .await;
    let refused = update(&app, &group.id, json!({"Subject": "S"})).await.expect(422, "Upstream.Rejected");
    let failed = json!({"UpdateSuccessful": false, "Code": 131_000, "Message": "No luck"});
    assert_eq!(refused["Fields"], json!({ "Subject": failed }));
}

#[actix_web::test]
async fn a_suspended_group_keeps_its_settings() {
    let app = TestApp::start().await;
    let group = app.group_with(&[]).await;
    app.sandbox.post(&format!("groups/{}/suspend", group.id), json!({})).await;
    update(&app, &group.id, json!({"Subject": "S"})).await.expect(409, "Group.Suspended");
}

#[actix_web::test]
async fn settings_whose_webhook_never_comes_are_looked_up_at_meta() {
    let app = TestApp::start().await;
    let group = app.group_with(&[]).await;
    app.sandbox.webhooks(json!({"mode": "hold"})).await;
    let begun = update(&app, &group.id, json!({"Subject": "Nobody says so", "WaitSeconds": 0})).await.expect(200, "OK");
    assert!(begun.get("Fields").is_none(), "{begun}");
    eventually("Meta has done it", async || (seen(&app, &group.id).await["Subject"] == "Nobody says so").then_some(()))
        .await;
    app.age_changes().await;
    let state = app.settled(&begun["UniqueCode"]).await;
    assert_eq!((&state["Status"], &state["Fields"]), (&json!("SUCCEEDED"), &json!({"Subject": changed()})));
}

/// The `UniqueCode` of a change of which the caller hears nothing, `before` or `after` Meta took it on.
async fn lost(app: &TestApp, group: &str, settings: Value, when: &str) -> Value {
    app.sandbox.fail(json!({"method": "POST", "path": format!("*/{group}"), "close": when})).await;
    update(app, group, settings).await.expect(502, "Upstream.Unavailable")["UniqueCode"].clone()
}

#[actix_web::test]
async fn of_changes_whose_answers_were_lost_none_is_ended_by_the_event_of_another() {
    let app = TestApp::with(&[META_MAY_TAKE]).await;
    let group = app.group_with(&[]).await;
    let not_done = [
        lost(&app, &group.id, json!({"Subject": "One"}), "before").await,
        lost(&app, &group.id, json!({"Description": "One"}), "before").await,
    ];
    let done = lost(&app, &group.id, json!({"Description": "Another"}), "after").await;
    assert_eq!(app.settled(&done).await["Status"], "SUCCEEDED");
    app.age_changes().await;
    for unique_code in not_done {
        assert_eq!(app.settled(&unique_code).await["Status"], "UNKNOWN");
    }
    assert_eq!(seen(&app, &group.id).await["Description"], "Another");
}

#[actix_web::test]
async fn a_request_that_changes_nothing_or_too_much_is_refused() {
    let app = TestApp::start().await;
    let refused = update(&app, app.first.group_id, json!({})).await.expect(400, "MissingParameter");
    let told = "`Subject`, `Description` or `ProfilePictureFile` is required, and was absent or empty.";
    assert_eq!(refused["Message"], told);
    for (settings, path) in [
        (json!({"Subject": "  "}), "`Subject`"),
        (json!({"Subject": "x".repeat(129)}), "`Subject`"),
        (json!({"Description": "x".repeat(2049)}), "`Description`"),
        (json!({"ProfilePictureFile": ""}), "`ProfilePictureFile`"),
        (json!({"JoinApprovalMode": "auto_approve"}), "`JoinApprovalMode`"),
    ] {
        let refused = update(&app, app.first.group_id, settings).await.expect(400, "InvalidParameter");
        assert!(refused["Message"].as_str().unwrap().starts_with(path), "{refused}");
    }
}
