//! Bodies that work beside the demo.

use cams_api::operations::{EXAMPLE_GROUP_ID, EXAMPLE_JOIN_REQUEST_ID, EXAMPLE_PARTICIPANT, EXAMPLE_TEMPLATE_NAME};
use serde_json::{Value, json};

use crate::operations::GraphCall;

/// The body of `call`; of those that say nothing, the product alone.
pub(super) fn of(call: GraphCall) -> Value {
    let mut body = match call {
        GraphCall::CreateGroup => json!({"subject": "Order 1042", "join_approval_mode": "auto_approve"}),
        GraphCall::UpdateGroup => json!({"description": "All about your order"}),
        GraphCall::ApproveJoinRequests | GraphCall::RejectJoinRequests => {
            json!({"join_requests": [EXAMPLE_JOIN_REQUEST_ID]})
        }
        GraphCall::AddParticipants | GraphCall::RemoveParticipants => {
            json!({"participants": [{"user": EXAMPLE_PARTICIPANT}]})
        }
        GraphCall::SendMessage => message(),
        GraphCall::CreateTemplate => template(),
        GraphCall::EditTemplate => json!({"category": "MARKETING"}),
        _ => json!({}),
    };
    body["messaging_product"] = "whatsapp".into();
    body
}

fn message() -> Value {
    let text = json!({"body": "Your watch is ready."});
    json!({"recipient_type": "group", "to": EXAMPLE_GROUP_ID, "type": "text", "text": text})
}

fn template() -> Value {
    let name = format!("{EXAMPLE_TEMPLATE_NAME}_2");
    json!({"name": name, "language": "en", "category": "UTILITY", "library_template_name": "group_invite_link"})
}
