//! Every field of Meta's that has no family of types, and every element that cannot be read.

use cams_api::events::{AccountField, EventData, EventType};
use graph_client::webhooks::OtherChange;

use super::{Translated, errors, instant};

pub(super) fn translate(field: &str, change: OtherChange) -> Translated<'static> {
    Translated {
        event_type: event_type(field),
        group_id: change.group_id.map(String::from),
        occurred_at: change.timestamp.and_then(instant),
        data: EventData::none(),
        errors: errors(change.errors),
    }
}

/// The type that is named after Meta's field.
pub(super) fn event_type(field: &str) -> EventType {
    EventType::Account(AccountField::of(field))
}
