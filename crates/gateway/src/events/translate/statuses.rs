//! What becomes of the business's messages.

use cams_api::events::{EventData, EventType, MessagePricing, MessageStatus};
use graph_client::webhooks::{self, Pricing, StatusKind};

use super::{Translated, errors, instant, participants::participant};

pub(super) fn translate(status: webhooks::MessageStatus) -> Translated<'static> {
    let recipient_type = if status.group_id.is_some() { "group" } else { "individual" };
    Translated {
        event_type: event_type(status.kind),
        group_id: status.group_id.map(String::from),
        occurred_at: status.timestamp.and_then(instant),
        data: EventData::MessageStatus(MessageStatus {
            message_id: status.id,
            recipient: status.recipient,
            recipient_type: recipient_type.to_owned(),
            participants: status.participant.into_iter().map(participant).collect(),
            pricing: status.pricing.map(pricing),
        }),
        errors: errors(status.errors),
    }
}

fn event_type(kind: StatusKind) -> EventType {
    match kind {
        StatusKind::Sent => EventType::MessageSent,
        StatusKind::Delivered => EventType::MessageDelivered,
        StatusKind::Read => EventType::MessageRead,
        StatusKind::Failed => EventType::MessageFailed,
    }
}

fn pricing(told: Pricing) -> MessagePricing {
    MessagePricing {
        billable: told.billable,
        pricing_model: told.model,
        pricing_type: told.kind,
        category: told.category,
    }
}
