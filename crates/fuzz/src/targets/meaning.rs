//! What the router makes of an event of the inbox: the field in the first line, its value behind it. This is what the
//! mirror of groups learns from; how it learns is PostgreSQL's, and tried in `tenant-store`.

use gateway::fuzzing::events::meaning;
use serde_json::Value;
use tenant_store::{InboxEvent, Routing};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::json::Unambiguous;

/// The lists of users that an event may have.
const USERS: [&str; 2] = ["added_participants", "removed_participants"];

pub(super) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (field, value) = text.split_once('\n').unwrap_or(("group_lifecycle_update", text));
    let read = meaning(&event(field, value));
    is_sound(&read, value);
    if let Some(plain) = Unambiguous::<false>::read(value.as_bytes()) {
        let spelled = meaning(&event(field, &format!("{plain:#}")));
        assert_eq!(format!("{read:?}"), format!("{spelled:?}"), "another spelling means something else");
        moves_as_many_as_it_names(&read, &plain);
    }
}

fn event(field: &str, value: &str) -> InboxEvent {
    InboxEvent {
        id: Uuid::nil(),
        cust_space_id: "cams-demo1".to_owned(),
        field: field.to_owned(),
        waba_id: "200".to_owned(),
        phone_number_id: Some("100".to_owned()),
        value: value.to_owned(),
        entry_time: None,
        received_at: OffsetDateTime::UNIX_EPOCH,
    }
}

fn is_sound(read: &Routing, value: &str) {
    assert!(!read.event_type.is_empty(), "an event of no type");
    assert!(read.media.iter().map(String::len).sum::<usize>() <= value.len());
    let Some(group) = &read.group else { return };
    assert_eq!(Some(&group.group_id), read.group_id.as_ref(), "what is told of one group is filed under another");
    assert_eq!(group.occurred_at, read.occurred_at, "an event of two times");
    assert!(group.total_participant_count.unwrap_or_default() >= 0);
    let told = [group.subject.is_some(), group.suspended.is_some(), group.participants_delta != 0];
    assert!(told.into_iter().filter(|told| *told).count() <= 1, "one event tells several: {group:?}");
}

/// Users come and go one by one, as they are named.
fn moves_as_many_as_it_names(read: &Routing, value: &Value) {
    let Some(delta) = read.group.as_ref().map(|group| i64::from(group.participants_delta)) else { return };
    let groups = value["groups"].as_array();
    let group = groups.and_then(|groups| groups.iter().find(|group| group.is_object())).unwrap_or(&Value::Null);
    let of_group = |list: &str| group[list].as_array().map_or(0, Vec::len);
    let [added, removed] = USERS.map(|list| i64::try_from(of_group(list)).unwrap_or(i64::MAX));
    assert!((-removed..=added).contains(&delta), "{delta} of {added} and {removed}");
}
