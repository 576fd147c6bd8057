//! What the webhooks of messages tell, as types.

use serde_json::value::RawValue;

use super::event::UpdateError;
use crate::{calls::participants::Participant, ids::GroupId};

/// A message of a user. `Debug` shows neither who wrote nor what.
#[derive(Clone)]
pub struct IncomingMessage<'a> {
    /// The message's ID.
    pub id: String,
    /// The group that it was written in; absent where it was written to the business alone.
    pub group_id: Option<GroupId>,
    /// Who wrote.
    pub from: Participant,
    /// Meta's word for what it holds, such as `text`.
    pub kind: Option<String>,
    /// What it holds, as Meta wrote it: the member that is named as the kind.
    pub content: Option<&'a RawValue>,
    /// The message that it answers.
    pub context_id: Option<String>,
    /// When, in Unix seconds.
    pub timestamp: Option<i64>,
    /// Why Meta does not pass the content on.
    pub errors: Vec<UpdateError>,
}

/// What became of a message of the business. `Debug` shows neither to whom it went nor who read it.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageStatus {
    /// The message's ID.
    pub id: String,
    /// What became of it.
    pub kind: StatusKind,
    /// The group's ID, or the person's phone number, or user ID where the number is hidden.
    pub recipient: Option<String>,
    /// The group that it went to; absent where it went to a person.
    pub group_id: Option<GroupId>,
    /// Who of the group has got or read it; absent where the status is about all of them.
    pub participant: Option<Participant>,
    /// What Meta charges.
    pub pricing: Option<Pricing>,
    /// When, in Unix seconds.
    pub timestamp: Option<i64>,
    /// Why it failed.
    pub errors: Vec<UpdateError>,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusKind {
    /// It has left.
    Sent,
    /// It has reached somebody.
    Delivered,
    /// Somebody has read it.
    Read,
    /// It has reached nobody.
    Failed,
}

/// What Meta charges for a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pricing {
    /// Whether it costs anything.
    pub billable: Option<bool>,
    /// `pricing_model`, such as `PMP`.
    pub model: Option<String>,
    /// `type`, such as `regular`.
    pub kind: Option<String>,
    /// `category`, such as `group_utility`.
    pub category: Option<String>,
}

impl StatusKind {
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "sent" => Some(Self::Sent),
            "delivered" => Some(Self::Delivered),
            "read" => Some(Self::Read),
            "failed" => Some(Self::Failed),
            _ => None,
        }
    }
}
