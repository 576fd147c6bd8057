//! What `Debug` shows of values that hold phone numbers, invite links or what people write: never these.
//!
//! Such values may end in a log by a mistake, or in the message of a failed assertion.

use std::fmt;

use crate::{
    calls::{participants::Participant, wabas::WabaNumber},
    webhooks::{Change, CreatedGroup, IncomingMessage, MessageStatus},
};

/// `Debug` that shows these fields and no others.
macro_rules! debug_shows {
    ($name:ident $(<$lifetime:lifetime>)?: $($field:ident),+) => {
        impl fmt::Debug for $name $(<$lifetime>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))$(.field(stringify!($field), &self.$field))+.finish_non_exhaustive()
            }
        }
    };
}

debug_shows!(Participant: user_id);
debug_shows!(WabaNumber: id, info);
debug_shows!(Change: waba_id, field, phone_number_id, entry_time);
debug_shows!(CreatedGroup: update, join_approval_mode);
debug_shows!(IncomingMessage<'_>: id, group_id, kind, timestamp);
debug_shows!(MessageStatus: id, kind, group_id, timestamp);

#[cfg(test)]
mod tests {
    use crate::webhooks::{Element, GroupEvent, interpret, parse, read};

    #[test]
    fn an_event_shows_neither_the_numbers_nor_the_link_nor_the_text_that_it_tells_of() {
        let groups = r#"{"type":"group_create","group_id":"G1","subject":"Inheritance of Mr Roe","invite_link":"https://chat.whatsapp.com/SECRET",
                         "added_participants":[{"wa_id":"16505551234","user_id":"US.1","username":"mara","input":"16505551234"}]}"#;
        let messages = r#"{"from":"16505551234","text":{"body":"hello there"}}"#;
        let body = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"W","changes":[
                {{"field":"group_lifecycle_update","value":{{"groups":[{groups}]}}}},
                {{"field":"messages","value":{{"messages":[{messages}]}}}}]}}]}}"#
        );
        let changes = parse(body.as_bytes()).unwrap();
        let event = interpret(&changes[0].field, &changes[0].value);
        assert!(matches!(event, GroupEvent::Created(_)));
        let shown = format!("{changes:?} {event:?}");
        for hidden in ["16505551234", "SECRET", "hello", "mara", "Roe"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        assert!(shown.contains("group_lifecycle_update") && shown.contains("G1"), "{shown}");
    }
    #[test]
    fn a_message_shows_neither_who_wrote_it_nor_who_got_it_nor_what_it_says() {
        let user = r#""from":"16505551234","recipient_id":"16505551234","recipient_participant_id":"16505551234""#;
        let body = format!(
            r#"{{"messages":[{{"id":"wamid.1","group_id":"G1","type":"text","text":{{"body":"hello there"}},{user}}}]}}"#
        );
        let statuses = format!(r#"{{"statuses":[{{"id":"wamid.2","status":"read","group_id":"G1",{user}}}]}}"#);
        let value = |json: &str| serde_json::value::RawValue::from_string(json.to_owned()).unwrap();
        let (message, status) = (value(&body), value(&statuses));
        let Element::Message(message) = read("messages", &message) else { panic!("{body}") };
        let Element::Status(status) = read("messages", &status) else { panic!("{statuses}") };
        let shown = format!("{message:?} {status:?}");
        assert!(!shown.contains("16505551234") && !shown.contains("hello"), "{shown}");
        assert!(shown.contains("wamid.1") && shown.contains("wamid.2") && shown.contains("Read"), "{shown}");
    }
}
