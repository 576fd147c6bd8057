//! What an event means for us: the change that it settles, and what it tells of its group.

use cams_api::operations::{PartResult, UpstreamFault};
use graph_client::webhooks::{
    self, CreatedGroup, GroupEvent, PartOutcome, ParticipantsRemoved, SettingsUpdated, UpdateError,
};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tenant_store::{ChangeOutcome, ChangeStatus, GroupLifecycle, GroupUpdate, InboxEvent, Outcome, Routing};
use time::OffsetDateTime;

/// Reads an event of the inbox. What is not understood means nothing, and is kept all the same.
pub(super) fn meaning(event: &InboxEvent) -> Routing {
    let Ok(value) = serde_json::from_str::<&RawValue>(&event.value) else { return Routing::default() };
    let read = webhooks::interpret(&event.field, value);
    Routing { change: change(&read), group: group(&read) }
}

fn change(event: &GroupEvent) -> Option<ChangeOutcome> {
    let (kind, outcome) = match event {
        GroupEvent::Created(created) => ("AddChatGroup", created_outcome(created, ChangeStatus::Succeeded)),
        GroupEvent::CreateFailed(created) => ("AddChatGroup", created_outcome(created, ChangeStatus::Failed)),
        GroupEvent::Deleted(_) => ("DeleteChatGroup", outcome(ChangeStatus::Succeeded, &[])),
        GroupEvent::DeleteFailed(update) => ("DeleteChatGroup", outcome(ChangeStatus::Failed, &update.errors)),
        GroupEvent::SettingsUpdated(settings) => ("UpdateChatGroup", settings_outcome(settings)),
        GroupEvent::ParticipantsRemoved(removed) if removed.initiated_by != Some(webhooks::Initiator::Participant) => {
            ("DeleteChatGroupParticipants", removed_outcome(removed))
        }
        _ => return None,
    };
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
        outcome,
    })
}

fn outcome(status: ChangeStatus, errors: &[UpdateError]) -> Outcome {
    Outcome { errors: faults(errors), ..Outcome::of(status) }
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
    let parts = [
        ("Subject", &settings.subject),
        ("Description", &settings.description),
        ("ProfilePicture", &settings.profile_picture),
    ];
    let asked: Vec<(&str, &PartOutcome)> =
        parts.into_iter().filter_map(|(name, part)| part.as_ref().map(|part| (name, part))).collect();
    let done = asked.iter().filter(|(_, part)| part.update_successful).count();
    let fields: serde_json::Map<String, Value> =
        asked.iter().map(|(name, part)| ((*name).to_owned(), json!(part_result(part)))).collect();
    let errors = &settings.update.errors;
    Outcome {
        fields: Some(Value::Object(fields)),
        ..outcome(share(done, asked.len() - done, errors.is_empty()), errors)
    }
}

fn part_result(part: &PartOutcome) -> PartResult {
    let error = part.errors.first();
    PartResult {
        update_successful: part.update_successful,
        code: error.and_then(|error| error.code),
        message: error.and_then(|error| error.message.clone().or_else(|| error.title.clone())),
    }
}

fn removed_outcome(removed: &ParticipantsRemoved) -> Outcome {
    let errors = &removed.update.errors;
    let failed: Vec<UpstreamFault> = removed
        .failed
        .iter()
        .map(|participant| UpstreamFault {
            participant_number: participant.participant.input.clone().or_else(|| participant.participant.wa_id.clone()),
            ..participant.errors.first().or(errors.first()).map(fault).unwrap_or_default()
        })
        .collect();
    let status = share(removed.participants.len(), failed.len(), errors.is_empty());
    Outcome { failed: (!failed.is_empty()).then(|| json!(failed)), ..outcome(status, errors) }
}

/// All, none or some. An event that names no part is told by its errors.
fn share(done: usize, failed: usize, is_clean: bool) -> ChangeStatus {
    match (done, failed) {
        (0, 0) if is_clean => ChangeStatus::Succeeded,
        (_, 0) if done > 0 => ChangeStatus::Succeeded,
        (0, _) => ChangeStatus::Failed,
        _ => ChangeStatus::Partial,
    }
}

fn faults(errors: &[UpdateError]) -> Option<Value> {
    (!errors.is_empty()).then(|| json!(errors.iter().map(fault).collect::<Vec<_>>()))
}

fn fault(error: &UpdateError) -> UpstreamFault {
    UpstreamFault {
        participant_number: None,
        code: error.code.unwrap_or_default(),
        message: error.message.clone().or_else(|| error.title.clone()),
        details: error.details.clone(),
    }
}

fn group(event: &GroupEvent) -> Option<GroupUpdate> {
    let update = event.update()?;
    let unchanged = GroupUpdate {
        group_id: update.group_id.as_ref()?.to_string(),
        occurred_at: update.timestamp.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()),
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
            // One that was taken away is empty from now on.
            description: settings.description.as_ref().filter(|part| part.update_successful).map(text_or_none),
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

fn text_or_none(part: &PartOutcome) -> String {
    part.text.clone().unwrap_or_default()
}

fn count(participants: usize) -> i32 {
    i32::try_from(participants).unwrap_or(i32::MAX)
}
