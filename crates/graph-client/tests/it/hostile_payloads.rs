//! Payloads that are large, deep or broken on purpose: never a panic, and never more work than the
//! size explains.

use std::time::{Duration, Instant};

use graph_client::webhooks::{Change, PayloadError, interpret, parse};

/// Far above what any of these takes, and far below what quadratic work would.
const BOUND: Duration = Duration::from_secs(20);

fn payload(value: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"group_lifecycle_update","value":{value}}}]}}]}}"#
    )
}

/// Takes apart and interprets everything.
fn read(body: &str) -> Result<Vec<Change>, PayloadError> {
    let started = Instant::now();
    let changes = parse(body.as_bytes())?;
    for change in &changes {
        interpret(&change.field, &change.value);
    }
    assert!(started.elapsed() < BOUND, "{:?}", started.elapsed());
    Ok(changes)
}

fn size(changes: &[Change]) -> usize {
    changes.iter().map(|change| change.value.get().len()).sum()
}

#[test]
fn a_payload_of_3_mb_with_1000_updates_is_taken_apart_whole() {
    let group = format!(r#"{{"type":"group_create","request_id":"R","subject":"{}"}}"#, "s".repeat(2900));
    let groups = vec![group; 1000].join(",");
    let value = format!(r#"{{"metadata":{{"phone_number_id":"100"}},"groups":[{groups}]}}"#);
    let changes = read(&payload(&value)).unwrap();
    assert_eq!(changes.len(), 1000);
    assert!(changes.iter().all(|change| change.value.get().contains("metadata")));
}

#[test]
fn what_1000_messages_share_is_not_repeated_without_end() {
    let contacts = vec![format!(r#"{{"name":"{}"}}"#, "n".repeat(1400)); 1000].join(",");
    let messages = vec![r#"{"id":"wamid"}"#; 1000].join(",");
    let value =
        format!(r#"{{"metadata":{{"phone_number_id":"100"}},"contacts":[{contacts}],"messages":[{messages}]}}"#);
    let changes = read(&payload(&value)).unwrap();
    assert_eq!(changes.len(), 1000);
    assert!(size(&changes) < 32 * 1024 * 1024);
    assert!(changes.iter().all(|change| change.phone_number_id.as_deref() == Some("100")));
}

#[test]
fn an_event_keeps_its_own_element_whatever_else_is_left_out() {
    let shared: Vec<_> = (0..50_000).map(|at| format!(r#""k{at}":0"#)).collect();
    let messages = vec![r#"{"id":"wamid"}"#; 1000].join(",");
    let value = format!(r#"{{{},"messages":[{messages}]}}"#, shared.join(","));
    let changes = read(&payload(&value)).unwrap();
    assert_eq!(changes.len(), 1000);
    let own = r#""messages":[{"id":"wamid"}]}"#;
    assert!(changes.iter().all(|change| change.value.get().ends_with(own)));
}

#[test]
fn a_list_that_is_named_ten_thousand_times_counts_once() {
    let doubled = vec![r#""groups":[{"a":1}]"#; 10_000].join(",");
    let last = vec!["{}"; 10_000].join(",");
    let changes = read(&payload(&format!(r#"{{{doubled},"groups":[{last}]}}"#))).unwrap();
    assert_eq!(changes.len(), 10_000);
    assert_eq!(changes[0].value.get(), r#"{"groups":[{}]}"#);
}

#[test]
fn names_and_ids_of_a_megabyte_are_not_copied_into_every_event() {
    let long = "9".repeat(1_000_000);
    let groups = vec!["{}"; 10_000].join(",");
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"{long}","changes":[{{"field":"f","value":
            {{"metadata":{{"phone_number_id":"{long}"}},"groups":[{groups}]}}}}]}}]}}"#
    );
    let changes = read(&body).unwrap();
    assert_eq!((changes[0].waba_id.as_deref(), changes[0].phone_number_id.as_deref()), (None, None));
    assert!(size(&changes) < 32 * 1024 * 1024);
}

#[test]
fn nesting_a_million_deep_is_an_event_like_others() {
    let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
    let changes = read(&payload(&format!(r#"{{"groups":[{{"type":"group_create","subject":{deep}}}]}}"#))).unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(read(&payload(&deep)).unwrap().len(), 1);
}

#[test]
fn members_by_the_hundred_thousand_are_read_once() {
    let members: Vec<_> = (0..200_000).map(|at| format!(r#""k{at}":0"#)).collect();
    let changes = read(&payload(&format!(r#"{{"groups":[{{{}}}]}}"#, members.join(",")))).unwrap();
    assert_eq!(changes.len(), 1);
}

#[test]
fn strange_characters_and_numbers_stay_as_they_are_written() {
    for element in [
        r#"{"subject":"a\u0000b"}"#,
        r#"{"subject":"\ud83d"}"#,
        r#"{"\udfff":1}"#,
        r#"{"timestamp":1e99999}"#,
        r#"{"timestamp":-0.0000000000000000000000000000001E-400}"#,
        r#"{"timestamp":123456789012345678901234567890}"#,
        r#"{"a":1,"a":2}"#,
    ] {
        let changes = read(&payload(&format!(r#"{{"groups":[{element}]}}"#))).unwrap();
        assert_eq!(changes[0].value.get(), format!(r#"{{"groups":[{element}]}}"#));
    }
}

#[test]
fn a_payload_cut_at_any_byte_is_an_error_and_no_panic() {
    let body = payload(r#"{"metadata":{"phone_number_id":"1"},"groups":[{"type":"group_create","s":"é\u00e9"}]}"#);
    for end in 0..body.len() {
        assert_eq!(parse(&body.as_bytes()[..end]).unwrap_err(), PayloadError::NotJson, "{end}");
    }
}

#[test]
fn an_altered_byte_anywhere_is_no_panic() {
    let body = payload(r#"{"metadata":{"phone_number_id":"1"},"groups":[{"type":"group_delete","errors":[{}]}]}"#);
    for at in 0..body.len() {
        for byte in [b'"', b'{', b']', b'\\', b'0', 0, 0xff] {
            let mut altered = body.clone().into_bytes();
            altered[at] = byte;
            for change in parse(&altered).unwrap_or_default() {
                interpret(&change.field, &change.value);
            }
        }
    }
}
