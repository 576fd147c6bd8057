//! What users write, and what becomes of what the business writes.

use serde_json::{Value, json};

use super::{Feed, MARA, NOAH, control, fail_later, mara, name_mara};
use crate::support::TestApp;

const FIELD: &str = "messages";

/// The business writes to a group; the message's ID.
async fn write_to_group(app: &TestApp, group: &str) -> Value {
    let content = json!({"text": "Hello all"}).to_string();
    let request = json!({
        "CustSpaceId": app.first.cust_space_id, "From": app.first.business_number, "To": group, "RecipientType": "group",
        "Type": "message", "MessageType": "text", "Content": content,
    });
    app.client.call_as(&app.first.key, "SendChatappMessage", request).await.expect(200, "OK")["MessageId"].clone()
}

#[actix_web::test]
async fn users_write_in_a_group_and_to_the_business_alone() {
    let app = TestApp::start().await;
    let feed = Feed::of(&app, &app.first).await;
    let group = app.group_with(&[MARA]).await;
    for (to, group_id) in [
        (json!({"group_id": group.id, "text": "Hello"}), Some(&group.id)),
        (json!({"phone_number_id": app.first.phone_number_id, "text": "Hello"}), None),
    ] {
        let sent = control(&app, &format!("users/{MARA}/messages"), to).await;
        let is_it = |event: &Value| event["Data"]["MessageId"] == sent["message_id"];
        let received = feed.of_number_where("message.received", FIELD, is_it).await;
        let data = json!({"MessageId": sent["message_id"], "From": MARA, "MessageType": "text",
                          "Content": {"body": "Hello"}, "ContextMessageId": null});
        let mut expected = json!({"Data": data});
        if let Some(group_id) = group_id {
            expected["GroupId"] = json!(group_id);
        }
        assert_eq!(received, expected);
    }
}

#[actix_web::test]
async fn a_message_to_a_group_is_sent_delivered_to_each_and_read_by_one() {
    let app = TestApp::start().await;
    name_mara(&app).await;
    let feed = Feed::of(&app, &app.first).await;
    let group = app.group_with(&[MARA, NOAH]).await;
    let message = write_to_group(&app, &group.id).await;
    let expected = |participants: Value| {
        let data = json!({"MessageId": message, "Recipient": group.id, "RecipientType": "group",
                          "Participants": participants, "Pricing": null});
        json!({"GroupId": group.id, "Data": data})
    };
    let sent = feed.of_number("message.sent", FIELD).await;
    assert_eq!(sent, expected(json!([])));
    let to = |user: &'static str| move |event: &Value| event["Data"]["Participants"][0]["ParticipantNumber"] == user;
    let delivered = feed.of_number_where("message.delivered", FIELD, to(MARA)).await;
    assert_eq!(delivered, expected(json!([mara()])));
    feed.of_number_where("message.delivered", FIELD, to(NOAH)).await;
    control(&app, &format!("users/{MARA}/read"), json!({"message_id": message})).await;
    let read = feed.of_number("message.read", FIELD).await;
    assert_eq!(read, expected(json!([mara()])));
}

#[actix_web::test]
async fn a_message_that_failed_is_told_with_metas_reason() {
    let app = TestApp::start().await;
    let feed = Feed::of(&app, &app.first).await;
    fail_later(&app, "POST", "*/messages", json!({"code": 131_000})).await;
    let message = write_to_group(&app, app.first.group_id).await;
    let failed = feed.of_number("message.failed", FIELD).await;
    assert_eq!((&failed["GroupId"], &failed["Data"]["MessageId"]), (&json!(app.first.group_id), &message), "{failed}");
    assert_eq!(failed["Errors"][0]["Code"], 131_000, "{failed}");
}
