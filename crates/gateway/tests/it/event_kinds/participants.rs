//! Who comes, asks and goes.

use serde_json::{Value, json};

use super::{Feed, MARA, MARAS_USER_ID, NOAH, control, mara, name_mara};
use crate::support::TestApp;

const FIELD: &str = "group_participants_update";

#[actix_web::test]
async fn a_user_joins_by_the_link_and_leaves() {
    let app = TestApp::start().await;
    name_mara(&app).await;
    let feed = Feed::of(&app, &app.first).await;
    let group = app.group_with(&[MARA]).await;
    let joined = json!({"GroupId": group.id, "Data": {"Participants": [mara()], "Reason": "invite_link"}});
    assert_eq!(feed.of_number("group.participant.joined", FIELD).await, joined);
    control(&app, &format!("users/{MARA}/leave"), json!({"group_id": group.id})).await;
    let left = json!({"GroupId": group.id, "Data": {"Participants": [mara()], "Failed": []}});
    assert_eq!(feed.of_number("group.participant.left", FIELD).await, left);
}

#[actix_web::test]
async fn a_user_who_hides_the_number_is_told_by_the_user_id() {
    let app = TestApp::start().await;
    name_mara(&app).await;
    app.sandbox.put(&format!("users/{MARA}"), json!({"hide_wa_id": true})).await;
    let feed = Feed::of(&app, &app.first).await;
    app.group_with(&[MARA]).await;
    let joined = feed.of_number("group.participant.joined", FIELD).await;
    let hidden = json!({"ParticipantNumber": MARAS_USER_ID, "WaId": null, "UserId": MARAS_USER_ID, "Username": "mara"});
    assert_eq!(joined["Data"]["Participants"], json!([hidden]));
}

#[actix_web::test]
async fn users_whom_the_business_removes_are_told_with_those_who_could_not_be() {
    let app = TestApp::start().await;
    let feed = Feed::of(&app, &app.first).await;
    let group = app.group_with(&[MARA]).await;
    let list = json!([{"ParticipantNumber": MARA}, {"ParticipantNumber": NOAH}]);
    let answer = app.client.call("DeleteChatGroupParticipants", &app.first, json!({"GroupId": group.id, "List": list}));
    let answer = answer.await.expect(200, "PartialSuccess");
    let removed = feed.of_number("group.participant.removed", FIELD).await;
    assert_eq!((&removed["GroupId"], &removed["UniqueCode"]), (&json!(group.id), &answer["UniqueCode"]));
    assert_eq!(removed["Data"]["Participants"][0]["ParticipantNumber"], MARA, "{removed}");
    assert_eq!(removed["Data"]["Failed"], answer["Failed"], "as the call was answered");
    assert_eq!(removed["Errors"][0]["Code"], 131_212, "{removed}");
}

#[actix_web::test]
async fn a_user_asks_and_takes_it_back_and_another_is_let_in() {
    let app = TestApp::start().await;
    name_mara(&app).await;
    let feed = Feed::of(&app, &app.first).await;
    let (group, requests) = app.group_asked_by(&[MARA, NOAH]).await;
    let data = json!({"JoinRequestId": requests[0], "Participant": mara(), "Reason": "invite_link"});
    let is_maras = |event: &Value| event["Data"]["JoinRequestId"] == json!(requests[0]);
    let asked = feed.of_number_where("group.join_request.created", FIELD, is_maras).await;
    assert_eq!(asked, json!({"GroupId": group.id, "Data": data}));
    control(&app, &format!("users/{MARA}/revoke"), json!({"join_request_id": requests[0]})).await;
    let revoked = feed.of_number_where("group.join_request.revoked", FIELD, is_maras).await;
    assert_eq!(revoked, json!({"GroupId": group.id, "Data": data}));
    let decided = json!({"GroupId": group.id, "List": [requests[1]]});
    app.client.call("ApproveChatGroupJoinRequests", &app.first, decided).await.expect(200, "OK");
    let joined = feed.of_number("group.participant.joined", FIELD).await;
    assert_eq!(joined["Data"]["Participants"][0]["ParticipantNumber"], NOAH, "{joined}");
}
