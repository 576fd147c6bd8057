//! What the group webhooks tell, as types.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::object::Object;
use crate::{
    calls::{groups::JoinApprovalMode, participants::Participant},
    ids::GroupId,
    lenient, refusal,
};

/// What happened to a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupEvent {
    /// The group that was asked for exists.
    Created(CreatedGroup),
    /// The group that was asked for does not exist; its ID, where there is one, means nothing.
    CreateFailed(CreatedGroup),
    /// The group is gone.
    Deleted(GroupUpdate),
    /// The group stays.
    DeleteFailed(GroupUpdate),
    /// Settings changed, or did not: each part has its own outcome.
    SettingsUpdated(SettingsUpdated),
    /// Users are in: by the link, or approved.
    ParticipantsAdded(ParticipantsAdded),
    /// Users are out, or could not be removed.
    ParticipantsRemoved(ParticipantsRemoved),
    /// A user asks to be let in.
    JoinRequestCreated(JoinRequest),
    /// A user no longer asks.
    JoinRequestRevoked(JoinRequest),
    /// Meta suspended the group.
    Suspended(GroupUpdate),
    /// Meta no longer suspends the group.
    Unsuspended(GroupUpdate),
    /// Nothing that is known here.
    Other,
}

/// What every event has, as far as Meta sends it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupUpdate {
    /// Which group.
    pub group_id: Option<GroupId>,
    /// What the answer to the change had carried; absent for what users and Meta do by themselves.
    pub request_id: Option<String>,
    /// When, in Unix seconds.
    pub timestamp: Option<i64>,
    /// Present where something failed, wholly or in part.
    pub errors: Vec<UpdateError>,
}

/// Why something failed, in the form that webhooks and the parts of an answer have: without an envelope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct UpdateError {
    /// One of Meta's codes.
    #[serde(deserialize_with = "lenient::integer")]
    pub code: Option<i64>,
    /// A few words.
    #[serde(deserialize_with = "lenient::text")]
    pub title: Option<String>,
    /// For developers.
    #[serde(deserialize_with = "lenient::text")]
    pub message: Option<String>,
    /// `error_data.details`.
    #[serde(rename = "error_data", deserialize_with = "error_details")]
    pub details: Option<String>,
}

/// A group that was asked for.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CreatedGroup {
    /// What every event has.
    pub update: GroupUpdate,
    /// The group's name.
    pub subject: Option<String>,
    /// Absent also where the group has one: one of Meta's samples lacks it.
    pub description: Option<String>,
    /// `https://chat.whatsapp.com/<LINK_ID>`
    pub invite_link: Option<String>,
    /// Who lets users in.
    pub join_approval_mode: Option<JoinApprovalMode>,
    /// Who is in from the beginning: Meta's reference has this, its guide does not.
    pub participants: Vec<Participant>,
}

/// The outcome of a change of settings; a part that was not asked for is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsUpdated {
    /// What every event has.
    pub update: GroupUpdate,
    /// The name.
    pub subject: Option<PartOutcome>,
    /// The description.
    pub description: Option<PartOutcome>,
    /// The picture.
    pub profile_picture: Option<PartOutcome>,
}

/// The outcome for one setting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartOutcome {
    /// Whether the setting is now what was asked for.
    pub update_successful: bool,
    /// The text: of a setting that was changed the one that was asked for; of another, Meta's documents do not say. Absent
    /// for a picture.
    pub text: Option<String>,
    /// Why not.
    pub errors: Vec<UpdateError>,
}

/// Users who are in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParticipantsAdded {
    /// What every event has.
    pub update: GroupUpdate,
    /// Who. `input` is set where the business had approved them.
    pub participants: Vec<Participant>,
    /// Who is not in, where the business had asked for them, and why.
    pub failed: Vec<FailedParticipant>,
    /// How, such as `invite_link`.
    pub reason: Option<String>,
}

/// Users who are out, and users who could not be removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParticipantsRemoved {
    /// What every event has.
    pub update: GroupUpdate,
    /// Who is out.
    pub participants: Vec<Participant>,
    /// Who is still in, and why.
    pub failed: Vec<FailedParticipant>,
    /// Whose doing it was.
    pub initiated_by: Option<Initiator>,
}

/// A user who could not be removed, or added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailedParticipant {
    /// Who; `input` is what the business had written.
    pub participant: Participant,
    /// Why; the update's own errors hold where there is none.
    pub errors: Vec<UpdateError>,
}

/// Who removed a participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Initiator {
    /// The business, by a call.
    Business,
    /// The participant, by leaving.
    Participant,
}

/// A user's request to enter a group that needs approval.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JoinRequest {
    /// What every event has.
    pub update: GroupUpdate,
    /// To approve or reject it with.
    pub join_request_id: Option<String>,
    /// Who asks.
    pub participant: Participant,
    /// How the user came, such as `invite_link`.
    pub reason: Option<String>,
}

impl GroupEvent {
    /// What every event has; `None` for [`GroupEvent::Other`].
    pub fn update(&self) -> Option<&GroupUpdate> {
        match self {
            Self::Created(event) | Self::CreateFailed(event) => Some(&event.update),
            Self::SettingsUpdated(event) => Some(&event.update),
            Self::ParticipantsAdded(event) => Some(&event.update),
            Self::ParticipantsRemoved(event) => Some(&event.update),
            Self::JoinRequestCreated(event) | Self::JoinRequestRevoked(event) => Some(&event.update),
            Self::Deleted(update)
            | Self::DeleteFailed(update)
            | Self::Suspended(update)
            | Self::Unsuspended(update) => Some(update),
            Self::Other => None,
        }
    }
}

impl Initiator {
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "business" => Some(Self::Business),
            "participant" => Some(Self::Participant),
            _ => None,
        }
    }
}

impl UpdateError {
    pub(super) fn read(object: &Object<'_>) -> Self {
        Self {
            code: object.integer("code"),
            title: object.text("title"),
            message: object.text("message"),
            details: details(object),
        }
    }
}

fn error_details<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Value::deserialize(from).map(refusal::details)
}

fn details(object: &Object<'_>) -> Option<String> {
    let value: Value = serde_json::from_str(object.get("error_data")?.get()).ok()?;
    refusal::details(value)
}
