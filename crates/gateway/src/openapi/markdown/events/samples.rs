//! What Meta sends for each type of event, and the event that receivers get for it.

use std::collections::HashMap;
use std::sync::LazyLock;

use cams_api::events::EventType;
use cams_api::operations::{EXAMPLE_BUSINESS_NUMBER, EXAMPLE_CUST_SPACE_ID};
use serde::Deserialize;
use serde_json::value::RawValue;
use tenant_store::{InboxEvent, PublishedEvent, UniqueCode};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use crate::events::{meaning, render};

const PHONE_NUMBER_ID: &str = "100000000000001";
const WABA_ID: &str = "200000000000001";
const EVENT_ID: Uuid = Uuid::from_u128(0x0199_aa0e_7c1d_7c44_9d0e_8a4f_5a1b_2c3d);
const UNIQUE_CODE: UniqueCode = UniqueCode(Uuid::from_u128(0x0199_aa0e_7a09_7d30_b1c2_6f0e_4d5a_9b10));
const RECEIVED_AT: OffsetDateTime = datetime!(2026-11-21 08:15:00.412 UTC);

/// What is sent, by the type that it becomes. A test looks that none is missing.
static SAMPLES: LazyLock<HashMap<String, Sample>> =
    LazyLock::new(|| serde_json::from_str(include_str!("samples.json")).unwrap_or_default());

/// A change of Meta's, or what the gateway itself tells, as the store keeps it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sample {
    field: String,
    value: Box<RawValue>,
}

/// The JSON that receivers get of the sample of a type; `None` where no version sends such an event.
pub(super) fn event(event_type: &EventType) -> Option<Vec<u8>> {
    let sample = SAMPLES.get(event_type.as_str())?;
    let published = if event_type.is_ours() { ours(event_type, sample) } else { published(sample) };
    render(&published).ok()
}

/// The sample as it is published, filed as the router files it.
fn published(sample: &Sample) -> PublishedEvent {
    let is_of_number = sample.value.get().contains(PHONE_NUMBER_ID);
    let of_number = |text: &str| is_of_number.then(|| text.to_owned());
    let received = InboxEvent {
        id: EVENT_ID,
        cust_space_id: EXAMPLE_CUST_SPACE_ID.to_owned(),
        field: sample.field.clone(),
        waba_id: WABA_ID.to_owned(),
        phone_number_id: of_number(PHONE_NUMBER_ID),
        value: sample.value.get().to_owned(),
        entry_time: None,
        received_at: RECEIVED_AT,
    };
    let routing = meaning(&received);
    PublishedEvent {
        id: EVENT_ID,
        sequence: Some(1742),
        event_type: routing.event_type,
        cust_space_id: Some(received.cust_space_id),
        business_number: of_number(EXAMPLE_BUSINESS_NUMBER),
        phone_number_id: received.phone_number_id,
        waba_id: Some(received.waba_id),
        group_id: routing.group_id,
        unique_code: routing.change.map(|_| UNIQUE_CODE),
        field: received.field,
        value: received.value,
        occurred_at: routing.occurred_at.unwrap_or(RECEIVED_AT),
        received_at: RECEIVED_AT,
    }
}

/// What the gateway itself tells, as the store publishes it.
fn ours(event_type: &EventType, sample: &Sample) -> PublishedEvent {
    let is_of_tenant = *event_type != EventType::NumberUnknown;
    PublishedEvent {
        id: EVENT_ID,
        sequence: None,
        event_type: event_type.to_string(),
        cust_space_id: is_of_tenant.then(|| EXAMPLE_CUST_SPACE_ID.to_owned()),
        business_number: None,
        phone_number_id: None,
        waba_id: None,
        group_id: None,
        unique_code: None,
        field: sample.field.clone(),
        value: sample.value.get().to_owned(),
        occurred_at: RECEIVED_AT,
        received_at: RECEIVED_AT,
    }
}
