//! Reading a change's value as what happened to a group.
//!
//! Meta's guide and its reference disagree on names and types; both are read. Whether a change
//! succeeded is told by the absence of `errors` alone: a failed creation may carry a `group_id`.

use serde_json::value::RawValue;

use super::{
    event::{
        CreatedGroup, FailedParticipant, GroupEvent, GroupUpdate, Initiator, JoinRequest, PartOutcome,
        ParticipantsAdded, ParticipantsRemoved, SettingsUpdated, UpdateError,
    },
    object::Object,
};
use crate::{calls::groups::JoinApprovalMode, ids::GroupId};

/// The group fields. The reference calls those of participants by the singular, too.
const FIELDS: [&str; 5] =
    ["group_lifecycle_update", "group_settings_update", PARTICIPANTS[0], PARTICIPANTS[1], "group_status_update"];
/// Those of them that tell who comes, asks and goes.
const PARTICIPANTS: [&str; 2] = ["group_participants_update", "group_participant_update"];

/// Reads the value of one [`Change`](super::Change). What is no group event, or cannot be read, is
/// [`GroupEvent::Other`].
pub fn interpret(field: &str, value: &RawValue) -> GroupEvent {
    Object::read(value).and_then(|members| group(field, &members)).unwrap_or(GroupEvent::Other)
}

/// The same of a value's members; `None` for what is no group event, or cannot be read.
pub(super) fn group(field: &str, members: &Object<'_>) -> Option<GroupEvent> {
    if !FIELDS.contains(&field) {
        return None;
    }
    let group = members.objects("groups").into_iter().next()?;
    event(field, &group, members)
}

/// Meta's answer to a removal, read as the event that would tell the same; `None` where it leaves all to the event.
pub(crate) fn removal_answer(body: &Object<'_>) -> Option<GroupEvent> {
    let removed = removed(body, body, update(body));
    let tells = !(removed.participants.is_empty() && removed.failed.is_empty() && removed.update.errors.is_empty());
    tells.then_some(GroupEvent::ParticipantsRemoved(removed))
}

/// The same for an addition.
pub(crate) fn addition_answer(body: &Object<'_>) -> Option<GroupEvent> {
    let added = added(body, update(body));
    let tells = !(added.participants.is_empty() && added.failed.is_empty() && added.update.errors.is_empty());
    tells.then_some(GroupEvent::ParticipantsAdded(added))
}

/// The same for a change of settings.
pub(crate) fn settings_answer(body: &Object<'_>) -> Option<GroupEvent> {
    let settings = settings(body, update(body));
    let parts = [&settings.subject, &settings.description, &settings.profile_picture];
    let tells = parts.into_iter().any(Option::is_some) || !settings.update.errors.is_empty();
    tells.then_some(GroupEvent::SettingsUpdated(settings))
}

fn event(field: &str, group: &Object<'_>, members: &Object<'_>) -> Option<GroupEvent> {
    let update = update(group);
    let failed = !update.errors.is_empty();
    Some(match kind(field, group)?.as_str() {
        "group_create" if failed => GroupEvent::CreateFailed(created(group, update)),
        "group_create" => GroupEvent::Created(created(group, update)),
        "group_delete" if failed => GroupEvent::DeleteFailed(update),
        "group_delete" => GroupEvent::Deleted(update),
        "group_settings_update" => GroupEvent::SettingsUpdated(settings(group, update)),
        "group_participants_add" | "group_add_participants" => GroupEvent::ParticipantsAdded(added(group, update)),
        "group_participants_remove" | "group_remove_participants" => {
            GroupEvent::ParticipantsRemoved(removed(group, members, update))
        }
        "group_join_request_created" => GroupEvent::JoinRequestCreated(join_request(group, update)),
        "group_join_request_revoked" => GroupEvent::JoinRequestRevoked(join_request(group, update)),
        "group_suspend" => GroupEvent::Suspended(update),
        "group_suspend_cleared" => GroupEvent::Unsuspended(update),
        _ => return None,
    })
}

/// The element's `type`. Meta's OpenAPI document has a removal that calls itself `group_create`: no group is made in a
/// field of participants, so there the list that it carries says what it is.
fn kind(field: &str, group: &Object<'_>) -> Option<String> {
    let kind = group.text("type")?;
    if kind != "group_create" || !PARTICIPANTS.contains(&field) {
        return Some(kind);
    }
    let carries = |list: &str| group.list(list).is_some();
    let kinds =
        [("removed_participants", "group_participants_remove"), ("added_participants", "group_participants_add")];
    kinds.into_iter().find(|(list, _)| carries(list)).map(|(_, kind)| kind.to_owned())
}

fn update(group: &Object<'_>) -> GroupUpdate {
    GroupUpdate {
        group_id: group.text("group_id").and_then(|id| GroupId::try_from(id).ok()),
        request_id: group.text("request_id"),
        timestamp: group.integer("timestamp"),
        errors: errors(group),
    }
}

pub(super) fn errors(object: &Object<'_>) -> Vec<UpdateError> {
    object.objects("errors").iter().map(UpdateError::read).collect()
}

fn created(group: &Object<'_>, update: GroupUpdate) -> CreatedGroup {
    CreatedGroup {
        update,
        subject: group.text("subject"),
        description: group.text("description"),
        invite_link: group.text("invite_link"),
        join_approval_mode: group.text("join_approval_mode").and_then(|word| JoinApprovalMode::of(&word)),
        participants: group.objects("added_participants").iter().map(Object::participant).collect(),
    }
}

fn settings(group: &Object<'_>, update: GroupUpdate) -> SettingsUpdated {
    let part = |name| group.object(name).map(|part| outcome(&part));
    SettingsUpdated {
        update,
        subject: part("group_subject"),
        description: part("group_description"),
        profile_picture: part("profile_picture"),
    }
}

/// Where `update_successful` is absent, the absence of errors speaks.
fn outcome(part: &Object<'_>) -> PartOutcome {
    let errors = errors(part);
    PartOutcome {
        update_successful: part.boolean("update_successful").unwrap_or(errors.is_empty()),
        text: part.text("text"),
        errors,
    }
}

fn added(group: &Object<'_>, update: GroupUpdate) -> ParticipantsAdded {
    ParticipantsAdded {
        update,
        participants: group.objects("added_participants").iter().map(Object::participant).collect(),
        failed: group.objects("failed_participants").iter().map(failed).collect(),
        reason: group.text("reason"),
    }
}

/// Some of Meta's samples have `initiated_by` beside the group, not in it.
fn removed(group: &Object<'_>, members: &Object<'_>, update: GroupUpdate) -> ParticipantsRemoved {
    let initiated_by = group.text("initiated_by").or_else(|| members.text("initiated_by"));
    ParticipantsRemoved {
        update,
        participants: group.objects("removed_participants").iter().map(Object::participant).collect(),
        failed: group.objects("failed_participants").iter().map(failed).collect(),
        initiated_by: initiated_by.and_then(|word| Initiator::of(&word)),
    }
}

fn failed(object: &Object<'_>) -> FailedParticipant {
    FailedParticipant { participant: object.participant(), errors: errors(object) }
}

fn join_request(group: &Object<'_>, update: GroupUpdate) -> JoinRequest {
    JoinRequest {
        update,
        join_request_id: group.text("join_request_id"),
        participant: group.participant(),
        reason: group.text("reason"),
    }
}
