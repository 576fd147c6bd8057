//! The samples of the field `messages`.

use serde_json::{Value, json};

use super::{told_of, user};

const AT: &str = "2025-08-18T20:27:57Z";

fn message(more: Value) -> Value {
    let mut message = json!({"id": "wamid.1", "timestamp": "1755548877", "from": "16505551234"});
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let contacts = json!([{"profile": {"name": "N"}, "wa_id": "16505551234"}]);
    json!({"contacts": contacts, "messages": [message]})
}

fn received(more: Value) -> Value {
    let mut data = json!({"MessageId": "wamid.1", "From": "16505551234", "MessageType": null, "Content": null,
                          "ContextMessageId": null});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"Type": "message.received", "OccurredAt": AT, "Data": data})
}

/// A status of a message to the group.
fn status(kind: &str, more: Value) -> Value {
    let mut status = json!({"id": "wamid.1", "status": kind, "timestamp": "1755548877", "recipient_id": "G", "recipient_type": "group"});
    status.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"statuses": [status]})
}

fn of_group(event_type: &str, participants: Value, pricing: Value) -> Value {
    let data = json!({"MessageId": "wamid.1", "Recipient": "G", "RecipientType": "group", "Participants": participants,
                      "Pricing": pricing});
    json!({"Type": event_type, "GroupId": "G", "OccurredAt": AT, "Data": data})
}

#[test]
fn a_message_in_a_group_is_filed_under_it_and_one_to_the_business_is_not() {
    let alone = message(json!({"type": "text", "text": {"body": "Hello"}}));
    let expected = received(json!({"MessageType": "text", "Content": {"body": "Hello"}}));
    assert_eq!(told_of("messages", &alone), expected);
    let mut in_group = alone;
    in_group["messages"][0]["group_id"] = json!("G");
    let mut expected = expected;
    expected["GroupId"] = json!("G");
    assert_eq!(told_of("messages", &in_group), expected);
}

#[test]
fn the_content_is_what_meta_has_under_the_types_name_whatever_it_is() {
    for (kind, content) in [
        ("image", json!({"id": "7", "mime_type": "image/jpeg", "caption": "C"})),
        ("contacts", json!([{"name": {"formatted_name": "M"}}])),
        ("reaction", json!({"message_id": "wamid.0", "emoji": "👍"})),
        ("system", json!({"body": "B", "type": "user_changed_number"})),
        ("something_new", json!("x")),
    ] {
        let sample = message(json!({"type": kind, kind: content}));
        assert_eq!(told_of("messages", &sample), received(json!({"MessageType": kind, "Content": content})));
    }
    for kind in ["id", "from", "context"] {
        let told = told_of("messages", &message(json!({"type": kind})));
        assert_eq!(told["Data"]["Content"], json!(null), "{kind} is no content");
    }
}

#[test]
fn an_answer_names_what_it_answers() {
    let answer = message(json!({"type": "text", "text": {"body": "B"}, "context": {"from": "155", "id": "wamid.0"}}));
    assert_eq!(told_of("messages", &answer)["Data"]["ContextMessageId"], "wamid.0");
}

#[test]
fn content_that_meta_does_not_pass_on_is_told_with_its_reason() {
    let sample = message(
        json!({"type": "unsupported", "errors": [{"code": 130_501, "title": "Message type is not currently supported"}]}),
    );
    let mut expected = received(json!({"MessageType": "unsupported"}));
    let title = "Message type is not currently supported";
    expected["Errors"] = json!([{"Code": 130_501, "Title": title, "Message": null, "Details": null}]);
    assert_eq!(told_of("messages", &sample), expected);
}

#[test]
fn a_user_who_hides_the_number_is_named_by_the_user_id() {
    for (from, contact) in [
        (json!({"from": "", "from_user_id": "US.1"}), json!({"user_id": "US.1"})),
        (json!({"from": null}), json!({"profile": {}, "user_id": "US.1"})),
    ] {
        let mut sample = message(from);
        sample["contacts"] = json!([contact]);
        assert_eq!(told_of("messages", &sample)["Data"]["From"], "US.1", "{sample}");
    }
}

