//! What the gateway itself tells: the store keeps the facts as the `Detail` that receivers get.

use cams_api::events::{EventData, EventType, Notice};
use serde_json::value::RawValue;

/// The data of an event of ours, whose facts are `detail`. A test has none.
pub(in crate::events) fn data<'a>(event_type: &str, detail: &'a RawValue) -> EventData<'a> {
    if event_type == EventType::EndpointTest.as_str() {
        return EventData::none();
    }
    EventData::Notice(Notice { detail })
}
