//! The ID of an event.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

/// What stands before the digits.
const PREFIX: &str = "evt_";

/// The ID of an event: `evt_` and the 32 hexadecimal digits of a UUID. It never changes, also when the event is
/// delivered again, so a receiver that knows it has the event already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub Uuid);

/// A text that is no event's ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no event's ID: it must be `evt_` and 32 hexadecimal digits")]
pub struct InvalidEventId;

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0.simple())
    }
}

impl FromStr for EventId {
    type Err = InvalidEventId;

    fn from_str(text: &str) -> Result<Self, InvalidEventId> {
        let digits = text.strip_prefix(PREFIX).filter(|digits| digits.len() == uuid::fmt::Simple::LENGTH);
        digits.and_then(|digits| Uuid::try_parse(digits).ok()).map(Self).ok_or(InvalidEventId)
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl PartialSchema for EventId {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("The event's ID. It never changes, also when the event is delivered again."))
            .pattern(Some("^evt_[0-9a-f]{32}$"))
            .examples(["evt_0199aa0e7c1d7c449d0e8a4f5a1b2c3d"])
            .into()
    }
}

impl ToSchema for EventId {
    fn name() -> Cow<'static, str> {
        "EventId".into()
    }
}

#[cfg(test)]
mod tests {
    use super::EventId;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let text = "evt_0199aa0e7c1d7c449d0e8a4f5a1b2c3d";
        let id: EventId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(serde_json::to_value(id).unwrap(), text);
    }

    #[test]
    fn another_text_is_no_id() {
        for wrong in [
            "",
            "evt_",
            "0199aa0e7c1d7c449d0e8a4f5a1b2c3d",
            "evt_0199aa0e-7c1d-7c44-9d0e-8a4f5a1b2c3d",
            "evt_0199aa0e7c1d7c449d0e8a4f5a1b2c3g",
            "dlv_0199aa0e7c1d7c449d0e8a4f5a1b2c3d",
        ] {
            assert!(wrong.parse::<EventId>().is_err(), "{wrong}");
        }
    }
}
