//! What webhooks say, as Meta's guide pages for groups show it.
//! Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/webhooks>

use serde_json::{Map, Value, json};

use super::{State, Turn};
use crate::graph::errors::GraphError;
use crate::ids::{GroupId, JoinRequestId, PhoneNumberId, RequestId, WaId, WabaId};

/// The field of groups that are made and deleted.
pub(crate) const LIFECYCLE: &str = "group_lifecycle_update";
/// The field of users who come, ask and go.
pub(crate) const PARTICIPANTS: &str = "group_participants_update";
/// The field of changed subjects, descriptions and pictures.
pub(crate) const SETTINGS: &str = "group_settings_update";
/// The field of suspended groups.
pub(crate) const STATUS: &str = "group_status_update";
/// The field of messages and their statuses.
pub(crate) const MESSAGES: &str = "messages";

/// One element of `groups[]` in the making.
pub(crate) struct GroupEvent {
    pub(crate) field: &'static str,
    pub(crate) number: PhoneNumberId,
    body: Map<String, Value>,
}

impl GroupEvent {
    /// An event of `kind`, such as `group_create`, in a field.
    pub(crate) fn new(field: &'static str, kind: &str, number: &PhoneNumberId) -> Self {
        let event = Self { field, number: number.clone(), body: Map::new() };
        event.with("type", kind)
    }

    /// With one more member.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.body.insert(name.to_owned(), value.into());
        self
    }

    /// With the group that it is about.
    pub(crate) fn group(self, id: &GroupId) -> Self {
        self.with("group_id", id.to_string())
    }

    /// With the ID of the call that asked for it.
    pub(crate) fn request(self, id: &RequestId) -> Self {
        self.with("request_id", id.to_string())
    }

    /// With the ID of a user's request to enter.
    pub(crate) fn join_request(self, id: &JoinRequestId) -> Self {
        self.with("join_request_id", id.to_string())
    }

    /// With what went wrong; its presence alone tells that the change failed.
    pub(crate) fn failed_with(self, error: &GraphError) -> Self {
        self.with("errors", json!([error.in_webhook()]))
    }

    /// With the members of another object beside its own.
    pub(crate) fn and(mut self, members: Map<String, Value>) -> Self {
        self.body.extend(members);
        self
    }
}

impl State {
    /// Queues an event of a group for whoever listens to its number.
    pub(crate) fn tell(&mut self, event: GroupEvent, turn: &Turn<'_>) {
        // Meta's guide writes the timestamp as a string, its OpenAPI as an integer.
        let event = event.with("timestamp", turn.nature.now_seconds().to_string());
        let groups = json!({ "groups": [event.body] });
        self.tell_value(event.field, &event.number, groups, turn);
    }

    /// Queues a change of any field, with the number's metadata around it.
    pub(crate) fn tell_value(&mut self, field: &str, number_id: &PhoneNumberId, mut value: Value, turn: &Turn<'_>) {
        let Some(number) = self.numbers.get(number_id) else {
            return;
        };
        value["messaging_product"] = "whatsapp".into();
        value["metadata"] = json!({
            "display_phone_number": number.digits(),
            "phone_number_id": number_id,
        });
        let waba_id = number.waba_id.clone();
        self.tell_account(&waba_id, field, &value, turn);
    }

    /// Queues a change that is about the account itself, as it stands, where the app listens to it.
    pub(crate) fn tell_account(&mut self, waba_id: &WabaId, field: &str, value: &Value, turn: &Turn<'_>) {
        if self.wabas.get(waba_id).is_some_and(|waba| waba.subscribed) {
            self.webhooks.push(waba_id, json!({ "field": field, "value": value }), turn);
        }
    }

    /// Participants as businesses see them, for webhooks' lists.
    pub(crate) fn users_seen(&self, wa_ids: &[WaId]) -> Value {
        wa_ids.iter().map(|wa_id| self.user_seen(wa_id)).collect()
    }
}
