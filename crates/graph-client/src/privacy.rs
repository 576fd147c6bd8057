//! What `Debug` shows of values that hold phone numbers, invite links or what people write: never these.
//!
//! Such values may end in a log by a mistake, or in the message of a failed assertion.

use std::fmt;

use crate::{
    calls::participants::Participant,
    webhooks::{Change, CreatedGroup},
};

/// `Debug` that shows these fields and no others.
macro_rules! debug_shows {
    ($name:ident: $($field:ident),+) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))$(.field(stringify!($field), &self.$field))+.finish_non_exhaustive()
            }
        }
    };
}

debug_shows!(Participant: user_id);
debug_shows!(Change: waba_id, field, phone_number_id, entry_time);
debug_shows!(CreatedGroup: update, subject, join_approval_mode);

#[cfg(test)]
mod tests {
    use crate::webhooks::{GroupEvent, interpret, parse};

    #[test]
    fn an_event_shows_neither_the_numbers_nor_the_link_nor_the_text_that_it_tells_of() {
        let groups = r#"{"type":"group_create","group_id":"G1","subject":"S","invite_link":"https://chat.whatsapp.com/SECRET",
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
        for hidden in ["16505551234", "SECRET", "hello", "mara"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        assert!(shown.contains("group_lifecycle_update") && shown.contains("G1"), "{shown}");
    }
}
