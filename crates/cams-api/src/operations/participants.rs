//! Participants of a group: who is in, whom to remove, whom to add.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Participant, UpstreamFault, addressed_to_group, example, request};
use crate::identifiers::{GroupId, UniqueCode};
use crate::operation::{Answer, Operation};
use crate::page::Page;
use crate::participants::ParticipantList;
use crate::wait::WaitSeconds;
use crate::{Code, Scope};

request! {
    /// What `ListChatGroupParticipants` takes.
    ListChatGroupParticipants {
        /// The group whose participants are wanted.
        group_id: GroupId,
        /// Which part of the list; all of it where it is absent.
        page: Option<Page>,
    }
}

/// The participants of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ParticipantListData {
    /// The participants.
    pub data: ListedParticipants,
}

impl Answer for ParticipantListData {}

/// Participants, and how many there are in all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ListedParticipants {
    /// How many participants the group has, the business not counted.
    #[schema(minimum = 0, example = 1)]
    pub total: u64,
    /// Those of this page, in Meta's order.
    pub list: Vec<Participant>,
}

request! {
    /// What `DeleteChatGroupParticipants` takes.
    DeleteChatGroupParticipants {
        /// The group that they leave.
        group_id: GroupId,
        /// Who is removed.
        list: ParticipantList,
        /// How long to wait for Meta's confirmation.
        wait_seconds: Option<WaitSeconds>,
    }
}

request! {
    /// What `AddChatGroupParticipants` takes.
    AddChatGroupParticipants {
        /// The group that they enter.
        group_id: GroupId,
        /// Who is added.
        list: ParticipantList,
        /// How long to wait for Meta's confirmation.
        wait_seconds: Option<WaitSeconds>,
    }
}

/// How many participants were removed or added, and which were not; the `UniqueCode` and the number asked for, while
/// Meta is still at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ParticipantsChanged {
    /// How many it was done for; while Meta has not confirmed it, how many were asked for.
    #[schema(minimum = 0, maximum = 8, example = 1)]
    pub result: u8,
    /// The change's ID, for `QueryChatGroupRequest` and in events.
    pub unique_code: UniqueCode,
    /// For whom it was not done, and why; absent while Meta has not confirmed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<Vec<UpstreamFault>>,
    /// Whether it was done for some and not for others, which Meta may say without naming them.
    #[serde(skip)]
    pub is_partial: bool,
}

impl Answer for ParticipantsChanged {
    fn code(&self) -> Code {
        if self.is_partial { Code::PartialSuccess } else { Code::Ok }
    }
}

impl Operation for ListChatGroupParticipants {
    type Answer = ParticipantListData;

    const NAME: &'static str = "ListChatGroupParticipants";
    const SCOPE: Scope = Scope::GroupsRead;
    const NOUN: &'static str = "Participants";
    const SUMMARY: &'static str = "List a group's participants";
    const DESCRIPTION: &'static str = "Lists who is in the group now, as Meta says; the business is not counted. `ParticipantNumber` is the phone number, or the business-scoped user ID of a user who hides it; `WaId` is `null` then. A group has at most 8 participants, so `Page` is needed only by callers who always page.\n\nUpstream: `GET /{group_id}?fields=participants,total_participant_count`.";
    const CODES: &'static [Code] = &[Code::GroupNotFound, Code::GroupSuspended];

    addressed_to_group!();

    fn example() -> Value {
        example!("GroupId": super::EXAMPLE_GROUP_ID, "Page": json!({"Index": 1, "Size": 10}))
    }

    fn example_answer() -> Value {
        json!({"Data": {"Total": 1, "List": [{
            "ParticipantNumber": super::EXAMPLE_PARTICIPANT,
            "WaId": super::EXAMPLE_PARTICIPANT,
            "UserId": "US.13491208655302741918",
            "ParentUserId": null,
            "Username": null,
        }]}})
    }
}

impl Operation for DeleteChatGroupParticipants {
    type Answer = ParticipantsChanged;

    const NAME: &'static str = "DeleteChatGroupParticipants";
    const SCOPE: Scope = Scope::GroupsWrite;
    const NOUN: &'static str = "Participants";
    const SUMMARY: &'static str = "Remove participants";
    const DESCRIPTION: &'static str = "Asks Meta to remove participants. Meta does it a little later and says by webhook for whom it was done; the call waits for that up to `WaitSeconds`. Done for all: `OK`. For some: `PartialSuccess`, and `Failed` says for whom not. For none: `Upstream.Rejected` with `Failed`. Where the time is over first, `Failed` is absent, `Result` is the number asked for, and `QueryChatGroupRequest` tells what became of it.\n\nA user who was removed cannot come back by the invite link.\n\nThe example names a participant of the demo's second group; once that user is out, the example answers `Upstream.Rejected` with Meta's code 131212.\n\nUpstream: `DELETE /{group_id}/participants`, then the `group_participants_remove` webhook.";
    const CODES: &'static [Code] = &[Code::PartialSuccess, Code::GroupNotFound, Code::GroupSuspended];

    addressed_to_group!();

    fn example() -> Value {
        example!(
            "GroupId": super::EXAMPLE_SPARE_GROUP_ID,
            "List": json!([{"ParticipantNumber": super::EXAMPLE_PARTICIPANT}]),
            "WaitSeconds": 10,
        )
    }

    fn example_answer() -> Value {
        json!({"Result": 1, "UniqueCode": super::EXAMPLE_UNIQUE_CODE, "Failed": []})
    }
}

impl Operation for AddChatGroupParticipants {
    type Answer = ParticipantsChanged;

    const NAME: &'static str = "AddChatGroupParticipants";
    const SCOPE: Scope = Scope::GroupsWrite;
    const NOUN: &'static str = "Participants";
    const SUMMARY: &'static str = "Ask Meta to add participants";
    const DESCRIPTION: &'static str = "Passes the wish on, and answers what Meta answers. Meta documents this path, and says beside it that participants cannot be added by hand: users enter by the invite link. So expect a refusal, and use `SendChatGroupInvite`. Where Meta accepts it, the answer is as that of `DeleteChatGroupParticipants`.\n\nThe example answers `Credential.Forbidden` in the demo: there Meta's stand-in refuses with code 3, a capability that no app has.\n\nUpstream: `POST /{group_id}/participants`, then the `group_participants_add` webhook.";
    const CODES: &'static [Code] = &[Code::PartialSuccess, Code::GroupNotFound, Code::GroupSuspended];

    addressed_to_group!();

    fn example() -> Value {
        example!(
            "GroupId": super::EXAMPLE_SPARE_GROUP_ID,
            "List": json!([{"ParticipantNumber": super::EXAMPLE_PARTICIPANT}]),
            "WaitSeconds": 10,
        )
    }

    fn example_answer() -> Value {
        json!({"Result": 1, "UniqueCode": super::EXAMPLE_UNIQUE_CODE, "Failed": []})
    }
}