#[test]
fn a_message_to_a_group_was_sent_or_failed_as_a_whole() {
    assert_eq!(told_of("messages", &status("sent", json!({}))), of_group("message.sent", json!([]), json!(null)));
    let error =
        json!({"code": 131_020, "title": "T", "message": "M", "error_data": {"details": "D"}, "href": "https://x"});
    let mut expected = of_group("message.failed", json!([]), json!(null));
    expected["Errors"] = json!([{"Code": 131_020, "Title": "T", "Message": "M", "Details": "D"}]);
    assert_eq!(told_of("messages", &status("failed", json!({"errors": [error]}))), expected);
}

#[test]
fn who_got_or_read_it_is_named_by_either_spelling() {
    let participants = json!([user("16505551234", Some("16505551234"), None, None)]);
    for (kind, event_type) in [("delivered", "message.delivered"), ("read", "message.read")] {
        for spelling in ["recipient_participant_id", "participant_recipient_id"] {
            let told = told_of("messages", &status(kind, json!({spelling: "16505551234"})));
            assert_eq!(told, of_group(event_type, participants.clone(), json!(null)), "{spelling}");
        }
    }
}

#[test]
fn a_status_in_the_openapi_documents_form_has_the_group_beside_the_recipient() {
    let sample = json!({"statuses": [{"id": "wamid.1", "status": "read", "timestamp": "1755548877", "group_id": "G",
                                      "recipient_id": "16505551234"}]});
    let participants = json!([user("16505551234", Some("16505551234"), None, None)]);
    assert_eq!(told_of("messages", &sample), of_group("message.read", participants, json!(null)));
}

#[test]
fn a_participant_is_known_by_the_contact_beside_the_status() {
    let mut sample = status("read", json!({"recipient_participant_user_id": "US.1"}));
    sample["contacts"] = json!([
        {"profile": {"name": "O"}, "wa_id": "16505550000", "user_id": "US.2"},
        {"profile": {"name": "N", "username": "mara"}, "user_id": "US.1", "wa_id": "16505551234"},
    ]);
    let participants = json!([user("16505551234", Some("16505551234"), Some("US.1"), Some("mara"))]);
    assert_eq!(told_of("messages", &sample), of_group("message.read", participants, json!(null)));
    sample["contacts"] = json!([]);
    let participants = json!([user("US.1", None, Some("US.1"), None)]);
    assert_eq!(told_of("messages", &sample), of_group("message.read", participants, json!(null)));
}

#[test]
fn the_price_is_found_beside_the_conversation_and_in_it() {
    let metas = json!({"billable": true, "pricing_model": "PMP", "type": "regular", "category": "group_utility"});
    let ours = json!({"Billable": true, "PricingModel": "PMP", "Type": "regular", "Category": "group_utility"});
    for more in [
        json!({"pricing": metas}),
        json!({"conversation": {"id": "C", "pricing": metas}}),
        json!({"conversation": {"id": "C"}, "pricing": metas}),
    ] {
        let told = told_of("messages", &status("delivered", more));
        assert_eq!(told, of_group("message.delivered", json!([]), ours.clone()));
    }
}

#[test]
fn a_message_to_a_person_names_the_person_alone() {
    for (recipient, named) in [
        (json!({"recipient_id": "16505551234"}), "16505551234"),
        (json!({"recipient_id": "", "recipient_user_id": "US.1", "recipient_type": "individual"}), "US.1"),
    ] {
        let mut sample = json!({"id": "wamid.1", "status": "delivered", "timestamp": 1_755_548_877});
        sample.as_object_mut().unwrap().extend(recipient.as_object().unwrap().clone());
        let data = json!({"MessageId": "wamid.1", "Recipient": named, "RecipientType": "individual", "Participants": [],
                          "Pricing": null});
        let expected = json!({"Type": "message.delivered", "OccurredAt": AT, "Data": data});
        assert_eq!(told_of("messages", &json!({"statuses": [sample]})), expected);
    }
}
