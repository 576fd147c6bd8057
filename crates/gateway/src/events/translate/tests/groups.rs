//! The samples of the four group fields.

use serde_json::{Value, json};

use super::{told_of, user};

/// What every sample of Meta's has.
fn sample(kind: &str, more: Value) -> Value {
    let mut group = json!({"timestamp": "1755548877", "group_id": "G", "type": kind});
    group.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"messaging_product": "whatsapp", "metadata": {"phone_number_id": "100"}, "groups": [group]})
}

/// What the sample becomes.
fn event(event_type: &str, data: Value) -> Value {
    json!({"Type": event_type, "GroupId": "G", "OccurredAt": "2025-08-18T20:27:57Z", "Data": data})
}

fn metas_error() -> Value {
    json!({"code": 131_203, "message": "(#131203) m", "title": "T", "error_data": {"details": "D"}})
}

fn our_error() -> Value {
    json!({"Code": 131_203, "Title": "T", "Message": "(#131203) m", "Details": "D"})
}

#[test]
fn a_group_is_created() {
    let more = json!({"request_id": "R", "subject": "S", "invite_link": "https://chat.whatsapp.com/L",
                      "join_approval_mode": "auto_approve"});
    let expected = event(
        "group.created",
        json!({"Subject": "S", "Description": null, "InviteLink": "https://chat.whatsapp.com/L",
               "JoinApprovalMode": "auto_approve"}),
    );
    assert_eq!(told_of("group_lifecycle_update", &sample("group_create", more)), expected);
}

#[test]
fn a_group_that_was_not_created_has_no_id_whatever_the_sample_says() {
    let more = json!({"request_id": "R", "subject": "S", "description": "D", "errors": [metas_error()]});
    let expected = json!({
        "Type": "group.create_failed",
        "OccurredAt": "2025-08-18T20:27:57Z",
        "Data": {"Subject": "S", "Description": "D", "InviteLink": null, "JoinApprovalMode": null},
        "Errors": [our_error()],
    });
    assert_eq!(told_of("group_lifecycle_update", &sample("group_create", more)), expected);
}

#[test]
fn a_group_is_deleted_or_not() {
    let deleted = sample("group_delete", json!({"request_id": "R"}));
    assert_eq!(told_of("group_lifecycle_update", &deleted), event("group.deleted", json!({})));
    let failed = sample("group_delete", json!({"request_id": "R", "errors": [metas_error()]}));
    let mut expected = event("group.delete_failed", json!({}));
    expected["Errors"] = json!([our_error()]);
    assert_eq!(told_of("group_lifecycle_update", &failed), expected);
}

#[test]
fn settings_are_told_part_by_part_and_as_they_now_are() {
    let more = json!({
        "request_id": "R",
        "profile_picture": {"mime_type": "image/jpeg", "sha256": "x", "update_successful": true},
        "group_subject": {"text": "S", "update_successful": "true"},
        "group_description": {"text": "D", "update_successful": false, "errors": [metas_error()]},
        "errors": [{"code": 131_201}],
    });
    let data = json!({
        "Fields": {
            "Subject": {"UpdateSuccessful": true},
            "Description": {"UpdateSuccessful": false, "Code": 131_203, "Message": "(#131203) m"},
            "ProfilePicture": {"UpdateSuccessful": true},
        },
        "Subject": "S",
        "Description": null,
    });
    let mut expected = event("group.settings.updated", data);
    expected["Errors"] = json!([{"Code": 131_201, "Title": null, "Message": null, "Details": null}]);
    assert_eq!(told_of("group_settings_update", &sample("group_settings_update", more)), expected);
}

#[test]
fn a_description_that_was_taken_away_is_empty_and_what_was_not_asked_for_is_not_told() {
    let more = json!({"group_description": {"text": "", "update_successful": true}});
    let data = json!({"Fields": {"Description": {"UpdateSuccessful": true}}, "Subject": null, "Description": ""});
    let told = told_of("group_settings_update", &sample("group_settings_update", more));
    assert_eq!(told, event("group.settings.updated", data));
}

