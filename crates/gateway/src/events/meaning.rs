//! What an event means for us: the change that it settles, and what it tells of its group.

use std::collections::BTreeMap;

use cams_api::Operation;
use cams_api::operations::{
    AddChatGroup, AddChatGroupParticipants, DeleteChatGroup, DeleteChatGroupParticipants, UpdateChatGroup,
};
use graph_client::Participant;
use graph_client::webhooks::{
    self, CreatedGroup, Element, FailedParticipant, GroupEvent, PartOutcome, ParticipantsAdded, ParticipantsRemoved,
    SettingsUpdated, UpdateError,
};
use serde_json::json;
use serde_json::value::RawValue;
use tenant_store::{
    ChangeOutcome, ChangeStatus, GroupLifecycle, GroupUpdate, InboxEvent, Outcome, Routing, ToldSetting,
};

use super::results::{faults, participant_faults, setting_results};
use super::translate::{instant, translate};
use crate::operations::outcomes::PARTIAL_SUCCESS;

/// Reads an event of the inbox. What is not understood means nothing for us, and tenants are told all the same.
pub(crate) fn meaning(event: &InboxEvent) -> Routing {
    let value = serde_json::from_str(&event.value).unwrap_or(RawValue::NULL);
    let read = webhooks::read(&event.field, value);
    let (change, group) = match &read {
        Element::Group(event) => (change(event), group(event)),
        Element::Message(_) | Element::Status(_) | Element::Other(_) => (None, None),
    };
    let told = translate(&event.field, read);
    Routing {
        change,
        group,
        media: webhooks::received_media(&event.field, value),
        event_type: told.event_type.to_string(),
        group_id: told.group_id,
        occurred_at: told.occurred_at,
    }
}

/// How a change ended that an event tells of, also where Meta's answer tells the same; `None` where it tells of none.
pub(crate) fn told_outcome(event: &GroupEvent) -> Option<Outcome> {
    outcome_of(event).map(|(_, outcome)| outcome)
}

fn change(event: &GroupEvent) -> Option<ChangeOutcome> {
    let (kind, outcome) = outcome_of(event).filter(|_| may_end_a_change(event))?;
    let update = event.update()?;
    let subject = match event {
        GroupEvent::Created(created) | GroupEvent::CreateFailed(created) => created.subject.clone(),
        _ => None,
    };
    let group_id = if matches!(event, GroupEvent::CreateFailed(_)) { None } else { update.group_id.as_ref() };
    Some(ChangeOutcome {
        kind: kind.to_owned(),
        request_id: update.request_id.clone(),
        group_id: group_id.map(ToString::to_string),
        subject,
        participants: added_users(event),
        settings: told_settings(event),
        outcome,
    })
}

/// Users come by the link, and go, without any call of ours; then Meta names no `input`.
fn may_end_a_change(event: &GroupEvent) -> bool {
    match event {
        GroupEvent::ParticipantsRemoved(removed) => removed.initiated_by != Some(webhooks::Initiator::Participant),
        GroupEvent::ParticipantsAdded(added) => {
            added.update.request_id.is_some() || added.participants.iter().any(|user| user.input.is_some())
        }
        _ => true,
    }
}

/// The users whom an addition names, by all that we may have named them by: a join request that was approved tells the
/// same as an addition.
fn added_users(event: &GroupEvent) -> Option<Vec<String>> {
    let GroupEvent::ParticipantsAdded(added) = event else { return None };
    let failed = added.failed.iter().map(|failed| &failed.participant);
    let names = added.participants.iter().chain(failed).flat_map(|user| [&user.input, &user.wa_id, &user.user_id]);
    Some(names.flatten().map(|name| name.trim_start_matches('+').to_owned()).collect())
}

/// The settings that an event names, by their names in our requests, each with its text; a picture has none. Of what was not
/// changed, Meta's documents do not say whether the text is the one that was asked for.
fn told_settings(event: &GroupEvent) -> BTreeMap<String, ToldSetting> {
    let GroupEvent::SettingsUpdated(settings) = event else { return BTreeMap::new() };
    let text = |part: &PartOutcome| part.text.clone();
    let description = |part: &PartOutcome| successful_description(part).or_else(|| text(part));
    let parts = [
        ("Subject", settings.subject.as_ref().map(|part| (part, text(part)))),
        ("Description", settings.description.as_ref().map(|part| (part, description(part)))),
        ("ProfilePicture", settings.profile_picture.as_ref().map(|part| (part, None))),
    ];
    let told = parts.into_iter().filter_map(|(name, told)| {
        let (part, text) = told?;
        Some((name.to_owned(), ToldSetting { text, is_changed: part.update_successful }))
    });
    told.collect()
}

