//! What `Debug` shows of rows that hold phone numbers, invite links or what people write: never these.
//!
//! Such values may end in a log by a mistake, or in the message of a failed assertion.

use std::fmt;

use crate::{
    AuditEntry, BusinessNumber, Change, ClaimedEndpoint, Endpoint, EndpointChange, EventFilter, Group, GroupSummary,
    GroupUpdate, InboxEvent, LearnedLink, NewChange, NewEndpoint, NewNumber, NumberTrouble, Outcome, PublishedEvent,
    ReceivedEvent, TriedDelivery, Try, UnroutedEvent,
};

/// `Debug` that shows these fields and no others.
macro_rules! debug_shows {
    ($name:ident: $($field:ident),+) => { debug_shows!($name, $name: $($field),+); };
    ($name:ident, $type:ty: $($field:ident),+) => {
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))$(.field(stringify!($field), &self.$field))+.finish_non_exhaustive()
            }
        }
    };
}

debug_shows!(NewChange: operation, phone_number_id, group_id, answer_due);
debug_shows!(Change: unique_code, operation, phone_number_id, group_id, request_id, status, created_at, settled_at);
debug_shows!(Outcome: status, group_id);
debug_shows!(ReceivedEvent, ReceivedEvent<'_>: field, waba_id, phone_number_id);
debug_shows!(InboxEvent: id, cust_space_id, field, waba_id, phone_number_id, received_at);
debug_shows!(PublishedEvent: id, sequence, event_type, cust_space_id, phone_number_id, waba_id, group_id, unique_code);
debug_shows!(EventFilter: event_type, group_id, since, until, order, after);
debug_shows!(UnroutedEvent: id, field, waba_id, phone_number_id, received_at);
debug_shows!(Group: phone_number_id, group_id, lifecycle, suspended, total_participant_count, modified_at);
debug_shows!(GroupSummary: phone_number_id, group_id, status, total_participant_count, modified_at);
debug_shows!(GroupUpdate: group_id, occurred_at, lifecycle, suspended, total_participant_count, participants_delta);
debug_shows!(LearnedLink: phone_number_id, group_id, learned_at);
debug_shows!(NewNumber: phone_number_id, waba_id);
debug_shows!(BusinessNumber: phone_number_id, waba_id, status, groups_eligible);
debug_shows!(NumberTrouble: tenant, status, quality_rating, ineligible, groups);
debug_shows!(AuditEntry: at, actor, action, request_id);
debug_shows!(Endpoint: endpoint_id, cust_space_id, types, state, disabled_at, failing_since, failures);
debug_shows!(NewEndpoint: types);
debug_shows!(EndpointChange: types);
debug_shows!(ClaimedEndpoint: id, space);
debug_shows!(TriedDelivery: delivery_id, claim, at, duration, status, next);
debug_shows!(Try: at, milliseconds, status);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ChangeStatus;

    const NUMBER: &str = "16505551234";
    const LINK: &str = "https://chat.whatsapp.com/SECRET";

    #[test]
    fn a_row_shows_neither_numbers_nor_links_nor_texts() {
        let change = NewChange {
            operation: "DeleteChatGroupParticipants".to_owned(),
            business_number: NUMBER.to_owned(),
            phone_number_id: "100".to_owned(),
            group_id: Some("G1".to_owned()),
            subject: Some("Inheritance of Mr Roe".to_owned()),
            request: serde_json::json!({"List": [{"ParticipantNumber": NUMBER}]}),
            answer_due: Duration::from_secs(1),
            trace: None,
        };
        let outcome = Outcome { invite_link: Some(LINK.to_owned()), ..Outcome::of(ChangeStatus::Succeeded) };
        let event = ReceivedEvent {
            fingerprint: [0; 32],
            field: "messages",
            waba_id: "W",
            phone_number_id: None,
            value: r#"{"messages":[{"text":{"body":"hello there"}}]}"#,
            entry_time: None,
        };
        let shown = format!("{change:?} {outcome:?} {event:?}");
        for hidden in [NUMBER, "SECRET", "hello", "Roe"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        assert!(shown.contains("G1") && shown.contains("ReceivedEvent { field: \"messages\""), "{shown}");
    }
}
