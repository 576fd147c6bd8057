//! Every sample that Meta's pages have of the group webhooks, and the spellings they disagree on.

use graph_client::{
    JoinApprovalMode,
    webhooks::{Change, GroupEvent, GroupUpdate, Initiator, UpdateError, interpret, parse},
};

const ERRORS: &str = r#""errors":[{"code":131203,"message":"(#131203) m","title":"T","error_data":{"details":"D"}}]"#;

/// The one change of a payload with one group.
fn change(field: &str, group: &str) -> Change {
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"200","time":1731617831,"changes":[
            {{"field":"{field}","value":{{"messaging_product":"whatsapp","metadata":
            {{"display_phone_number":"15550783881","phone_number_id":"100"}},"groups":[{group}]}}}}]}}]}}"#
    );
    let mut changes = parse(body.as_bytes()).unwrap();
    assert_eq!(changes.len(), 1);
    changes.remove(0)
}

fn event(field: &str, group: &str) -> GroupEvent {
    interpret(field, &change(field, group).value)
}

fn lifecycle(group: &str) -> GroupEvent {
    event("group_lifecycle_update", group)
}

fn participants(group: &str) -> GroupEvent {
    event("group_participants_update", group)
}

/// What every sample here has, with or without a request ID and the error above.
fn update(request_id: Option<&str>, failed: bool) -> GroupUpdate {
    let error = UpdateError {
        code: Some(131_203),
        title: Some("T".into()),
        message: Some("(#131203) m".into()),
        details: Some("D".into()),
    };
    GroupUpdate {
        group_id: Some("G".parse().unwrap()),
        request_id: request_id.map(str::to_owned),
        timestamp: Some(1_755_548_877),
        errors: if failed { vec![error] } else { Vec::new() },
    }
}

#[test]
fn a_group_is_created() {
    let event = lifecycle(
        r#"{"timestamp":"1755548877","group_id":"G","type":"group_create","request_id":"R","subject":"S",
            "invite_link":"https://chat.whatsapp.com/L","join_approval_mode":"auto_approve"}"#,
    );
    let GroupEvent::Created(group) = event else { panic!("{event:?}") };
    assert_eq!(group.update, update(Some("R"), false));
    assert_eq!((group.subject.as_deref(), group.description), (Some("S"), None));
    assert_eq!(group.invite_link.as_deref(), Some("https://chat.whatsapp.com/L"));
    assert_eq!(group.join_approval_mode, Some(JoinApprovalMode::AutoApprove));
}

#[test]
fn a_creation_that_failed_is_told_by_its_errors_although_it_has_a_group_id() {
    let event = lifecycle(&format!(
        r#"{{"timestamp":1755548877,"type":"group_create","request_id":"R","subject":"S","description":"D",
            "group_id":"G",{ERRORS}}}"#
    ));
    let GroupEvent::CreateFailed(group) = event else { panic!("{event:?}") };
    assert_eq!(group.update, update(Some("R"), true));
    assert_eq!(group.description.as_deref(), Some("D"));
}

#[test]
fn a_group_is_deleted_or_not() {
    let sample = r#""timestamp":"1755548877","group_id":"G","type":"group_delete","request_id":"R""#;
    let deleted = lifecycle(&format!("{{{sample}}}"));
    assert_eq!(deleted, GroupEvent::Deleted(update(Some("R"), false)));
    let failed = lifecycle(&format!("{{{sample},{ERRORS}}}"));
    assert_eq!(failed, GroupEvent::DeleteFailed(update(Some("R"), true)));
}

#[test]
fn a_user_joins_by_the_link() {
    let event = participants(
        r#"{"timestamp":"1755548877","group_id":"G","type":"group_participants_add","reason":"invite_link",
            "added_participants":[{"wa_id":"16505551234"}]}"#,
    );
    let GroupEvent::ParticipantsAdded(added) = event else { panic!("{event:?}") };
    assert_eq!(added.update, update(None, false));
    assert_eq!(added.reason.as_deref(), Some("invite_link"));
    assert_eq!(added.participants[0].wa_id.as_deref(), Some("16505551234"));
    assert_eq!(added.participants[0].input, None);
}

#[test]
fn users_are_approved_and_one_of_them_hides_the_number() {
    let event = participants(
        r#"{"timestamp":1755548877,"group_id":"G","type":"group_participants_add","reason":"invite_link",
            "added_participants":[{"input":"16505551234","wa_id":"16505551234"},
              {"input":"US.1","wa_id":"","user_id":"US.1","parent_user_id":"US.P","username":"u"}]}"#,
    );
    let GroupEvent::ParticipantsAdded(added) = event else { panic!("{event:?}") };
    let [known, hidden] = added.participants.as_slice() else { panic!("{added:?}") };
    assert_eq!(known.input.as_deref(), Some("16505551234"));
    assert_eq!((hidden.wa_id.as_deref(), hidden.user_id.as_deref()), (None, Some("US.1")));
    assert_eq!((hidden.parent_user_id.as_deref(), hidden.username.as_deref()), (Some("US.P"), Some("u")));
}

