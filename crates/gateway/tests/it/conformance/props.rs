//! What the operations' requests are about beside what the demo has: a message, a template, a user's ID.

use cams_api::operations::EXAMPLE_MESSAGE_ID;
use serde_json::{Value, json};

use super::cases::{Case, ORDER_UPDATE, USER_ID};
use crate::support::TestApp;

/// The user whose ID is [`USER_ID`].
pub(super) const USER: &str = "16505550103";

/// What the demo lacks and requests name.
pub(super) struct Props {
    message_id: String,
}

impl Props {
    /// Everything that is named, made by calls of its own.
    pub(super) async fn make(app: &TestApp) -> Self {
        for group_id in [app.first.group_id, app.first.spare_group_id, graph_sandbox::DEMO_APPROVAL_GROUP_ID_1] {
            let group = json!({"GroupId": group_id});
            app.client.call("GetChatGroupInviteLink", &app.first, group).await.expect(200, "OK");
        }
        app.sandbox.put(&format!("users/{USER}"), json!({"user_id": USER_ID})).await;
        for user in [USER, graph_sandbox::DEMO_PARTICIPANT] {
            // Whom the business may then answer in its own words.
            let written = json!({"phone_number_id": app.first.phone_number_id, "text": "Hello"});
            let (status, body) = app.sandbox.post(&format!("users/{user}/messages"), written).await;
            assert_eq!(status, 200, "{body}");
        }
        make_template(app).await;
        let message_id = send_message(app).await;
        Self { message_id }
    }

    /// A case's request, about these.
    pub(super) fn request(&self, case: &Case) -> Value {
        let written = case.request.to_string().replace(EXAMPLE_MESSAGE_ID, &self.message_id);
        serde_json::from_str(&written).unwrap()
    }
}

/// A template with words of ours and buttons.
async fn make_template(app: &TestApp) {
    let example = json!({"body_text": [["Mara", "17 h"]]});
    let buttons = json!([{"type": "QUICK_REPLY", "text": "Yes"}, {"type": "QUICK_REPLY", "text": "No"}]);
    let order_update = json!({
        "name": ORDER_UPDATE, "language": "en", "category": "UTILITY",
        "components": [
            {"type": "BODY", "text": "Hello {{1}}, come at {{2}} please.", "example": example},
            {"type": "BUTTONS", "buttons": buttons},
        ],
    });
    app.make_template(&order_update).await;
}

/// A message to the example's group; its ID.
async fn send_message(app: &TestApp) -> String {
    let key = app.key("key-of-the-props", &[("*", &["cams:*"])]).await;
    let message = json!({
        "CustSpaceId": app.first.cust_space_id, "From": app.first.business_number, "To": app.first.group_id,
        "RecipientType": "group", "Type": "message", "MessageType": "text", "Content": r#"{"text": "Read this"}"#,
    });
    let sent = app.client.call_as(&key, "SendChatappMessage", message).await.expect(200, "OK");
    sent["MessageId"].as_str().unwrap().to_owned()
}
