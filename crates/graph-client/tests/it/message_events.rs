//! The samples that Meta's pages have of the field `messages`, and the spellings they disagree on.

use graph_client::{
    Participant,
    webhooks::{Element, IncomingMessage, MessageStatus, OtherChange, Pricing, StatusKind, parse, read},
};
use serde_json::value::RawValue;

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

fn message(value: &RawValue) -> IncomingMessage<'_> {
    match read("messages", value) {
        Element::Message(message) => message,
        _ => panic!("{value}"),
    }
}

fn status(value: &str) -> MessageStatus {
    match read("messages", &raw(value)) {
        Element::Status(status) => status,
        _ => panic!("{value}"),
    }
}

fn other(field: &str, value: &str) -> OtherChange {
    match read(field, &raw(value)) {
        Element::Other(change) => change,
        _ => panic!("{value}"),
    }
}

/// A status of a message to the group `G`, with more members in it and beside it.
fn of_group(more: &str, beside: &str) -> MessageStatus {
    status(&format!(
        r#"{{"statuses":[{{"id":"wamid.1","status":"read","timestamp":"1755548877","recipient_id":"G",
            "recipient_type":"group"{more}}}]{beside}}}"#
    ))
}

#[test]
fn a_message_in_a_group_has_its_content_as_meta_wrote_it() {
    let value = raw(r#"{"contacts":[{"profile":{"name":"N"},"wa_id":"16505551234"}],
            "messages":[{"from":"16505551234","group_id":"G","id":"wamid.1","timestamp":"1755548877","type":"text",
                         "text":{"body" : "\u00e9"},"context":{"from":"155","id":"wamid.0"}}]}"#);
    let message = message(&value);
    assert_eq!((message.id.as_str(), message.kind.as_deref()), ("wamid.1", Some("text")));
    assert_eq!(message.group_id.unwrap().as_str(), "G");
    assert_eq!(message.from, Participant { wa_id: Some("16505551234".to_owned()), ..Participant::default() });
    assert_eq!(message.content.unwrap().get(), r#"{"body" : "\u00e9"}"#);
    assert_eq!((message.context_id.as_deref(), message.timestamp), (Some("wamid.0"), Some(1_755_548_877)));
}

#[test]
fn content_that_meta_does_not_pass_on_has_its_reason() {
    let value = raw(r#"{"messages":[{"id":"wamid.1","from":"1","type":"unsupported",
            "errors":[{"code":130501,"title":"T","error_data":{"details":"D"}}]}]}"#);
    let message = message(&value);
    assert!(message.content.is_none());
    assert_eq!((message.errors[0].code, message.errors[0].details.as_deref()), (Some(130_501), Some("D")));
}

#[test]
fn a_sender_who_hides_the_number_is_known_by_the_user_id_and_what_the_contact_says_more() {
    let value = raw(r#"{"contacts":[{"profile":{"name":"O","username":"oleg"},"user_id":"US.2"},
                        {"profile":{"name":"N","username":"mara"},"user_id":"US.1","parent_user_id":"US.P"}],
            "messages":[{"from_user_id":"US.1","from":"","id":"wamid.1","type":"text"}]}"#);
    let expected = Participant {
        user_id: Some("US.1".to_owned()),
        parent_user_id: Some("US.P".to_owned()),
        username: Some("mara".to_owned()),
        ..Participant::default()
    };
    assert_eq!(message(&value).from, expected);
}