/// The operation that the event ends, and how.
fn outcome_of(event: &GroupEvent) -> Option<(&'static str, Outcome)> {
    Some(match event {
        GroupEvent::Created(created) => (AddChatGroup::NAME, created_outcome(created, ChangeStatus::Succeeded)),
        GroupEvent::CreateFailed(created) => (AddChatGroup::NAME, created_outcome(created, ChangeStatus::Failed)),
        GroupEvent::Deleted(_) => (DeleteChatGroup::NAME, outcome(ChangeStatus::Succeeded, &[])),
        GroupEvent::DeleteFailed(update) => (DeleteChatGroup::NAME, outcome(ChangeStatus::Failed, &update.errors)),
        GroupEvent::SettingsUpdated(settings) => (UpdateChatGroup::NAME, settings_outcome(settings)),
        GroupEvent::ParticipantsRemoved(removed) => {
            let ParticipantsRemoved { update, participants, failed, .. } = removed;
            (DeleteChatGroupParticipants::NAME, participants_outcome(participants, failed, &update.errors))
        }
        GroupEvent::ParticipantsAdded(added) => {
            let ParticipantsAdded { update, participants, failed, .. } = added;
            (AddChatGroupParticipants::NAME, participants_outcome(participants, failed, &update.errors))
        }
        _ => return None,
    })
}

fn outcome(status: ChangeStatus, errors: &[UpdateError]) -> Outcome {
    Outcome { errors: (!errors.is_empty()).then(|| json!(faults(errors))), ..Outcome::of(status) }
}

fn created_outcome(created: &CreatedGroup, status: ChangeStatus) -> Outcome {
    let is_made = status == ChangeStatus::Succeeded;
    Outcome {
        group_id: created.update.group_id.as_ref().filter(|_| is_made).map(ToString::to_string),
        invite_link: created.invite_link.clone().filter(|_| is_made),
        ..outcome(status, &created.update.errors)
    }
}

fn settings_outcome(settings: &SettingsUpdated) -> Outcome {
    let parts = [&settings.subject, &settings.description, &settings.profile_picture];
    let told = parts.into_iter().flatten().count();
    let done = parts.into_iter().flatten().filter(|part| part.update_successful).count();
    let errors = &settings.update.errors;
    // Each part says for itself whether it is done.
    let status = if told > 0 && done == told { ChangeStatus::Succeeded } else { share(done, told - done, errors) };
    Outcome { fields: Some(json!(setting_results(settings))), ..outcome(status, errors) }
}

fn participants_outcome(done: &[Participant], failed: &[FailedParticipant], errors: &[UpdateError]) -> Outcome {
    let status = share(done.len(), failed.len(), errors);
    let failed = participant_faults(failed, errors);
    Outcome { failed: (!failed.is_empty()).then(|| json!(failed)), ..outcome(status, errors) }
}

/// All, none or some. An event that names no part is told by its errors.
fn share(done: usize, failed: usize, errors: &[UpdateError]) -> ChangeStatus {
    let in_part = !errors.is_empty() && errors.iter().all(|error| error.code == Some(PARTIAL_SUCCESS));
    match (done, failed) {
        (0, 0) if errors.is_empty() => ChangeStatus::Succeeded,
        (0, 0) if in_part => ChangeStatus::Partial,
        (0, _) => ChangeStatus::Failed,
        (_, 0) if errors.is_empty() => ChangeStatus::Succeeded,
        _ => ChangeStatus::Partial,
    }
}

