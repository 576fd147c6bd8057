//! Who comes and goes.

use cams_api::events::{EventData, EventParticipant, EventType, ParticipantsJoined, ParticipantsLeft};
use graph_client::Participant;
use graph_client::webhooks::{Initiator, ParticipantsAdded, ParticipantsRemoved};

use crate::events::results::participant_faults;

pub(super) fn joined(added: ParticipantsAdded) -> EventData<'static> {
    EventData::ParticipantsJoined(ParticipantsJoined { participants: named(added.participants), reason: added.reason })
}

/// Only who is said to have left by themselves have: a removal may also come without a word about whose doing it was.
pub(super) fn how_left(removed: &ParticipantsRemoved) -> EventType {
    match removed.initiated_by {
        Some(Initiator::Participant) => EventType::GroupParticipantLeft,
        Some(Initiator::Business) | None => EventType::GroupParticipantRemoved,
    }
}

pub(super) fn left(removed: ParticipantsRemoved) -> EventData<'static> {
    let failed = participant_faults(&removed.failed, &removed.update.errors);
    EventData::ParticipantsLeft(ParticipantsLeft { participants: named(removed.participants), failed })
}

fn named(users: Vec<Participant>) -> Vec<EventParticipant> {
    users.into_iter().map(participant).collect()
}

/// A user, by what a call takes for them. Of users whom the business removed, Meta tells what the business had written
/// alone.
pub(super) fn participant(user: Participant) -> EventParticipant {
    EventParticipant {
        participant_number: number(&user),
        wa_id: user.wa_id,
        user_id: user.user_id,
        username: user.username,
    }
}

/// What a call takes for the user, without the `+` that Meta may write.
pub(super) fn number(user: &Participant) -> Option<String> {
    let named = [&user.wa_id, &user.user_id, &user.input].into_iter().flatten().next();
    named.map(|name| name.trim_start_matches('+').to_owned())
}
