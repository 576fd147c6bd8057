//! The events as a page to read: `docs/events.md`.
//!
//! Its tables come from the schemas of `cams_api::events`, and its examples are what [`crate::events::render`] makes of
//! what Meta sends: the page says what receivers get.

mod samples;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use cams_api::events::{
    AccountField, Event, EventType, GroupCreation, JoinRequestNotice, MessageStatus, Notice, ParticipantsJoined,
    ParticipantsLeft, ReceivedMessage, SettingsUpdate,
};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::{Ref, RefOr, Schema};

use super::fields::{self, Fields};
use super::table::{Table, cell};
use crate::openapi::Draft;

const PREFACE: &str = "\
One event is one element of what Meta sends by webhook: one group, one message, one status; the whole change in a field \
that has no such list. Its JSON is the same in a delivery to an endpoint, in a pull (`GET /v1/events`) and in the stream \
(`GET /v1/events/stream`). An event may come twice: `Id` tells that it is the same one. `Sequence` tells the order; \
within a group, deliveries keep to it until one of them fails.

A member that has no value is absent, or `null` in `Data` and in errors where Meta did not tell it; the tables say which. \
Times are RFC 3339 in UTC. What people write, and who they are, stands in events: keep them as you keep your \
customers' data.";

const FAMILIES: &str = "\
An endpoint's filter names types, or families of types by their first parts, such as `group.*` and \
`group.participant.*`. An empty filter wants every type.

What a type says is in its name and its `Data`. `Meta` has what Meta sent, byte by byte, for what this table leaves out. \
An element of a field below that cannot be read, or that is of a kind nobody knows yet, comes as `account.` and the name \
of its field: nothing that Meta sends is lost.";

/// The page.
pub(in crate::openapi) fn render() -> String {
    let page = Page::new();
    let mut text = format!(
        "<!-- Made by `groupgate openapi --events > docs/events.md`; do not edit. -->\n\n# Events\n\n{PREFACE}\n"
    );
    text += &fields::members(&page.fields(&Event::name()).outside("Data"));
    let _ = write!(text, "\n## Types\n\n{FAMILIES}\n{}", contents());
    for event_type in types() {
        text += &page.section(&event_type);
    }
    text
}

/// What the page is made from.
struct Page {
    schemas: BTreeMap<String, RefOr<Schema>>,
}

impl Page {
    fn new() -> Self {
        let mut draft = Draft::default();
        draft.schema::<Event<'static>>();
        Self { schemas: draft.schemas.into_iter().collect() }
    }

    fn fields(&self, schema: &str) -> Fields {
        Fields::of(&self.schemas, &Ref::from_schema_name(schema).into())
    }

    fn section(&self, event_type: &EventType) -> String {
        let mut text = format!("\n### {event_type}\n\n{} From {}.\n", event_type.meaning(), event_type.source());
        if let Some(schema) = data_schema(event_type) {
            text += "\n`Data`:\n";
            text += &fields::members(&self.fields(&schema));
        }
        match samples::event(event_type) {
            Some(event) => {
                let _ = write!(text, "\n```json\n{}\n```\n", self.written_out(&event));
            }
            None => text += "\nThis version does not send it.\n",
        }
        text
    }

    /// An event with a line for each of its members.
    fn written_out(&self, event: &[u8]) -> String {
        let members: HashMap<String, Box<RawValue>> = serde_json::from_slice(event).unwrap_or_default();
        let fields = self.fields(&Event::name());
        let line = |name: &str| members.get(name).map(|value| format!("  \"{name}\": {value}"));
        format!("{{\n{}\n}}", fields.names().filter_map(line).collect::<Vec<_>>().join(",\n"))
    }
}

/// Every type, and one of those that are named after Meta's fields.
fn types() -> impl Iterator<Item = EventType> {
    let is_metas = |event_type: &&EventType| !event_type.is_ours();
    let metas = EventType::NAMED.iter().filter(is_metas).cloned();
    let ours = EventType::NAMED.iter().filter(|event_type| event_type.is_ours()).cloned();
    metas.chain([EventType::Account(AccountField::of("account_update"))]).chain(ours)
}

fn contents() -> String {
    let mut table = Table::new(&["type", "what it tells", "from"]);
    for event_type in types() {
        let anchor = event_type.as_str().replace('.', "");
        let name = if matches!(event_type, EventType::Account(_)) { "account.<field>" } else { event_type.as_str() };
        table.row(&[format!("[`{name}`](#{anchor})"), cell(event_type.meaning()), cell(event_type.source())]);
    }
    table.finish()
}

/// The schema of the type's `Data`; `None` where there is nothing in it.
fn data_schema(event_type: &EventType) -> Option<String> {
    let name = match event_type {
        EventType::GroupCreated | EventType::GroupCreateFailed => GroupCreation::name(),
        EventType::GroupSettingsUpdated => SettingsUpdate::name(),
        EventType::GroupParticipantJoined => ParticipantsJoined::name(),
        EventType::GroupParticipantLeft | EventType::GroupParticipantRemoved => ParticipantsLeft::name(),
        EventType::GroupJoinRequestCreated | EventType::GroupJoinRequestRevoked => JoinRequestNotice::name(),
        EventType::MessageReceived => ReceivedMessage::name(),
        EventType::MessageSent | EventType::MessageDelivered | EventType::MessageRead | EventType::MessageFailed => {
            MessageStatus::name()
        }
        EventType::CredentialExpiring
        | EventType::CredentialInvalid
        | EventType::EndpointDisabled
        | EventType::NumberUnknown => Notice::name(),
        EventType::GroupDeleted
        | EventType::GroupDeleteFailed
        | EventType::GroupSuspended
        | EventType::GroupUnsuspended
        | EventType::EndpointTest
        | EventType::Account(_) => return None,
    };
    Some(name.into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{data_schema, samples, types};

    fn event(event_type: &cams_api::events::EventType) -> Option<Value> {
        Some(serde_json::from_slice(&samples::event(event_type)?).unwrap())
    }

    #[test]
    fn each_example_is_of_its_type_and_has_data_where_the_type_has_some() {
        for event_type in types() {
            let event = event(&event_type).unwrap();
            assert_eq!(event["Type"], event_type.as_str());
            let members = event["Data"].as_object().unwrap();
            assert_eq!(members.is_empty(), data_schema(&event_type).is_none(), "{event}");
        }
    }
}
