//! Groups: make one, look at one, delete one.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{addressed, addressed_to_group, example, request};
use crate::identifiers::{GroupId, UniqueCode};
use crate::operation::{Answer, Operation};
use crate::privacy::ShortId;
use crate::text::{Description, GroupStatus, IgnoredText, InviteLink, JoinApprovalMode, Subject};
use crate::wait::WaitSeconds;
use crate::{Code, Scope};

request! {
    /// What `AddChatGroup` takes.
    AddChatGroup {
        /// The group's name.
        subject: Subject,
        /// What the group is for.
        description: Option<Description>,
        /// How a user who follows the invite link enters. It cannot be changed later.
        join_approval_mode: Option<JoinApprovalMode>,
        /// Accepted and ignored: CAMS's parameter for Telegram.
        group_link: Option<IgnoredText>,
        /// How long to wait for Meta's confirmation.
        wait_seconds: Option<WaitSeconds>,
    }
}

/// The group that was made, or its `UniqueCode` alone while Meta is still at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GroupAdded {
    /// The change's ID, for `QueryChatGroupRequest` and in events.
    pub unique_code: UniqueCode,
    /// The new group, once Meta has confirmed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
    /// The new group's invite link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invite_link: Option<InviteLink>,
    /// `ACTIVE`, once Meta has confirmed the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_status: Option<GroupStatus>,
}

impl GroupAdded {
    /// Accepted, and not yet confirmed.
    pub fn accepted(unique_code: UniqueCode) -> Self {
        Self { unique_code, group_id: None, invite_link: None, group_status: None }
    }
}

impl Answer for GroupAdded {}

request! {
    /// What `DeleteChatGroup` takes.
    DeleteChatGroup {
        /// The group that is deleted, with all its participants.
        group_id: GroupId,
        /// How long to wait for Meta's confirmation.
        wait_seconds: Option<WaitSeconds>,
    }
}

/// The group's end, or its `UniqueCode` alone while Meta is still at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GroupDeleted {
    /// How many groups: 1.
    #[schema(example = 1)]
    pub result: u8,
    /// The change's ID, for `QueryChatGroupRequest` and in events.
    pub unique_code: UniqueCode,
    /// `INACTIVE`, once Meta has confirmed the deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_status: Option<GroupStatus>,
}

impl Answer for GroupDeleted {}

request! {
    /// What `GetChatGroup` takes.
    GetChatGroup {
        /// The group that is wanted.
        group_id: GroupId,
        /// Whether the answer carries the invite link too, which takes Meta a second call.
        #[schema(default = false, example = true)]
        include_invite_link: Option<bool>,
    }
}

/// A group, as Meta has it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GroupData {
    /// The group.
    pub data: Group,
}

impl Answer for GroupData {}

/// A group with its participants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Group {
    /// The group's ID.
    pub group_id: GroupId,
    /// Its name.
    #[schema(example = "New purchase inquiry")]
    pub subject: Option<String>,
    /// What it is for.
    #[schema(example = "Questions about order 1042, answered from 9 to 17 h.")]
    pub description: Option<String>,
    /// How users enter.
    pub join_approval_mode: Option<JoinApprovalMode>,
    /// Where it stands.
    pub group_status: GroupStatus,
    /// Whether Meta has suspended it.
    #[schema(example = false)]
    pub suspended: bool,
    /// When it was made, in Unix seconds.
    #[schema(example = 1_755_548_877)]
    pub creation_timestamp: Option<i64>,
    /// How many participants it has, the business not counted; at most 8.
    #[schema(minimum = 0, example = 1)]
    pub total_participant_count: Option<u32>,
    /// Who is in it, the business not counted.
    pub participants: Vec<Participant>,
    /// Its invite link, where `IncludeInviteLink` asked for it and the group has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invite_link: Option<InviteLink>,
}

/// One participant. Users with a username may hide their number; then `UserId` alone names them.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Participant {
    /// The phone number, or the business-scoped user ID where the number is hidden.
    #[schema(example = "16505551234")]
    pub participant_number: Option<String>,
    /// The WhatsApp ID, where it is visible.
    #[schema(example = "16505551234")]
    pub wa_id: Option<String>,
    /// The business-scoped user ID.
    #[schema(example = "US.13491208655302741918")]
    pub user_id: Option<String>,
    /// The parent business's user ID.
    #[schema(example = "US.ENT.506847293015824")]
    pub parent_user_id: Option<String>,
    /// The username that the user has adopted.
    #[schema(example = "@mara")]
    pub username: Option<String>,
}