fn group(event: &GroupEvent) -> Option<GroupUpdate> {
    let update = event.update()?;
    let unchanged = GroupUpdate {
        group_id: update.group_id.as_ref()?.to_string(),
        occurred_at: update.timestamp.and_then(instant),
        ..GroupUpdate::default()
    };
    match event {
        GroupEvent::Created(created) => Some(GroupUpdate {
            subject: created.subject.clone(),
            description: created.description.clone(),
            join_approval_mode: created.join_approval_mode.map(|mode| mode.as_str().to_owned()),
            lifecycle: Some(GroupLifecycle::Active),
            invite_link: created.invite_link.clone(),
            creation_timestamp: unchanged.occurred_at,
            total_participant_count: Some(count(created.participants.len())),
            ..unchanged
        }),
        GroupEvent::Deleted(_) => Some(GroupUpdate { lifecycle: Some(GroupLifecycle::Inactive), ..unchanged }),
        GroupEvent::SettingsUpdated(settings) => Some(GroupUpdate {
            subject: successful_text(settings.subject.as_ref()),
            description: settings.description.as_ref().and_then(successful_description),
            ..unchanged
        }),
        GroupEvent::ParticipantsAdded(added) => {
            Some(GroupUpdate { participants_delta: count(added.participants.len()), ..unchanged })
        }
        GroupEvent::ParticipantsRemoved(removed) => {
            Some(GroupUpdate { participants_delta: -count(removed.participants.len()), ..unchanged })
        }
        GroupEvent::Suspended(_) => Some(GroupUpdate { suspended: Some(true), ..unchanged }),
        GroupEvent::Unsuspended(_) => Some(GroupUpdate { suspended: Some(false), ..unchanged }),
        GroupEvent::JoinRequestCreated(_) | GroupEvent::JoinRequestRevoked(_) | GroupEvent::DeleteFailed(_) => {
            Some(unchanged)
        }
        GroupEvent::CreateFailed(_) | GroupEvent::Other => None,
    }
}

fn successful_text(part: Option<&PartOutcome>) -> Option<String> {
    part.filter(|part| part.update_successful).and_then(|part| part.text.clone())
}

/// One that was taken away is empty from now on.
fn successful_description(part: &PartOutcome) -> Option<String> {
    part.update_successful.then(|| part.text.clone().unwrap_or_default())
}

