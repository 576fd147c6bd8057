//! The files that users send: a message names them by the IDs under which Meta keeps them for the number
//! ([Meta: webhooks for media](https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages)).

use serde_json::value::RawValue;

use super::{messages::FIELD, object::Object};

/// The kinds of messages that have a file.
pub const MEDIA_KINDS: [&str; 5] = ["image", "video", "audio", "document", "sticker"];

/// The IDs of the files in the value of one [`Change`](super::Change).
pub fn received_media(field: &str, value: &RawValue) -> Vec<String> {
    let messages = Object::read(value).filter(|_| field == FIELD).map(|value| value.objects("messages"));
    let files = |message: &Object<'_>| MEDIA_KINDS.map(|kind| message.object(kind)?.text("id"));
    messages.iter().flatten().flat_map(files).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media(field: &str, value: &str) -> Vec<String> {
        received_media(field, serde_json::from_str(value).unwrap())
    }

    #[test]
    fn every_file_of_a_message_is_named_and_nothing_else_is() {
        let value = r#"{"messages":[{"id":"wamid.1","type":"image","image":{"id":"7","mime_type":"image/jpeg"}},
                                    {"id":"wamid.2","type":"text","text":{"body":"8"}},
                                    {"id":"wamid.3","type":"document","document":{"id":9}}],
                        "statuses":[{"id":"wamid.4"}]}"#;
        assert_eq!(media("messages", value), ["7", "9"]);
        assert_eq!(media("group_lifecycle_update", value), [""; 0]);
        assert_eq!(media("messages", r#"{"messages":"x"}"#), [""; 0]);
    }
}