#[test]
fn a_sender_whom_the_message_does_not_name_is_the_one_contact_and_none_of_several() {
    let sent = |contacts: &str| format!(r#"{{"contacts":[{contacts}],"messages":[{{"id":"wamid.1"}}]}}"#);
    let one = raw(&sent(r#"{"wa_id":"1"}"#));
    assert_eq!(message(&one).from.wa_id.as_deref(), Some("1"));
    let two = raw(&sent(r#"{"wa_id":"1"},{"wa_id":"2"}"#));
    assert_eq!(message(&two).from, Participant::default());
}

#[test]
fn each_word_for_what_became_of_a_message_is_read() {
    for (word, kind) in [
        ("sent", StatusKind::Sent),
        ("delivered", StatusKind::Delivered),
        ("read", StatusKind::Read),
        ("failed", StatusKind::Failed),
    ] {
        let value = format!(r#"{{"statuses":[{{"id":"wamid.1","status":"{word}","recipient_id":"16505551234"}}]}}"#);
        let status = status(&value);
        assert_eq!((status.kind, status.recipient.as_deref()), (kind, Some("16505551234")));
        assert_eq!((status.group_id, status.participant), (None, None));
    }
}

#[test]
fn a_participant_of_a_group_is_named_by_either_spelling_or_beside_the_group() {
    for spelling in ["recipient_participant_id", "participant_recipient_id"] {
        let status = of_group(&format!(r#","{spelling}":"16505551234""#), "");
        assert_eq!(status.participant.unwrap().wa_id.as_deref(), Some("16505551234"), "{spelling}");
        assert_eq!(status.recipient.as_deref(), Some("G"));
    }
    let reference =
        status(r#"{"statuses":[{"id":"wamid.1","status":"read","group_id":"G","recipient_id":"16505551234"}]}"#);
    assert_eq!(reference.group_id.unwrap().as_str(), "G");
    assert_eq!(reference.participant.unwrap().wa_id.as_deref(), Some("16505551234"));
}

#[test]
fn a_status_of_the_whole_group_names_no_participant() {
    assert_eq!(of_group("", r#","contacts":[{"wa_id":"16505551234"}]"#).participant, None);
    assert_eq!(of_group(r#","group_id":"G""#, "").participant, None);
}

#[test]
fn a_participant_who_hides_the_number_is_known_by_the_user_id() {
    let more = r#","recipient_participant_user_id":"US.1","recipient_participant_parent_user_id":"US.P""#;
    let contacts = r#","contacts":[{"profile":{"username":"mara"},"user_id":"US.1"}]"#;
    let expected = Participant {
        user_id: Some("US.1".to_owned()),
        parent_user_id: Some("US.P".to_owned()),
        username: Some("mara".to_owned()),
        ..Participant::default()
    };
    assert_eq!(of_group(more, contacts).participant, Some(expected));
}

#[test]
fn the_price_is_found_beside_the_conversation_and_in_it() {
    let price = r#"{"billable":"true","pricing_model":"PMP","type":"regular","category":"group_marketing"}"#;
    let expected = Pricing {
        billable: Some(true),
        model: Some("PMP".to_owned()),
        kind: Some("regular".to_owned()),
        category: Some("group_marketing".to_owned()),
    };
    for more in [format!(r#","pricing":{price}"#), format!(r#","conversation":{{"id":"C","pricing":{price}}}"#)] {
        assert_eq!(of_group(&more, "").pricing.as_ref(), Some(&expected));
    }
    assert_eq!(of_group(r#","conversation":{"id":"C"}"#, "").pricing, None);
}

#[test]
fn what_is_no_message_and_no_known_status_is_something_else_and_keeps_its_group() {
    for value in [
        r#"{"messages":[{"from":"1"}]}"#,
        r#"{"messages":[7]}"#,
        r#"{"statuses":[{"id":"wamid.1","status":"pondered"}]}"#,
        "[]",
    ] {
        assert_eq!(other("messages", value), OtherChange::default(), "{value}");
    }
    let named = other("messages", r#"{"statuses":[{"id":"w","status":"x","group_id":"G","timestamp":17}]}"#);
    assert_eq!((named.group_id.unwrap().as_str(), named.timestamp), ("G", Some(17)));
    let account = other("account_update", r#"{"timestamp":"17","errors":[{"code":1}]}"#);
    assert_eq!((account.timestamp, account.errors[0].code), (Some(17), Some(1)));
    assert!(matches!(read("message_echoes", &raw(r#"{"messages":[{"id":"wamid.1"}]}"#)), Element::Other(_)));
}

#[test]
fn one_of_many_messages_is_read_by_itself() {
    let body = r#"{"object":"whatsapp_business_account","entry":[{"id":"W","changes":[{"field":"messages","value":{
        "contacts":[{"wa_id":"1"},{"wa_id":"2"}],
        "messages":[{"id":"wamid.1","from":"1"},{"id":"wamid.2","from":"2"}]}}]}]}"#;
    let changes = parse(body.as_bytes()).unwrap();
    let ids: Vec<String> = changes.iter().map(|change| message(&change.value).id).collect();
    assert_eq!(ids, ["wamid.1", "wamid.2"]);
}
