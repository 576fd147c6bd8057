//! The examples of webhooks in Meta's OpenAPI document (MIT), all of them.

use graph_client::webhooks;
use serde_json::{Value, json};

use super::{told_of, user};

const META: &str = include_str!("../../../../../graph-sandbox/tests/meta/groups-openapi.yaml");
const GROUP: &str = "Y2FwaV9ncm91cDoxODA1NTU1MDE3MjoxMjAzNjMyMjI3NzE5NjMwNjcZD";

/// The one change of each example: its name, its field and its value.
fn examples() -> Vec<(String, String, Value)> {
    let document: Value = serde_norway::from_str(META).unwrap();
    let examples =
        &document["paths"]["/whatsapp/webhooks"]["post"]["requestBody"]["content"]["application/json"]["examples"];
    let changes = |(name, example): (&String, &Value)| {
        let mut changes = webhooks::parse(example["value"].to_string().as_bytes()).unwrap();
        assert_eq!(changes.len(), 1, "{name}");
        let change = changes.remove(0);
        (name.clone(), change.field, serde_json::from_str(change.value.get()).unwrap())
    };
    examples.as_object().unwrap().iter().map(changes).collect()
}

#[test]
fn each_example_of_groups_becomes_the_event_that_it_is_about() {
    let two = json!([
        user("16505551234", Some("16505551234"), None, None),
        user("16505551235", Some("16505551235"), None, None),
    ]);
    let expected = [
        (
            "Group Create Message",
            "group.created",
            json!({"Subject": "your-group-subject", "Description": "your-group-description", "InviteLink": null,
                   "JoinApprovalMode": null}),
        ),
        (
            "Group Settings Update",
            "group.settings.updated",
            json!({"Fields": {"ProfilePicture": {"UpdateSuccessful": true}}, "Subject": null, "Description": null}),
        ),
        // It calls itself `group_create`.
        ("Group Remove Participants", "group.participant.removed", json!({"Participants": two, "Failed": []})),
    ];
    let examples = examples();
    for (name, event_type, data) in expected {
        let (_, field, value) = examples.iter().find(|(example, ..)| example == name).unwrap();
        let event = json!({"Type": event_type, "GroupId": GROUP, "OccurredAt": "2025-06-18T17:55:42Z", "Data": data});
        assert_eq!(told_of(field, value), event, "{name}");
    }
    let of_groups = examples.iter().filter(|(_, field, _)| field.starts_with("group_"));
    assert_eq!(of_groups.count(), 3, "an example that nothing is expected of");
}

#[test]
fn each_example_of_messages_is_received_with_its_content_as_meta_wrote_it() {
    let messages: Vec<_> = examples().into_iter().filter(|(_, field, _)| field == "messages").collect();
    assert_eq!(messages.len(), 13);
    for (name, field, value) in messages {
        let message = &value["messages"][0];
        let kind = message["type"].as_str().unwrap();
        let told = told_of(&field, &value);
        let data = json!({
            "MessageId": message["id"],
            "From": "16505551234",
            "MessageType": kind,
            "Content": message[kind],
            "ContextMessageId": message["context"]["id"],
        });
        assert_eq!(told["Type"], "message.received", "{name}");
        assert_eq!(told["Data"], data, "{name}");
        assert_eq!(told.get("Errors").is_some(), kind == "unsupported", "{name}");
        let at = super::super::instant(message["timestamp"].as_str().unwrap().parse().unwrap()).unwrap();
        assert_eq!(told["OccurredAt"], cams_api::instant::in_seconds(at), "{name}");
    }
}