#[test]
fn a_group_is_suspended_and_no_longer() {
    for (kind, event_type) in [("group_suspend", "group.suspended"), ("group_suspend_cleared", "group.unsuspended")] {
        assert_eq!(told_of("group_status_update", &sample(kind, json!({}))), event(event_type, json!({})));
    }
}

#[test]
fn several_users_join_in_one_event_also_by_the_references_names() {
    let users = json!([
        {"input": "16505551234", "wa_id": "16505551234"},
        {"input": "US.1", "wa_id": "", "user_id": "US.1", "parent_user_id": "US.P", "username": "mara"},
    ]);
    let data = json!({
        "Participants": [
            user("16505551234", Some("16505551234"), None, None),
            user("US.1", None, Some("US.1"), Some("mara")),
        ],
        "Reason": "invite_link",
    });
    for (field, kind) in [
        ("group_participants_update", "group_participants_add"),
        ("group_participant_update", "group_add_participants"),
    ] {
        let joined = sample(kind, json!({"reason": "invite_link", "added_participants": users}));
        assert_eq!(told_of(field, &joined), event("group.participant.joined", data.clone()));
    }
}

#[test]
fn who_left_and_who_was_removed_are_told_apart() {
    let users = json!([{"wa_id": "16505551234", "user_id": "US.1"}]);
    let data = json!({"Participants": [user("16505551234", Some("16505551234"), Some("US.1"), None)], "Failed": []});
    for (initiator, event_type) in [
        (json!("participant"), "group.participant.left"),
        (json!("business"), "group.participant.removed"),
        (json!(null), "group.participant.removed"),
        (json!("somebody"), "group.participant.removed"),
    ] {
        let more = json!({"removed_participants": users, "initiated_by": initiator});
        let told = told_of("group_participants_update", &sample("group_participants_remove", more));
        assert_eq!(told, event(event_type, data.clone()), "{initiator}");
    }
    let mut beside = sample("group_remove_participants", json!({"removed_participants": users, "request_id": "R"}));
    beside["initiated_by"] = json!("participant");
    assert_eq!(told_of("group_participants_update", &beside), event("group.participant.left", data));
}

#[test]
fn a_removal_that_failed_in_part_or_wholly_names_who_is_still_in() {
    let failed = json!([{"input": "+16505550199", "errors": [metas_error()]}]);
    let failed_user =
        json!({"ParticipantNumber": "16505550199", "Code": 131_203, "Message": "(#131203) m", "Details": "D"});
    let part = json!({"request_id": "R", "initiated_by": "business", "removed_participants": [{"input": "+16505551234"}],
                      "failed_participants": failed, "errors": [metas_error()]});
    let mut expected = event(
        "group.participant.removed",
        json!({"Participants": [user("16505551234", None, None, None)], "Failed": [failed_user]}),
    );
    expected["Errors"] = json!([our_error()]);
    assert_eq!(told_of("group_participants_update", &sample("group_participants_remove", part)), expected);
    let wholly = json!({"request_id": "R", "failed_participants": [{"input": "16505550199"}], "errors": [metas_error()],
                        "initiated_by": "business"});
    expected["Data"]["Participants"] = json!([]);
    assert_eq!(told_of("group_participants_update", &sample("group_participants_remove", wholly)), expected);
}

#[test]
fn a_join_request_is_made_and_taken_back() {
    let more = json!({"reason": "invite_link", "join_request_id": "JR", "wa_id": "16505551234", "user_id": "US.1", "username": "mara"});
    let data = json!({"JoinRequestId": "JR", "Participant": user("16505551234", Some("16505551234"), Some("US.1"), Some("mara")),
                      "Reason": "invite_link"});
    for (kind, event_type) in [
        ("group_join_request_created", "group.join_request.created"),
        ("group_join_request_revoked", "group.join_request.revoked"),
    ] {
        let told = told_of("group_participants_update", &sample(kind, more.clone()));
        assert_eq!(told, event(event_type, data.clone()));
    }
}
