//! What becomes of a message, told by webhook.
//!
//! Sources: <https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging>
//! and <https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids>.

use serde_json::{Value, json};

use super::messages::{Delivered, Recipient};
use super::webhook::MESSAGES;
use super::{State, Turn};
use crate::graph::errors::GraphError;
use crate::ids::WaId;

/// Where Meta's errors lead to.
const ERROR_CODES: &str = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/";

impl State {
    /// The message was sent. Where it went to a group, no participant is named.
    pub(super) fn tell_of_sending(&mut self, message: &Delivered, turn: &Turn<'_>) {
        let mut value = json!({ "statuses": [self.status("sent", message, turn)] });
        if let Recipient::Number(wa_id) | Recipient::UserId(wa_id) = &message.message.to {
            let mut contact = self.contact_of(message, wa_id);
            if let Some(profile) = contact["profile"].as_object_mut() {
                profile.remove("username");
            }
            value["contacts"] = json!([contact]);
        }
        self.tell_value(MESSAGES, &message.message.phone_number_id, value, turn);
    }

    /// The message was not sent.
    pub(super) fn tell_of_failure(&mut self, message: &Delivered, error: &GraphError, turn: &Turn<'_>) {
        let mut status = self.status("failed", message, turn);
        let mut error = error.in_webhook();
        error["href"] = ERROR_CODES.into();
        status["errors"] = json!([error]);
        self.tell_value(MESSAGES, &message.message.phone_number_id, json!({ "statuses": [status] }), turn);
    }

    /// The message was delivered to all, which one webhook tells.
    pub(super) fn tell_of_delivery(&mut self, message: &Delivered, turn: &Turn<'_>) {
        self.tell_of_readers("delivered", message, &message.readers, turn);
    }

    /// A user has read a message; whether there is one that he got.
    pub(crate) fn read_message(&mut self, wa_id: &WaId, id: &str, turn: &Turn<'_>) -> bool {
        let Some(message) = self.outbox.find(id).filter(|one| one.readers.contains(wa_id)) else {
            return false;
        };
        self.tell_of_readers("read", &message, std::slice::from_ref(wa_id), turn);
        true
    }

    fn tell_of_readers(&mut self, kind: &str, message: &Delivered, readers: &[WaId], turn: &Turn<'_>) {
        let mut statuses = Vec::new();
        for reader in readers {
            let mut status = self.status(kind, message, turn);
            self.name_participant(&mut status, message, reader, readers.len() > 1);
            statuses.push(status);
        }
        let contacts: Vec<Value> = readers.iter().map(|reader| self.contact_of(message, reader)).collect();
        let value = json!({ "contacts": contacts, "statuses": statuses });
        self.tell_value(MESSAGES, &message.message.phone_number_id, value, turn);
    }

    /// In a group, whose status it is. Meta's page spells the member one way in its samples of one status and the
    /// other way in those of several.
    fn name_participant(&self, status: &mut Value, message: &Delivered, reader: &WaId, one_of_several: bool) {
        if !matches!(message.message.to, Recipient::Group(_)) {
            return;
        }
        let seen = self.user_seen(reader);
        let spelling = if one_of_several { "recipient_participant_id" } else { "participant_recipient_id" };
        for (name, member) in [(spelling, "wa_id"), ("recipient_participant_user_id", "user_id")] {
            if let Some(value) = seen.get(member) {
                status[name] = value.clone();
            }
        }
    }

    /// A status with its recipient.
    fn status(&self, kind: &str, message: &Delivered, turn: &Turn<'_>) -> Value {
        let mut status = json!({
            "id": message.id,
            "status": kind,
            "timestamp": turn.nature.now_seconds().to_string(),
        });
        match &message.message.to {
            Recipient::Group(id) => {
                status["recipient_id"] = json!(id);
                status["recipient_type"] = "group".into();
            }
            Recipient::Number(wa_id) => status["recipient_id"] = json!(wa_id),
            Recipient::UserId(wa_id) => {
                let seen = self.user_seen(wa_id);
                status["recipient_id"] = seen.get("wa_id").cloned().unwrap_or_else(|| "".into());
                status["recipient_user_id"] = seen.get("user_id").cloned().unwrap_or_default();
            }
        }
        if let Some(data) = &message.message.biz_opaque_callback_data {
            status["biz_opaque_callback_data"] = json!(data);
        }
        status
    }

    /// The reader as the webhook's contact. Who was written to by number is shown with it.
    fn contact_of(&self, message: &Delivered, reader: &WaId) -> Value {
        let mut contact = self.contact(reader);
        if message.message.to == Recipient::Number(reader.clone()) {
            contact["wa_id"] = json!(reader);
        }
        contact
    }
}
