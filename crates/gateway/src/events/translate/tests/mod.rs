//! Every sample of Meta's pages, and what tenants are told of it.

#![expect(clippy::needless_pass_by_value, reason = "what a sample has more is written with `json!` where it is passed")]

mod groups;
mod messages;
mod metas_document;

use graph_client::webhooks;
use serde_json::{Map, Value, json};

use super::translate;

/// What tenants are told of a change with this value, without what stands around every event.
fn told_of(field: &str, value: &Value) -> Value {
    let text = value.to_string();
    let told = translate(field, webhooks::read(field, serde_json::from_str(&text).unwrap()));
    let mut event = Map::new();
    event.insert("Type".to_owned(), json!(told.event_type));
    event.extend(told.group_id.map(|id| ("GroupId".to_owned(), json!(id))));
    event.extend(told.occurred_at.map(|at| ("OccurredAt".to_owned(), json!(cams_api::instant::in_seconds(at)))));
    event.insert("Data".to_owned(), serde_json::to_value(&told.data).unwrap());
    if !told.errors.is_empty() {
        event.insert("Errors".to_owned(), json!(told.errors));
    }
    Value::Object(event)
}

/// One user, as an event names them.
fn user(number: &str, wa_id: Option<&str>, user_id: Option<&str>, username: Option<&str>) -> Value {
    json!({"ParticipantNumber": number, "WaId": wa_id, "UserId": user_id, "Username": username})
}

#[test]
fn a_field_that_no_type_is_for_is_told_by_its_name() {
    for (field, value, expected) in [
        ("account_update", json!({"event": "PARTNER_ADDED"}), json!({"Type": "account.account_update", "Data": {}})),
        ("Some-Field", json!(7), json!({"Type": "account.some_field", "Data": {}})),
        (
            "calls",
            json!({"timestamp": "1755548877", "errors": [{"code": 138_000, "title": "T"}]}),
            json!({"Type": "account.calls", "Data": {}, "OccurredAt": "2025-08-18T20:27:57Z",
                   "Errors": [{"Code": 138_000, "Title": "T", "Message": null, "Details": null}]}),
        ),
        ("groupgate", json!({"Type": "endpoint.test"}), json!({"Type": "account.groupgate", "Data": {}})),
    ] {
        assert_eq!(told_of(field, &value), expected, "{field}");
    }
}

#[test]
fn an_element_that_cannot_be_read_is_told_by_its_field_and_still_by_its_group() {
    for (field, value, expected) in [
        (
            "group_status_update",
            json!({"groups": [{"type": "group_frobnicated", "group_id": "G", "timestamp": 1_755_548_877}]}),
            json!({"Type": "account.group_status_update", "GroupId": "G", "OccurredAt": "2025-08-18T20:27:57Z", "Data": {}}),
        ),
        (
            "group_lifecycle_update",
            json!({"groups": [7]}),
            json!({"Type": "account.group_lifecycle_update", "Data": {}}),
        ),
        (
            "group_lifecycle_update",
            json!({"groups": [{"group_id": "../x"}]}),
            json!({"Type": "account.group_lifecycle_update", "Data": {}}),
        ),
        (
            "messages",
            json!({"statuses": [{"id": "wamid.1", "status": "pondered", "group_id": "G"}]}),
            json!({"Type": "account.messages", "GroupId": "G", "Data": {}}),
        ),
        ("messages", json!({"messages": ["?"]}), json!({"Type": "account.messages", "Data": {}})),
        ("messages", json!(null), json!({"Type": "account.messages", "Data": {}})),
    ] {
        assert_eq!(told_of(field, &value), expected, "{value}");
    }
}

#[test]
fn a_time_that_is_none_is_not_told() {
    for timestamp in [json!(-1), json!("soon"), json!(1_755_548_877_000_i64), json!(null), json!(i64::MAX)] {
        let value = json!({"groups": [{"type": "group_suspend", "group_id": "G", "timestamp": timestamp}]});
        let expected = json!({"Type": "group.suspended", "GroupId": "G", "Data": {}});
        assert_eq!(told_of("group_status_update", &value), expected, "{timestamp}");
    }
}