fn count(participants: usize) -> i32 {
    i32::try_from(participants).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use time::OffsetDateTime;

    use super::*;

    fn told(field: &str, group: &Value) -> ChangeOutcome {
        let value = json!({ "groups": [group] }).to_string();
        let value: &RawValue = serde_json::from_str(&value).unwrap();
        change(&webhooks::interpret(field, value)).unwrap()
    }

    fn removal(parts: &Value) -> Outcome {
        let mut group = json!({"type": "group_participants_remove", "group_id": "G", "initiated_by": "business"});
        group.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        told("group_participants_update", &group).outcome
    }

    #[test]
    fn every_event_is_filed_under_its_type_its_group_and_its_time_whatever_it_is() {
        let suspended = r#"{"groups":[{"type":"group_suspend","group_id":"G","timestamp":"1755548877"}]}"#;
        let image = r#"{"messages":[{"id":"wamid.1","group_id":"G","timestamp":1755548877,"type":"image","image":{"id":"7"}}]}"#;
        let at = OffsetDateTime::from_unix_timestamp(1_755_548_877).ok();
        for (field, value, event_type, group_id, occurred_at, media) in [
            ("group_status_update", suspended, "group.suspended", Some("G"), at, &[][..]),
            ("messages", image, "message.received", Some("G"), at, &["7"]),
            ("account_update", r#"{"event":"X"}"#, "account.account_update", None, None, &[]),
            ("messages", "no JSON", "account.messages", None, None, &[]),
        ] {
            let event = InboxEvent {
                id: uuid::Uuid::nil(),
                cust_space_id: "cams-demo1".to_owned(),
                field: field.to_owned(),
                waba_id: "200".to_owned(),
                phone_number_id: None,
                value: value.to_owned(),
                entry_time: None,
                received_at: OffsetDateTime::UNIX_EPOCH,
            };
            let routing = meaning(&event);
            assert_eq!((routing.event_type.as_str(), routing.group_id.as_deref()), (event_type, group_id));
            assert_eq!(
                (routing.occurred_at, routing.media),
                (occurred_at, media.iter().map(ToString::to_string).collect())
            );
        }
    }

    #[test]
    fn a_removal_is_whole_in_part_or_nothing_as_its_parts_say() {
        let (users, error) = (json!([{"input": "1"}]), json!([{"code": 131_212}]));
        let in_part = json!([{"code": PARTIAL_SUCCESS}]);
        for (parts, status) in [
            (json!({}), ChangeStatus::Succeeded),
            (json!({"removed_participants": users}), ChangeStatus::Succeeded),
            (json!({"removed_participants": users, "errors": error}), ChangeStatus::Partial),
            (json!({"removed_participants": users, "failed_participants": users}), ChangeStatus::Partial),
            (json!({"errors": in_part}), ChangeStatus::Partial),
            (json!({"failed_participants": users, "errors": in_part}), ChangeStatus::Failed),
            (json!({"failed_participants": users}), ChangeStatus::Failed),
            (json!({"errors": error}), ChangeStatus::Failed),
        ] {
            assert_eq!(removal(&parts).status, status, "{parts}");
        }
    }

    #[test]
    fn a_user_who_failed_is_named_as_we_had_named_them_with_the_nearest_reason() {
        let failed = json!([
            {"input": "+16505551234", "wa_id": "1", "errors": [{"code": 131_212, "title": "t"}]},
            {"user_id": "US.1"},
        ]);
        let errors = json!([{"code": PARTIAL_SUCCESS}, {"code": 131_000, "message": "m"}]);
        let outcome = removal(&json!({"failed_participants": failed, "errors": errors}));
        let expected = json!([
            {"ParticipantNumber": "16505551234", "Code": 131_212, "Message": "t"},
            {"ParticipantNumber": "US.1", "Code": 131_000, "Message": "m"},
        ]);
        assert_eq!(outcome.failed, Some(expected));
    }

    #[test]
    fn users_who_come_and_go_by_themselves_end_no_change() {
        let user = json!([{"wa_id": "1"}]);
        let joined = json!({"type": "group_participants_add", "group_id": "G", "added_participants": user});
        let left = json!({"type": "group_participants_remove", "group_id": "G", "request_id": "R",
                          "removed_participants": user, "initiated_by": "participant"});
        for group in [joined, left] {
            let value = json!({ "groups": [group] }).to_string();
            let value: &RawValue = serde_json::from_str(&value).unwrap();
            assert!(change(&webhooks::interpret("group_participants_update", value)).is_none(), "{value}");
        }
    }

    #[test]
    fn settings_are_told_part_by_part() {
        let done = json!({"text": "T", "update_successful": true});
        let failed = json!({"text": "T", "update_successful": false, "errors": [{"code": 131_000}]});
        for (parts, status) in [
            (json!({"group_subject": done, "profile_picture": done}), ChangeStatus::Succeeded),
            (json!({"group_subject": done, "group_description": failed}), ChangeStatus::Partial),
            (json!({"group_subject": failed}), ChangeStatus::Failed),
        ] {
            let mut group = json!({"type": "group_settings_update", "group_id": "G"});
            group.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
            let outcome = told("group_settings_update", &group).outcome;
            assert_eq!(outcome.status, status, "{parts}");
            assert_eq!(outcome.fields.unwrap().as_object().unwrap().len(), parts.as_object().unwrap().len());
        }
    }

    #[test]
    fn the_settings_that_an_event_names_have_their_text_and_whether_they_were_changed() {
        let part = |text: &str, is_done: bool| json!({"text": text, "update_successful": is_done});
        for (parts, settings) in [
            (json!({"group_subject": part("S", true)}), json!({"Subject": ["S", true]})),
            (
                json!({"group_subject": part("S", false), "group_description": part("D", true)}),
                json!({"Subject": ["S", false], "Description": ["D", true]}),
            ),
            (json!({"group_description": {"update_successful": true}}), json!({"Description": ["", true]})),
            (json!({"group_description": {"update_successful": false}}), json!({"Description": [null, false]})),
            (
                json!({"profile_picture": {"sha256": "x", "update_successful": true}}),
                json!({"ProfilePicture": [null, true]}),
            ),
            (json!({"errors": [{"code": 131_000}]}), json!({})),
        ] {
            let mut group = json!({"type": "group_settings_update", "group_id": "G"});
            group.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
            let told = told("group_settings_update", &group).settings.into_iter();
            let told: BTreeMap<_, _> = told.map(|(name, part)| (name, (part.text, part.is_changed))).collect();
            assert_eq!(json!(told), settings, "{parts}");
        }
    }
}
