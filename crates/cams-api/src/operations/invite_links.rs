//! The invite link of a group: get it, make a new one, take it away.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{addressed_to_group, example, request};
use crate::identifiers::GroupId;
use crate::operation::{Answer, Operation};
use crate::text::InviteLink;
use crate::{Code, Scope};

request! {
    /// What `GetChatGroupInviteLink` takes.
    GetChatGroupInviteLink {
        /// The group whose link is wanted.
        group_id: GroupId,
    }
}

request! {
    /// What `AddChatGroupInviteLink` takes.
    AddChatGroupInviteLink {
        /// The group that gets a new link.
        group_id: GroupId,
    }
}

request! {
    /// What `DeleteChatGroupInviteLink` takes.
    DeleteChatGroupInviteLink {
        /// The group whose link is removed.
        group_id: GroupId,
    }
}

/// The group's new invite link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct InviteLinkGiven {
    /// The link; whoever holds it may enter the group, or ask to.
    pub invite_link: InviteLink,
}

impl Answer for InviteLinkGiven {}

/// The group's invite link, if it has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct CurrentInviteLink {
    /// The link; `null` where it was removed and no new one is made yet.
    pub invite_link: Option<InviteLink>,
}

impl Answer for CurrentInviteLink {}

/// Whether a link was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct InviteLinkDeleted {
    /// 1 where a link was removed, else 0.
    #[schema(minimum = 0, maximum = 1, example = 1)]
    pub result: u8,
}

impl Answer for InviteLinkDeleted {}

/// The codes of an operation on a group that exists.
const CODES: &[Code] = &[Code::GroupNotFound, Code::GroupSuspended];

impl Operation for GetChatGroupInviteLink {
    type Answer = CurrentInviteLink;

    const NAME: &'static str = "GetChatGroupInviteLink";
    const SCOPE: Scope = Scope::GroupsRead;
    const NOUN: &'static str = "Invite links";
    const SUMMARY: &'static str = "Get a group's invite link";
    const DESCRIPTION: &'static str = "Answers the link that admits users now, or `null` where the link was removed and no new one is made yet.\n\nUpstream: `GET /{group_id}/invite_link`.";
    const CODES: &'static [Code] = CODES;

    addressed_to_group!();

    fn example() -> Value {
        example!("GroupId": super::EXAMPLE_GROUP_ID)
    }

    fn example_answer() -> Value {
        json!({"InviteLink": "https://chat.whatsapp.com/LINK_ID"})
    }
}

impl Operation for AddChatGroupInviteLink {
    type Answer = InviteLinkGiven;

    const NAME: &'static str = "AddChatGroupInviteLink";
    const SCOPE: Scope = Scope::GroupsWrite;
    const NOUN: &'static str = "Invite links";
    const SUMMARY: &'static str = "Make a new invite link";
    const DESCRIPTION: &'static str = "Makes a new link for the group and answers it. The link that the group had before stops working at once, and admits nobody any more. Every call makes another link.\n\nUpstream: `POST /{group_id}/invite_link`.";
    const CODES: &'static [Code] = CODES;

    addressed_to_group!();

    fn example() -> Value {
        example!("GroupId": super::EXAMPLE_GROUP_ID)
    }

    fn example_answer() -> Value {
        json!({"InviteLink": "https://chat.whatsapp.com/LINK_ID"})
    }
}

impl Operation for DeleteChatGroupInviteLink {
    type Answer = InviteLinkDeleted;

    const NAME: &'static str = "DeleteChatGroupInviteLink";
    const SCOPE: Scope = Scope::GroupsWrite;
    const NOUN: &'static str = "Invite links";
    const SUMMARY: &'static str = "Remove the invite link";
    const DESCRIPTION: &'static str = "Removes the group's link, so that nobody can enter by it. `Result` is 1 where a link was removed and 0 where there was none, so a second call answers 0. `AddChatGroupInviteLink` makes a new one.\n\nThe example names the demo's second group, so that the first keeps its link.\n\nUpstream: `DELETE /{group_id}/invite_link`.";
    const CODES: &'static [Code] = CODES;

    addressed_to_group!();

    fn example() -> Value {
        example!("GroupId": super::EXAMPLE_SPARE_GROUP_ID)
    }

    fn example_answer() -> Value {
        json!({"Result": 1})
    }
}
