//! What the commands about events answer.

use std::io;

use cams_api::events::EventId;
use serde::Serialize;
use serde_json::value::RawValue;
use tenant_store::{PublishedEvent, UnroutedEvent};
use time::{OffsetDateTime, serde::rfc3339};

use crate::{
    admin::deliveries::DeliveryView,
    commands::{
        CommandError,
        endpoints::table_of_deliveries,
        output::{Table, printable, time_text},
    },
    events::render,
};

/// An event as it is delivered, and what a table shows of it.
pub(super) struct ListedEvent {
    event: PublishedEvent,
    json: Box<RawValue>,
}

#[derive(Serialize)]
pub(super) struct ShownEvent {
    event: Box<RawValue>,
    deliveries: Vec<DeliveryView>,
}

#[derive(Serialize)]
pub(super) struct ListedUnrouted {
    event_id: String,
    field: String,
    phone_number_id: Option<String>,
    waba_id: Option<String>,
    #[serde(with = "rfc3339")]
    received_at: OffsetDateTime,
    /// What Meta sent; null where it is no JSON that can be written.
    value: Option<Box<RawValue>>,
}

/// The event's JSON as deliveries, pulls and the stream have it.
fn as_delivered(event: &PublishedEvent) -> Result<Box<RawValue>, CommandError> {
    let json = render(event)?;
    Ok(serde_json::from_slice(&json).map_err(io::Error::from)?)
}

impl TryFrom<PublishedEvent> for ListedEvent {
    type Error = CommandError;

    fn try_from(event: PublishedEvent) -> Result<Self, CommandError> {
        let json = as_delivered(&event)?;
        Ok(Self { event, json })
    }
}

impl Serialize for ListedEvent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl ListedEvent {
    fn row(&self) -> [String; 5] {
        let PublishedEvent { id, sequence, event_type, group_id, occurred_at, .. } = &self.event;
        [
            sequence.map_or_else(|| "-".to_owned(), |sequence| sequence.to_string()),
            event_type.clone(),
            time_text(*occurred_at),
            EventId(*id).to_string(),
            group_id.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    }
}

/// Without what people wrote: that is for `events show`.
pub(super) fn table(events: &[ListedEvent]) -> String {
    let header = ["SEQUENCE", "TYPE", "OCCURRED", "EVENT", "GROUP ID"];
    Table::new(header, events.iter().map(ListedEvent::row)).or("No events.")
}

impl ShownEvent {
    pub(super) fn new(event: &PublishedEvent, deliveries: Vec<DeliveryView>) -> Result<Self, CommandError> {
        Ok(Self { event: as_delivered(event)?, deliveries })
    }

    pub(super) fn text(&self) -> String {
        format!("{}\n\n{}", printable(self.event.get()), table_of_deliveries(&self.deliveries))
    }
}

impl From<UnroutedEvent> for ListedUnrouted {
    fn from(event: UnroutedEvent) -> Self {
        let UnroutedEvent { id, field, phone_number_id, waba_id, value, received_at } = event;
        let value = RawValue::from_string(value).ok();
        Self { event_id: EventId(id).to_string(), field, phone_number_id, waba_id, received_at, value }
    }
}

impl ListedUnrouted {
    fn row(&self) -> [String; 5] {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        [
            self.event_id.clone(),
            self.field.clone(),
            or_dash(&self.phone_number_id),
            or_dash(&self.waba_id),
            time_text(self.received_at),
        ]
    }
}

/// Without what people wrote.
pub(super) fn table_of_unrouted(events: &[ListedUnrouted]) -> String {
    let header = ["EVENT", "FIELD", "PHONE NUMBER ID", "WABA ID", "RECEIVED"];
    Table::new(header, events.iter().map(ListedUnrouted::row)).or("No events of unknown numbers.")
}