#[test]
fn a_join_request_is_made_and_taken_back() {
    let sample = |kind: &str| {
        participants(&format!(
            r#"{{"timestamp":"1755548877","group_id":"G","type":"{kind}","reason":"invite_link",
                "join_request_id":"JR","wa_id":"W","user_id":"US.1"}}"#
        ))
    };
    let GroupEvent::JoinRequestCreated(made) = sample("group_join_request_created") else { panic!() };
    assert_eq!(made.update, update(None, false));
    assert_eq!((made.join_request_id.as_deref(), made.reason.as_deref()), (Some("JR"), Some("invite_link")));
    assert_eq!(made.participant.wa_id.as_deref(), Some("W"));
    assert_eq!(made.participant.user_id.as_deref(), Some("US.1"));
    assert_eq!(sample("group_join_request_revoked"), GroupEvent::JoinRequestRevoked(made));
}

#[test]
fn the_business_removes_participants() {
    let event = participants(
        r#"{"timestamp":"1755548877","group_id":"G","type":"group_participants_remove","request_id":"R",
            "removed_participants":[{"input":"16505551234"}],"initiated_by":"business"}"#,
    );
    let GroupEvent::ParticipantsRemoved(removed) = event else { panic!("{event:?}") };
    assert_eq!(removed.update, update(Some("R"), false));
    assert_eq!(removed.initiated_by, Some(Initiator::Business));
    assert_eq!(removed.participants[0].input.as_deref(), Some("16505551234"));
    assert!(removed.failed.is_empty());
}

#[test]
fn a_removal_fails_in_part() {
    let event = participants(&format!(
        r#"{{"timestamp":"1755548877","group_id":"G","type":"group_participants_remove","request_id":"R",
            "initiated_by":"business","removed_participants":[{{"input":"1"}}],
            "failed_participants":[{{"input":"2",{ERRORS}}}],{ERRORS}}}"#
    ));
    let GroupEvent::ParticipantsRemoved(removed) = event else { panic!("{event:?}") };
    assert_eq!(removed.update, update(Some("R"), true));
    assert_eq!(removed.participants[0].input.as_deref(), Some("1"));
    assert_eq!(removed.failed[0].participant.input.as_deref(), Some("2"));
    assert_eq!(removed.failed[0].errors, removed.update.errors);
}

#[test]
fn a_removal_fails_as_a_whole() {
    let event = participants(&format!(
        r#"{{"timestamp":"1755548877","group_id":"G","type":"group_participants_remove","request_id":"R",
            "failed_participants":[{{"input":"2"}}],{ERRORS},"initiated_by":"business"}}"#
    ));
    let GroupEvent::ParticipantsRemoved(removed) = event else { panic!("{event:?}") };
    assert!(removed.participants.is_empty());
    assert_eq!((removed.failed.len(), removed.failed[0].errors.len()), (1, 0));
}

#[test]
fn a_participant_leaves() {
    let event = participants(
        r#"{"timestamp":"1755548877","group_id":"G","type":"group_participants_remove",
            "removed_participants":[{"wa_id":"W"}],"initiated_by":"participant"}"#,
    );
    let GroupEvent::ParticipantsRemoved(removed) = event else { panic!("{event:?}") };
    assert_eq!(removed.initiated_by, Some(Initiator::Participant));
    assert_eq!(removed.participants[0].wa_id.as_deref(), Some("W"));
}

#[test]
fn who_removed_is_also_read_beside_the_group() {
    let value = r#"{"groups":[{"type":"group_participants_remove"}],"initiated_by":"business"}"#;
    let event = interpret("group_participants_update", serde_json::from_str(value).unwrap());
    let GroupEvent::ParticipantsRemoved(removed) = event else { panic!("{event:?}") };
    assert_eq!(removed.initiated_by, Some(Initiator::Business));
}

#[test]
fn settings_change_part_by_part() {
    let event = event(
        "group_settings_update",
        &format!(
            r#"{{"timestamp":"1755548877","group_id":"G","type":"group_settings_update","request_id":"R",
                "profile_picture":{{"mime_type":"image/jpeg","sha256":"x","update_successful":true}},
                "group_subject":{{"text":"S","update_successful":"true"}},
                "group_description":{{"text":"D","update_successful":false,{ERRORS}}},{ERRORS}}}"#
        ),
    );
    let GroupEvent::SettingsUpdated(settings) = event else { panic!("{event:?}") };
    assert_eq!(settings.update, update(Some("R"), true));
    let (subject, description) = (settings.subject.unwrap(), settings.description.unwrap());
    assert_eq!((subject.update_successful, subject.text.as_deref()), (true, Some("S")));
    assert_eq!((description.update_successful, description.errors.len()), (false, 1));
    assert!(settings.profile_picture.unwrap().update_successful);
}

