//! Messages on their way, both ways, and what is pinned.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::webhook::MESSAGES;
use super::{State, Turn};
use crate::graph::errors::{Code, GraphError};
use crate::ids::{GroupId, MessageId, PhoneNumberId, WaId};

/// How many messages a group keeps pinned; the oldest gives way.
const MAX_PINS: usize = 3;
/// How many sent messages are remembered; the oldest give way.
const REMEMBERED: usize = 1_000;
/// How long after a user wrote the business may answer freely, in seconds.
/// Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages#customer-service-windows>
const SERVICE_WINDOW_SECONDS: i64 = 24 * 3600;

/// The pinned messages of a group, oldest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct PinnedMessages(pub(crate) VecDeque<String>);

/// Whom the business means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Recipient {
    Group(GroupId),
    /// A person, by the phone number.
    Number(WaId),
    /// A person, by the business-scoped user ID.
    UserId(WaId),
}

/// A message of the business.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) phone_number_id: PhoneNumberId,
    pub(crate) to: Recipient,
    /// `text`, `template`, `pin` …
    pub(crate) kind: String,
    /// The member that is named as the kind.
    pub(crate) content: Value,
    /// A template's body as the reader sees it.
    pub(crate) text: Option<String>,
    /// What a `group_id` parameter became.
    pub(crate) invite_link: Option<String>,
    /// The message that it answers.
    pub(crate) context: Option<String>,
    /// What the business wants to find in the statuses.
    pub(crate) biz_opaque_callback_data: Option<String>,
}

/// A message that was delivered.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Delivered {
    pub(crate) id: MessageId,
    pub(crate) message: Message,
    pub(crate) readers: Vec<WaId>,
    /// Seconds since 1970.
    pub(crate) sent_at: i64,
}

/// The latest messages that were delivered, oldest first.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Outbox(VecDeque<Arc<Delivered>>);

impl Outbox {
    fn push(&mut self, delivered: Delivered) {
        self.0.push_back(Arc::new(delivered));
        if self.0.len() > REMEMBERED {
            self.0.pop_front();
        }
    }

    /// What a user's phone shows, oldest first.
    pub(crate) fn of_reader(&self, wa_id: &WaId) -> impl DoubleEndedIterator<Item = &Delivered> {
        self.0.iter().map(|one| &**one).filter(move |one| one.readers.contains(wa_id))
    }

    /// The message of an ID.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Delivered>> {
        self.0.iter().rev().find(|one| &*one.id.to_string() == id).cloned()
    }
}

/// When each user wrote last to each number, in seconds since 1970.
pub(crate) type LastWords = BTreeMap<PhoneNumberId, BTreeMap<WaId, i64>>;

impl State {
    /// Sends a message: `sent`, and `delivered` for all who get it, follow by webhook; or `failed` alone. `trouble` is
    /// what was found only after the call was accepted.
    pub(crate) fn send_message(&mut self, message: Message, trouble: Option<GraphError>, turn: &Turn<'_>) -> MessageId {
        let id = turn.nature.message_id();
        let readers = match &message.to {
            Recipient::Group(group) => self.living_group(group).map(|group| group.participants.clone()),
            Recipient::Number(wa_id) | Recipient::UserId(wa_id) => Some(vec![wa_id.clone()]),
        };
        let sent_at = turn.nature.now_seconds();
        let delivered = Delivered { id: id.clone(), message, readers: readers.unwrap_or_default(), sent_at };
        let trouble = turn.failure().or(trouble).or_else(|| self.undeliverable(&delivered.message, sent_at));
        if let Some(error) = trouble {
            self.tell_of_failure(&delivered, &error, turn);
            return id;
        }
        self.tell_of_sending(&delivered, turn);
        self.tell_of_delivery(&delivered, turn);
        self.outbox.push(delivered);
        id
    }

    /// Why a message that was accepted does not reach a person.
    fn undeliverable(&self, message: &Message, now: i64) -> Option<GraphError> {
        let (Recipient::Number(wa_id) | Recipient::UserId(wa_id)) = &message.to else {
            return None;
        };
        if self.users.get(wa_id).is_some_and(|user| !user.accepts_terms) {
            let details = "The recipient has not accepted WhatsApp's current terms of service";
            return Some(GraphError::detailed(Code::UNDELIVERABLE, details));
        }
        let words = self.last_words.get(&message.phone_number_id).and_then(|users| users.get(wa_id));
        let may_answer = words.is_some_and(|at| now - at < SERVICE_WINDOW_SECONDS);
        (message.kind != "template" && !may_answer).then(|| {
            let details = "More than 24 hours have passed since the recipient last wrote; send a template";
            GraphError::detailed(Code::WINDOW_CLOSED, details)
        })
    }

    /// A user writes: to a group he is in, or to the business; the message's ID.
    pub(crate) fn receive_message(
        &mut self,
        from: &WaId,
        number: &PhoneNumberId,
        group: Option<&GroupId>,
        text: &str,
        turn: &Turn<'_>,
    ) -> MessageId {
        let message_id = turn.nature.message_id();
        let now = turn.nature.now_seconds();
        self.user(from, turn.nature);
        if group.is_none() {
            self.last_words.entry(number.clone()).or_default().insert(from.clone(), now);
        }
        let mut message = json!({
            "id": message_id,
            "timestamp": now.to_string(),
            "type": "text",
            "text": { "body": text },
        });
        let seen = self.user_seen(from);
        for (name, member) in [("from", "wa_id"), ("from_user_id", "user_id")] {
            if let Some(value) = seen.get(member) {
                message[name] = value.clone();
            }
        }
        if let Some(group) = group {
            message["group_id"] = json!(group);
        }
        let value = json!({ "contacts": [self.contact(from)], "messages": [message] });
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
