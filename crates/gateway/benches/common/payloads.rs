//! Webhooks as Meta sends them, no two events alike.

use serde_json::{Value, json};

use super::database::Tenant;

/// How many groups a number has.
const GROUPS: u64 = 50;

/// Makes webhooks.
#[derive(Debug)]
pub(crate) struct Payloads {
    numbers: Vec<Tenant>,
    webhooks: usize,
    events: u64,
}

impl Payloads {
    pub(crate) fn new(numbers: Vec<Tenant>) -> Self {
        Self { numbers, webhooks: 0, events: 0 }
    }

    /// How many events were made.
    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    /// The next one's body, with so many changes of one event each, and `filling` more bytes of text in each message. The
    /// numbers take turns.
    pub(crate) fn next(&mut self, changes: u32, filling: usize) -> Vec<u8> {
        let number = &self.numbers[self.webhooks % self.numbers.len()];
        self.webhooks += 1;
        let first = self.events;
        self.events += u64::from(changes);
        let changes: Vec<Value> = (first..self.events).map(|event| change(number, event, filling)).collect();
        let entry = json!([{"id": number.waba_id, "time": 1_763_712_000, "changes": changes}]);
        json!({"object": "whatsapp_business_account", "entry": entry}).to_string().into_bytes()
    }
}

/// Four messages, four of what becomes of messages, two of who joins, in ten.
fn change(number: &Tenant, event: u64, filling: usize) -> Value {
    let group_id = format!("Y2FwaV9ncm91cDoxNTU1MDAwMDAwMTow{:010}", event % GROUPS);
    let (field, list, element) = match event % 10 {
        0..4 => ("messages", "messages", message(event, &group_id, filling)),
        4..8 => ("messages", "statuses", status(event, &group_id)),
        _ => ("group_participants_update", "groups", joined(event, &group_id)),
    };
    let metadata = json!({"display_phone_number": number.business_number, "phone_number_id": number.phone_number_id});
    json!({"field": field, "value": {"messaging_product": "whatsapp", "metadata": metadata, list: [element]}})
}

fn message(event: u64, group_id: &str, filling: usize) -> Value {
    let text = format!("Number {event}: {}{}", "shall we meet at noon? ".repeat(8), "x".repeat(filling));
    json!({"from": "16505551234", "group_id": group_id, "id": id(event), "timestamp": "1763712000",
           "type": "text", "text": {"body": text}})
}

fn status(event: u64, group_id: &str) -> Value {
    json!({"id": id(event), "status": "delivered", "timestamp": "1763712000", "recipient_id": group_id,
           "recipient_type": "group", "recipient_participant_id": "16505551234",
           "conversation": {"id": "f1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6", "origin": {"type": "group_service"}},
           "pricing": {"billable": true, "pricing_model": "PMP", "category": "group_service", "type": "regular"}})
}

fn joined(event: u64, group_id: &str) -> Value {
    json!({"timestamp": "1763712000", "group_id": group_id, "type": "group_participants_add",
           "reason": "invite_link", "added_participants": [{"wa_id": format!("1650{event:07}")}]})
}

/// As long as Meta's are.
fn id(event: u64) -> String {
    format!("wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0{event:012}AA==")
}
