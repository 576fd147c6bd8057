//! What users write.

use cams_api::events::{EventData, EventType, ReceivedMessage};
use graph_client::webhooks::IncomingMessage;

use super::{Translated, errors, instant, participants};

pub(super) fn translate(message: IncomingMessage<'_>) -> Translated<'_> {
    Translated {
        event_type: EventType::MessageReceived,
        group_id: message.group_id.map(String::from),
        occurred_at: message.timestamp.and_then(instant),
        data: EventData::ReceivedMessage(ReceivedMessage {
            message_id: message.id,
            from: participants::number(&message.from),
            message_type: message.kind,
            content: message.content,
            context_message_id: message.context_id,
        }),
        errors: errors(message.errors),
    }
}
