//! Messages on their way, both ways, and what is pinned.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::webhook::MESSAGES;
use super::{State, Turn};
use crate::ids::{GroupId, PhoneNumberId, WaId};

/// How many messages a group keeps pinned; the oldest gives way.
const MAX_PINS: usize = 3;

/// The pinned messages of a group, oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct PinnedMessages(pub(crate) VecDeque<String>);

/// To whom a message of the business goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Recipient {
    Group(GroupId),
    Person(WaId),
}

impl State {
    /// Sends a message: `sent`, and `delivered` for each who gets it, follow by webhook.
    pub(crate) fn send_message(&mut self, number: &PhoneNumberId, to: &Recipient, turn: &Turn<'_>) -> String {
        let message_id = turn.nature.message_id();
        let timestamp = turn.nature.now_seconds().to_string();
        let status = |status: &str| json!({ "id": message_id, "status": status, "timestamp": timestamp });
        let mut statuses = vec![self.addressed(status("sent"), to, None)];
        let readers = match to {
            Recipient::Group(id) => self.living_group(id).map(|g| g.participants.clone()),
            Recipient::Person(wa_id) => Some(vec![wa_id.clone()]),
        };
        for reader in readers.unwrap_or_default() {
            statuses.push(self.addressed(status("delivered"), to, Some(&reader)));
        }
        for status in statuses {
            self.tell_value(MESSAGES, number, json!({ "statuses": [status] }), turn);
        }
        message_id
    }

    /// A status with its recipient, and in groups the participant it is about.
    fn addressed(&self, mut status: Value, to: &Recipient, reader: Option<&WaId>) -> Value {
        match to {
            Recipient::Person(wa_id) => status["recipient_id"] = json!(wa_id),
            Recipient::Group(id) => {
                status["recipient_id"] = json!(id);
                status["recipient_type"] = json!("group");
                let seen = reader.map(|wa_id| self.user_seen(wa_id)).unwrap_or_default();
                if let Some(wa_id) = seen.get("wa_id") {
                    status["recipient_participant_id"] = wa_id.clone();
                }
                if let Some(user_id) = seen.get("user_id") {
                    status["recipient_participant_user_id"] = user_id.clone();
                }
            }
        }
        status
    }

    /// A user writes: to a group he is in, or to the business; the message's ID.
    pub(crate) fn receive_message(
        &mut self,
        from: &WaId,
        number: &PhoneNumberId,
        group: Option<&GroupId>,
        text: &str,
        turn: &Turn<'_>,
    ) -> String {
        let message_id = turn.nature.message_id();
        let name = self.user(from, turn.nature).name.clone();
        let seen = self.user_seen(from);
        let mut contact = Value::Object(seen.clone());
        contact["profile"] = json!({ "name": name });
        let mut message = json!({
            "id": message_id,
            "timestamp": turn.nature.now_seconds().to_string(),
            "type": "text",
            "text": { "body": text },
        });
        for (name, member) in [("from", "wa_id"), ("from_user_id", "user_id")] {
            if let Some(value) = seen.get(member) {
                message[name] = value.clone();
            }
        }
        if let Some(group) = group {
            message["group_id"] = json!(group);
        }
        let value = json!({ "contacts": [contact], "messages": [message] });
        self.tell_value(MESSAGES, number, value, turn);
        message_id
    }

    /// Pins a message; the fourth unpins the first.
    pub(crate) fn pin(&mut self, id: &GroupId, message_id: &str) {
        self.unpin(id, message_id);
        let pins = &mut self.pins.entry(id.clone()).or_default().0;
        pins.push_back(message_id.to_owned());
        if pins.len() > MAX_PINS {
            pins.pop_front();
        }
    }

    /// Unpins a message.
    pub(crate) fn unpin(&mut self, id: &GroupId, message_id: &str) {
        if let Some(pins) = self.pins.get_mut(id) {
            pins.0.retain(|pinned| pinned != message_id);
        }
    }
}
