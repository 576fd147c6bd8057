//! Asynchronous changes: what became of one.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{SettingResults, addressed, example, request};
use crate::identifiers::{GroupId, UniqueCode};
use crate::operation::{Answer, Operation};
use crate::privacy::ShortId;
use crate::text::InviteLink;
use crate::{Code, Scope};

request! {
    /// What `QueryChatGroupRequest` takes.
    QueryChatGroupRequest {
        /// The change, as the call that began it answered.
        unique_code: UniqueCode,
    }
}

/// Where an asynchronous change stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
#[schema(example = "SUCCEEDED")]
pub enum ChangeStatus {
    /// Recorded, and on its way to Meta.
    Sending,
    /// Accepted by Meta, and not yet confirmed.
    Pending,
    /// Done.
    Succeeded,
    /// Not done.
    Failed,
    /// Some of it was done.
    Partial,
    /// Meta never said, and its lists do not tell either.
    Unknown,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RequestState {
    /// The operation that began it.
    #[schema(example = "AddChatGroup")]
    pub operation: String,
    /// Where it stands.
    pub status: ChangeStatus,
    /// The group that it is about, once known.
    pub group_id: Option<GroupId>,
    /// The group's invite link, where the change made one.
    pub invite_link: Option<InviteLink>,
    /// What of it failed.
    pub failed: Vec<UpstreamFault>,
    /// The settings that it changed, by name.
    pub fields: Option<SettingResults>,
    /// Meta's errors about the change as a whole.
    pub errors: Vec<UpstreamFault>,
    /// When it began, as RFC 3339 in UTC.
    #[schema(format = DateTime, example = "2026-11-21T08:15:00.412Z")]
    pub created_at: String,
    /// When it was settled, as RFC 3339 in UTC.
    #[schema(format = DateTime, example = "2026-11-21T08:15:00.938Z")]
    pub settled_at: Option<String>,
}

impl Answer for RequestState {}

/// One of Meta's errors, about a participant, a join request, or the call as a whole.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct UpstreamFault {
    /// The participant that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "16505551234")]
    pub participant_number: Option<String>,
    /// The join request that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "MTY1MDU1NTEyMzQ6MTIwMzYzMDAwMDAwMDAwMDEx")]
    pub join_request_id: Option<String>,
    /// Meta's code; 0 where it gave none.
    #[schema(example = 131_211)]
    pub code: i64,
    /// Meta's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "(#131211) Group create limit reached")]
    pub message: Option<String>,
    /// Meta's details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

impl fmt::Debug for UpstreamFault {
    /// Without Meta's words, which may name the participant.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let participant = self.participant_number.as_deref().map(ShortId);
        f.debug_struct("UpstreamFault")
            .field("participant_number", &participant)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}

/// What became of one setting.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct PartResult {
    /// Whether Meta changed it.
    pub update_successful: bool,
    /// Meta's code, where not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// Meta's message, where not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Operation for QueryChatGroupRequest {
    type Answer = RequestState;

    const NAME: &'static str = "QueryChatGroupRequest";
    const SCOPE: Scope = Scope::GroupsRead;
    const NOUN: &'static str = "Changes";
    const SUMMARY: &'static str = "Ask what became of a change";
    const DESCRIPTION: &'static str = "Answers where an asynchronous change stands. A change that Meta has not confirmed after 10 minutes is looked up at Meta, and becomes `UNKNOWN` only where Meta's lists do not tell either.\n\nNo call upstream.";
    const CALLS_UPSTREAM: bool = false;
    const CODES: &'static [Code] = &[Code::UniqueCodeNotFound];

    addressed!();

    fn example() -> Value {
        example!("UniqueCode": super::EXAMPLE_UNIQUE_CODE)
    }

    fn example_answer() -> Value {
        json!({
            "Operation": "AddChatGroup",
            "Status": "SUCCEEDED",
            "GroupId": super::EXAMPLE_GROUP_ID,
            "InviteLink": "https://chat.whatsapp.com/LINK_ID",
            "Failed": [],
            "Fields": null,
            "Errors": [],
            "CreatedAt": "2026-11-21T08:15:00.412Z",
            "SettledAt": "2026-11-21T08:15:00.938Z",
        })
    }
}
