//! Asynchronous changes: what Meta answers by webhook. The record comes before the upstream call, and is settled
//! by the event, by Meta's answer, or by a look-up.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

mod recording;
pub(crate) mod settings;
pub(crate) mod settling;

/// Our ID of an asynchronous change, `UniqueCode`: a UUID of version 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct UniqueCode(pub Uuid);

impl UniqueCode {
    /// One that no other change has.
    #[expect(clippy::new_without_default, reason = "each is another one, so there is no default")]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl std::fmt::Display for UniqueCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "UPPERCASE")]
#[sqlx(type_name = "text", rename_all = "UPPERCASE")]
pub enum ChangeStatus {
    /// Committed; the upstream's answer is not recorded.
    Sending,
    /// The upstream took it; its event has not come.
    Pending,
    /// All of it was done.
    Succeeded,
    /// None of it was done.
    Failed,
    /// Some of it was done.
    Partial,
    /// Nobody can tell any more.
    Unknown,
}

impl ChangeStatus {
    /// Whether nothing more is expected: everything but `SENDING` and `PENDING`.
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::Sending | Self::Pending)
    }

    /// Whether some of it was done at least.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Succeeded | Self::Partial)
    }

    /// Whether the end is known, so that no event changes it any more.
    pub(crate) fn is_definite(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Partial)
    }
}

/// A change about to be asked for.
#[derive(Clone)]
pub struct NewChange {
    /// The operation's name, such as `AddChatGroup`.
    pub operation: String,
    /// The tenant's number, in digits.
    pub business_number: String,
    /// Meta's ID of that number.
    pub phone_number_id: String,
    /// The group; `None` for a create.
    pub group_id: Option<String>,
    /// The subject of a group to create: finds its event where there is no request ID to go by.
    pub subject: Option<String>,
    /// The request, for the record; no secret belongs in it.
    pub request: serde_json::Value,
    /// By when the upstream's answer must have been recorded; after it, the call counts as abandoned.
    pub answer_due: Duration,
    /// The trace of the call that asks for it, as [`EventTraces`](crate::EventTraces) has it.
    pub trace: Option<String>,
}

/// How a change ended.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// One of the settled states.
    pub status: ChangeStatus,
    /// The group, for a create.
    pub group_id: Option<String>,
    /// Its invite link, for a create.
    pub invite_link: Option<String>,
    /// `Failed` of the answer: participants that were not done.
    pub failed: Option<serde_json::Value>,
    /// `Fields` of the answer: settings, each with its success.
    pub fields: Option<serde_json::Value>,
    /// Meta's errors.
    pub errors: Option<serde_json::Value>,
}

/// An asynchronous change, as recorded.
#[derive(Clone, PartialEq)]
pub struct Change {
    /// Our ID of it.
    pub unique_code: UniqueCode,
    /// The operation's name.
    pub operation: String,
    /// The tenant's number, in digits.
    pub business_number: String,
    /// Meta's ID of that number.
    pub phone_number_id: String,
    /// The group.
    pub group_id: Option<String>,
    /// The subject of a group to create.
    pub subject: Option<String>,
    /// The request.
    pub request: serde_json::Value,
    /// Meta's ID of the change, where it gave one.
    pub request_id: Option<String>,
    /// Where it stands.
    pub status: ChangeStatus,
    /// The new group's invite link.
    pub invite_link: Option<String>,
    /// [`Outcome::failed`].
    pub failed: Option<serde_json::Value>,
    /// [`Outcome::fields`].
    pub fields: Option<serde_json::Value>,
    /// [`Outcome::errors`].
    pub errors: Option<serde_json::Value>,
    /// When it was begun.
    pub created_at: OffsetDateTime,
    /// When it was settled.
    pub settled_at: Option<OffsetDateTime>,
}

/// An open change that ought to be looked up at Meta.
#[derive(Debug, Clone, PartialEq)]
pub struct StaleChange {
    /// Whose it is.
    pub cust_space_id: String,
    /// The change.
    pub change: Change,
}

impl Outcome {
    /// An end of which nothing more is known.
    pub fn of(status: ChangeStatus) -> Self {
        Self { status, group_id: None, invite_link: None, failed: None, fields: None, errors: None }
    }

    /// None of it was done, for these errors of Meta's.
    pub fn failed(errors: serde_json::Value) -> Self {
        Self { errors: Some(errors), ..Self::of(ChangeStatus::Failed) }
    }
}
