//! What happens to groups: made, changed, suspended, deleted. Who comes and goes has files of its own.

use cams_api::events::{EventData, EventType, GroupCreation, SettingsUpdate};
use cams_api::text::JoinApprovalMode;
use graph_client::webhooks::{CreatedGroup, GroupEvent, PartOutcome, SettingsUpdated};

use super::{Translated, account, errors, instant, join_requests, participants};
use crate::events::results::setting_results;

pub(super) fn translate(field: &str, event: GroupEvent) -> Translated<'static> {
    let update = event.update().cloned().unwrap_or_default();
    // Meta's sample of a failed creation names a group, which does not exist.
    let is_group = !matches!(event, GroupEvent::CreateFailed(_));
    let (event_type, data) = told(field, event);
    Translated {
        event_type,
        group_id: update.group_id.filter(|_| is_group).map(String::from),
        occurred_at: update.timestamp.and_then(instant),
        data,
        errors: errors(update.errors),
    }
}

fn told(field: &str, event: GroupEvent) -> (EventType, EventData<'static>) {
    match event {
        GroupEvent::Created(group) => (EventType::GroupCreated, creation(group)),
        GroupEvent::CreateFailed(group) => (EventType::GroupCreateFailed, creation(group)),
        GroupEvent::Deleted(_) => (EventType::GroupDeleted, EventData::none()),
        GroupEvent::DeleteFailed(_) => (EventType::GroupDeleteFailed, EventData::none()),
        GroupEvent::SettingsUpdated(settings) => (EventType::GroupSettingsUpdated, settings_update(settings)),
        GroupEvent::ParticipantsAdded(added) => (EventType::GroupParticipantJoined, participants::joined(added)),
        GroupEvent::ParticipantsRemoved(removed) => (participants::how_left(&removed), participants::left(removed)),
        GroupEvent::JoinRequestCreated(request) => (EventType::GroupJoinRequestCreated, join_requests::notice(request)),
        GroupEvent::JoinRequestRevoked(request) => (EventType::GroupJoinRequestRevoked, join_requests::notice(request)),
        GroupEvent::Suspended(_) => (EventType::GroupSuspended, EventData::none()),
        GroupEvent::Unsuspended(_) => (EventType::GroupUnsuspended, EventData::none()),
        GroupEvent::Other => (account::event_type(field), EventData::none()),
    }
}

fn creation(group: CreatedGroup) -> EventData<'static> {
    EventData::GroupCreation(GroupCreation {
        subject: group.subject,
        description: group.description,
        invite_link: group.invite_link,
        join_approval_mode: group.join_approval_mode.map(|mode| match mode {
            graph_client::JoinApprovalMode::AutoApprove => JoinApprovalMode::AutoApprove,
            graph_client::JoinApprovalMode::ApprovalRequired => JoinApprovalMode::ApprovalRequired,
        }),
    })
}

fn settings_update(settings: SettingsUpdated) -> EventData<'static> {
    let fields = setting_results(&settings);
    let changed = |part: &PartOutcome| part.update_successful;
    EventData::SettingsUpdate(SettingsUpdate {
        fields,
        subject: settings.subject.filter(changed).and_then(|part| part.text),
        // One that was taken away has no text.
        description: settings.description.filter(changed).map(|part| part.text.unwrap_or_default()),
    })
}