impl fmt::Debug for Participant {
    /// Shortened: who is in a group does not belong into logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Participant").field(&self.participant_number.as_deref().map(ShortId)).finish_non_exhaustive()
    }
}

impl Operation for AddChatGroup {
    type Answer = GroupAdded;

    const NAME: &'static str = "AddChatGroup";
    const SCOPE: Scope = Scope::GroupsWrite;
    const NOUN: &'static str = "Groups";
    const SUMMARY: &'static str = "Make a group";
    const DESCRIPTION: &'static str = "Asks Meta for a new group. Meta makes it a little later and says so by webhook; the call waits for that up to `WaitSeconds` and then answers with `GroupId` and `InviteLink`. Where the time is over first, the answer has `UniqueCode` alone, and `QueryChatGroupRequest` tells what became of it.\n\nUpstream: `POST /{phone_number_id}/groups`, then the `group_create` webhook.";
    const CODES: &'static [Code] = &[Code::GroupNotFound, Code::GroupSuspended];

    addressed!();

    fn example() -> Value {
        example!("Subject": "New purchase inquiry", "JoinApprovalMode": "auto_approve", "WaitSeconds": 10)
    }

    fn example_answer() -> Value {
        json!({
            "UniqueCode": super::EXAMPLE_UNIQUE_CODE,
            "GroupId": super::EXAMPLE_GROUP_ID,
            "InviteLink": "https://chat.whatsapp.com/LINK_ID",
            "GroupStatus": "ACTIVE",
        })
    }
}

impl Operation for GetChatGroup {
    type Answer = GroupData;

    const NAME: &'static str = "GetChatGroup";
    const SCOPE: Scope = Scope::GroupsRead;
    const NOUN: &'static str = "Groups";
    const SUMMARY: &'static str = "Look at a group";
    const DESCRIPTION: &'static str = "Answers the group as Meta has it now, with its participants, and with its invite link where `IncludeInviteLink` is true.\n\nUpstream: `GET /{group_id}?fields=…`, and then `GET /{group_id}/invite_link`.";
    const CODES: &'static [Code] = &[Code::GroupNotFound, Code::GroupSuspended];

    addressed_to_group!();

    fn example() -> Value {
        example!("GroupId": super::EXAMPLE_GROUP_ID, "IncludeInviteLink": true)
    }

    fn example_answer() -> Value {
        json!({"Data": {
            "GroupId": super::EXAMPLE_GROUP_ID,
            "Subject": "New purchase inquiry",
            "Description": null,
            "JoinApprovalMode": "auto_approve",
            "GroupStatus": "ACTIVE",
            "Suspended": false,
            "CreationTimestamp": 1_755_548_877,
            "TotalParticipantCount": 1,
            "Participants": [{
                "ParticipantNumber": "16505551234",
                "WaId": "16505551234",
                "UserId": "US.13491208655302741918",
                "ParentUserId": null,
                "Username": null,
            }],
            "InviteLink": "https://chat.whatsapp.com/LINK_ID",
        }})
    }
}

impl Operation for DeleteChatGroup {
    type Answer = GroupDeleted;

    const NAME: &'static str = "DeleteChatGroup";
    const SCOPE: Scope = Scope::GroupsWrite;
    const NOUN: &'static str = "Groups";
    const SUMMARY: &'static str = "Delete a group";
    const DESCRIPTION: &'static str = "Asks Meta to delete the group and remove all its participants. Meta does it a little later and says so by webhook; the call waits for that up to `WaitSeconds` and then answers with `GroupStatus` `INACTIVE`. Where the time is over first, `GroupStatus` is absent, and `QueryChatGroupRequest` tells what became of it.\n\nThe example names the demo's second group; once that is gone, the example answers `Group.NotFound`.\n\nUpstream: `DELETE /{group_id}`, then the `group_delete` webhook.";
    const CODES: &'static [Code] = &[Code::GroupNotFound, Code::GroupSuspended];

    addressed_to_group!();

    fn example() -> Value {
        example!("GroupId": super::EXAMPLE_SPARE_GROUP_ID, "WaitSeconds": 10)
    }

    fn example_answer() -> Value {
        json!({"Result": 1, "UniqueCode": super::EXAMPLE_UNIQUE_CODE, "GroupStatus": "INACTIVE"})
    }
}