#[test]
fn a_setting_that_was_not_asked_for_is_absent_and_one_without_a_word_succeeded_without_errors() {
    let group =
        format!(r#"{{"type":"group_settings_update","group_subject":{{"text":"S"}},"profile_picture":{{{ERRORS}}}}}"#);
    let GroupEvent::SettingsUpdated(settings) = event("group_settings_update", &group) else { panic!() };
    assert!(settings.subject.unwrap().update_successful);
    assert!(!settings.profile_picture.unwrap().update_successful);
    assert_eq!(settings.description, None);
}

#[test]
fn a_group_is_suspended_and_cleared() {
    let sample = |kind: &str| {
        let group = format!(r#"{{"timestamp":"1755548877","type":"{kind}","group_id":"G"}}"#);
        event("group_status_update", &group)
    };
    assert_eq!(sample("group_suspend"), GroupEvent::Suspended(update(None, false)));
    assert_eq!(sample("group_suspend_cleared"), GroupEvent::Unsuspended(update(None, false)));
}

#[test]
fn the_references_own_names_mean_the_same() {
    let add = r#"{"type":"group_add_participants","added_participants":[{"wa_id":"W"}]}"#;
    let remove = r#"{"type":"group_remove_participants","removed_participants":[{"wa_id":"W"}]}"#;
    let singular = "group_participant_update";
    assert!(matches!(event(singular, add), GroupEvent::ParticipantsAdded(_)));
    assert!(matches!(event(singular, remove), GroupEvent::ParticipantsRemoved(_)));
}

#[test]
fn every_event_gives_what_all_have() {
    let event = lifecycle(r#"{"timestamp":"7","group_id":"G","type":"group_delete","request_id":"R"}"#);
    assert_eq!(event.update().unwrap().request_id.as_deref(), Some("R"));
    assert_eq!(GroupEvent::Other.update(), None);
}

#[test]
fn everything_else_is_other() {
    for (field, group) in [
        ("messages", r#"{"type":"group_create"}"#),
        ("group_lifecycle_update", r#"{"type":"group_archived"}"#),
        ("group_lifecycle_update", "{}"),
        ("group_lifecycle_update", "7"),
        ("account_update", "{}"),
    ] {
        assert_eq!(event(field, group), GroupEvent::Other, "{field} {group}");
    }
    for value in ["[]", "null", "{}", r#"{"groups":{}}"#, r#"{"groups":[]}"#] {
        let value = serde_json::from_str(value).unwrap();
        assert_eq!(interpret("group_lifecycle_update", value), GroupEvent::Other);
    }
}

#[test]
fn an_event_whose_subject_cannot_be_read_still_settles_its_request() {
    let group = r#"{"type":"group_create","request_id":"R","group_id":"a/b","subject":"\ud800","timestamp":1e400}"#;
    let GroupEvent::Created(created) = lifecycle(group) else { panic!() };
    assert_eq!(created.update.request_id.as_deref(), Some("R"));
    assert_eq!((created.subject, created.update.group_id, created.update.timestamp), (None, None, None));
}

#[test]
fn messages_and_statuses_of_groups_are_events_of_their_number() {
    let body = r#"{"object":"whatsapp_business_account","entry":[{"id":"200","changes":[{"field":"messages","value":{
        "messaging_product":"whatsapp","metadata":{"phone_number_id":"100"},
        "statuses":[{"id":"wamid.1","status":"read","recipient_participant_id":"1"},
                    {"id":"wamid.1","status":"read","recipient_participant_id":"2"}]}}]}]}"#;
    let changes = parse(body.as_bytes()).unwrap();
    assert_eq!(changes.len(), 2);
    assert!(changes.iter().all(|change| change.phone_number_id.as_deref() == Some("100")));
    assert_ne!(changes[0].fingerprint, changes[1].fingerprint);
}

#[test]
fn a_removal_that_metas_document_calls_a_creation_is_told_by_its_list() {
    let sample = |list: &str| {
        participants(&format!(
            r#"{{"timestamp":"1755548877","group_id":"G","type":"group_create","request_id":"R"{list}}}"#
        ))
    };
    let GroupEvent::ParticipantsRemoved(removed) = sample(r#","removed_participants":[{"wa_id":16505551234}]"#) else {
        panic!()
    };
    assert_eq!(removed.update, update(Some("R"), false));
    assert_eq!(removed.participants[0].wa_id.as_deref(), Some("16505551234"));
    assert!(matches!(sample(r#","added_participants":[]"#), GroupEvent::ParticipantsAdded(_)));
    assert_eq!(sample(""), GroupEvent::Other);
}
