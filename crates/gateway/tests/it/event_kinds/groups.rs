//! A group's life.

use serde_json::{Value, json};

use super::{Feed, control, fail_later};
use crate::support::TestApp;

const LIFECYCLE: &str = "group_lifecycle_update";
const SETTINGS: &str = "group_settings_update";
const STATUS: &str = "group_status_update";

async fn call(app: &TestApp, operation: &str, parameters: Value) -> Value {
    app.client.call(operation, &app.first, parameters).await.body()
}

#[actix_web::test]
async fn a_group_is_made_changed_suspended_and_deleted() {
    let app = TestApp::start().await;
    let feed = Feed::of(&app, &app.first).await;
    let wanted = json!({"Subject": "A group", "Description": "For questions", "JoinApprovalMode": "approval_required"});
    let made = call(&app, "AddChatGroup", wanted).await;
    let group = &made["GroupId"];
    let created = feed.of_number("group.created", LIFECYCLE).await;
    let data = json!({"Subject": "A group", "Description": "For questions", "InviteLink": made["InviteLink"],
                      "JoinApprovalMode": "approval_required"});
    assert_eq!(created, json!({"GroupId": group, "UniqueCode": made["UniqueCode"], "Data": data}));

    let changed =
        call(&app, "UpdateChatGroup", json!({"GroupId": group, "Subject": "Another", "Description": ""})).await;
    let done = json!({"UpdateSuccessful": true});
    let data = json!({"Fields": {"Subject": done, "Description": done}, "Subject": "Another", "Description": ""});
    let expected = json!({"GroupId": group, "UniqueCode": changed["UniqueCode"], "Data": data});
    assert_eq!(feed.of_number("group.settings.updated", SETTINGS).await, expected);

    for (what, event_type) in [("suspend", "group.suspended"), ("unsuspend", "group.unsuspended")] {
        control(&app, &format!("groups/{}/{what}", group.as_str().unwrap()), json!({})).await;
        let expected = json!({"GroupId": group, "Data": {}});
        assert_eq!(feed.of_number(event_type, STATUS).await, expected);
    }

    let deleted = call(&app, "DeleteChatGroup", json!({"GroupId": group})).await;
    let expected = json!({"GroupId": group, "UniqueCode": deleted["UniqueCode"], "Data": {}});
    assert_eq!(feed.of_number("group.deleted", LIFECYCLE).await, expected);
}

#[actix_web::test]
async fn what_was_accepted_and_then_failed_is_told_with_metas_reason() {
    let app = TestApp::start().await;
    let feed = Feed::of(&app, &app.first).await;
    fail_later(&app, "POST", "*/groups", json!({"code": 131_211})).await;
    let refused = call(&app, "AddChatGroup", json!({"Subject": "A group"})).await;
    let failed = feed.of_number("group.create_failed", LIFECYCLE).await;
    assert_eq!((&failed["UniqueCode"], &failed["GroupId"]), (&refused["UniqueCode"], &Value::Null), "{failed}");
    assert_eq!(failed["Data"]["Subject"], "A group");
    assert_eq!(failed["Errors"][0]["Code"], 131_211, "{failed}");

    let group = app.first.spare_group_id;
    fail_later(&app, "DELETE", &format!("*/{group}"), json!({"code": 131_000})).await;
    let refused = call(&app, "DeleteChatGroup", json!({"GroupId": group})).await;
    let failed = feed.of_number("group.delete_failed", LIFECYCLE).await;
    assert_eq!((&failed["UniqueCode"], &failed["GroupId"]), (&refused["UniqueCode"], &json!(group)), "{failed}");
    assert_eq!((&failed["Data"], &failed["Errors"][0]["Code"]), (&json!({}), &json!(131_000)), "{failed}");
}

#[actix_web::test]
async fn settings_of_which_one_failed_are_told_apart() {
    let app = TestApp::start().await;
    let feed = Feed::of(&app, &app.first).await;
    let group = app.first.group_id;
    fail_later(&app, "POST", &format!("*/{group}"), json!({"code": 131_000, "part": "group_subject"})).await;
    let request = json!({"GroupId": group, "Subject": "Another", "Description": "For questions"});
    let changed = call(&app, "UpdateChatGroup", request).await;
    let event = feed.of_number("group.settings.updated", SETTINGS).await;
    assert_eq!(event["UniqueCode"], changed["UniqueCode"]);
    assert_eq!(event["Data"]["Fields"], changed["Fields"], "as the call was answered");
    assert_eq!((&event["Data"]["Subject"], &event["Data"]["Description"]), (&Value::Null, &json!("For questions")));
    assert!(event["Errors"][0]["Code"].is_i64(), "{event}");
}
