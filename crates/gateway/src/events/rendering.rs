//! THE JSON of an event: the same bytes in a delivery, in a pull and in the stream.

use cams_api::events::{Event, EventData, EventError, EventId, Meta};
use graph_client::webhooks;
use serde_json::value::RawValue;
use tenant_store::PublishedEvent;

use super::translate::{ours, translate};

/// Why an event cannot be rendered: what is stored is no JSON. It does not pass by itself.
#[derive(Debug, thiserror::Error)]
#[error("event {event} cannot be written as JSON: {source}")]
pub struct RenderError {
    /// Which event.
    event: EventId,
    /// Why not.
    source: serde_json::Error,
}

/// The field under which the store keeps what the gateway itself tells.
const OURS: &str = "groupgate";

/// The JSON of a published event.
///
/// # Errors
/// [`RenderError`]
pub fn render(event: &PublishedEvent) -> Result<Vec<u8>, RenderError> {
    let id = EventId(event.id);
    let unreadable = |source| RenderError { event: id, source };
    let value: &RawValue = serde_json::from_str(&event.value).map_err(unreadable)?;
    let is_ours = event.field == OURS;
    let (data, errors) = content(event, value);
    let rendered = Event {
        id,
        sequence: event.sequence,
        occurred_at: event.occurred_at,
        received_at: event.received_at,
        cust_space_id: event.cust_space_id.as_deref(),
        business_number: event.business_number.as_deref(),
        phone_number_id: event.phone_number_id.as_deref(),
        // An event of ours, and one of an entry without an ID, is of no account.
        waba_id: event.waba_id.as_deref().filter(|id| !id.is_empty()),
        group_id: event.group_id.as_deref(),
        unique_code: event.unique_code.map(|code| code.0.into()),
        data,
        errors,
        meta: (!is_ours).then_some(Meta { field: &event.field, value }),
        event_type: &event.event_type,
    };
    serde_json::to_vec(&rendered).map_err(unreadable)
}

/// What the event says. It was filed under its type when it was routed; where this version reads it otherwise, or does not
/// know the type (another version runs beside it), the type stays, and `Meta` alone tells the rest.
fn content<'a>(event: &PublishedEvent, value: &'a RawValue) -> (EventData<'a>, Vec<EventError>) {
    if event.field == OURS {
        return (ours::data(&event.event_type, value), Vec::new());
    }
    let told = translate(&event.field, webhooks::read(&event.field, value));
    let data = if told.event_type.as_str() == event.event_type { told.data } else { EventData::none() };
    (data, told.errors)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tenant_store::{PublishedEvent, UniqueCode};
    use time::macros::datetime;
    use uuid::Uuid;

    use super::render;

    fn published(event_type: &str, field: &str, value: &str) -> PublishedEvent {
        PublishedEvent {
            id: Uuid::from_u128(0x0199_aa0e_7c1d_7c44_9d0e_8a4f_5a1b_2c3d),
            sequence: Some(7),
            event_type: event_type.to_owned(),
            cust_space_id: Some("cams-demo1".to_owned()),
            business_number: None,
            phone_number_id: None,
            waba_id: Some("200".to_owned()),
            group_id: Some("G".to_owned()),
            unique_code: Some(UniqueCode(Uuid::nil())),
            field: field.to_owned(),
            value: value.to_owned(),
            occurred_at: datetime!(2026-11-21 08:15 UTC),
            received_at: datetime!(2026-11-21 08:15:00.412 UTC),
        }
    }

    fn rendered(event: &PublishedEvent) -> Value {
        serde_json::from_slice(&render(event).unwrap()).unwrap()
    }

    #[test]
    fn an_event_says_what_was_published_and_what_meta_sent_byte_by_byte() {
        let value = r#"{"groups" : [{"type":"group_suspend","group_id":"G","x":"\u00e9\ud800","n":1e999}]}"#;
        let json = render(&published("group.suspended", "group_status_update", value)).unwrap();
        let expected = format!(
            "{{\"Id\":\"evt_0199aa0e7c1d7c449d0e8a4f5a1b2c3d\",\"Sequence\":7,\"Type\":\"group.suspended\",\
             \"OccurredAt\":\"2026-11-21T08:15:00Z\",\"ReceivedAt\":\"2026-11-21T08:15:00.412Z\",\
             \"CustSpaceId\":\"cams-demo1\",\"WabaId\":\"200\",\"GroupId\":\"G\",\
             \"UniqueCode\":\"00000000-0000-0000-0000-000000000000\",\"Data\":{{}},\
             \"Meta\":{{\"Field\":\"group_status_update\",\"Value\":{value}}}}}"
        );
        assert_eq!(String::from_utf8(json).unwrap(), expected);
    }

    #[test]
    fn an_event_of_ours_has_its_facts_and_nothing_of_metas() {
        let mut event = published("number.unknown", "groupgate", r#"{"PhoneNumberId":"9"}"#);
        event.waba_id = Some(String::new());
        event.sequence = None;
        let told = rendered(&event);
        assert_eq!(told["Data"], json!({"Detail": {"PhoneNumberId": "9"}}));
        for absent in ["Meta", "WabaId", "Sequence", "Errors"] {
            assert!(told.get(absent).is_none(), "{told}");
        }
        assert_eq!(rendered(&published("endpoint.test", "groupgate", "{}"))["Data"], json!({}));
    }

    #[test]
    fn an_event_keeps_the_type_that_it_was_filed_under() {
        let value = r#"{"groups":[{"type":"group_suspend","group_id":"G","errors":[{"code":1}]}]}"#;
        let told = rendered(&published("account.group_status_update", "group_status_update", value));
        assert_eq!((&told["Type"], &told["Data"]), (&json!("account.group_status_update"), &json!({})));
        assert_eq!(told["Errors"][0]["Code"], 1);
        let told = rendered(&published("group.created", "group_status_update", value));
        assert_eq!((&told["Type"], &told["Data"]), (&json!("group.created"), &json!({})));
    }

    #[test]
    fn an_event_of_a_type_that_another_version_knows_is_passed_on_as_meta_sent_it() {
        let told = rendered(&published("group.moved", "x", r#"{"a":1}"#));
        assert_eq!((&told["Type"], &told["Data"]), (&json!("group.moved"), &json!({})));
        assert_eq!(told["Meta"], json!({"Field": "x", "Value": {"a": 1}}));
        let told = rendered(&published("key.expiring", "groupgate", r#"{"a":1}"#));
        assert_eq!(told["Data"], json!({"Detail": {"a": 1}}));
    }

    #[test]
    fn a_value_that_is_nested_deeply_is_passed_on() {
        let deep = format!("{}{}", "[".repeat(6000), "]".repeat(6000));
        let json = render(&published("account.odd", "odd", &deep)).unwrap();
        assert!(String::from_utf8(json).unwrap().ends_with(&format!("{deep}}}}}")));
    }
}
