//! The list of groups.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{addressed_to_any, example, request};
use crate::identifiers::{BusinessNumber, GroupId};
use crate::operation::{Answer, Operation};
use crate::page::Page;
use crate::text::{GroupStatus, IgnoredText, InviteLink, JoinApprovalMode, SubjectPart};
use crate::{Code, Scope};

request! {
    /// What `ListChatGroup` takes.
    ListChatGroup for any number {
        /// Which part of the list.
        page: Page,
        /// Only groups whose name has this in it.
        subject: Option<SubjectPart>,
        /// Only groups that stand so. `INACTIVE` ones are listed only where they are asked for.
        group_status: Option<GroupStatus>,
        /// Accepted and ignored: WhatsApp has one type of groups.
        group_type: Option<IgnoredText>,
        /// Accepted and ignored: CAMS's parameter for Telegram.
        group_link: Option<IgnoredText>,
    }
}

/// A page of the list of groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GroupListData {
    /// The page.
    pub data: GroupList,
}

impl Answer for GroupListData {}

/// Groups, and how many there are in all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GroupList {
    /// How many groups the filters let through, on all pages.
    #[schema(minimum = 0, example = 1)]
    pub total: u64,
    /// The groups of this page, newest first.
    pub list: Vec<ListedGroup>,
}

/// A group, as it is recorded. What is not known yet is `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ListedGroup {
    /// The business number that the group is of.
    pub business_number: BusinessNumber,
    /// What the business is in the group: always `ADMIN`.
    #[schema(example = "ADMIN")]
    pub business_role: &'static str,
    /// When the group was made, in Unix seconds.
    #[schema(example = 1_755_548_877)]
    pub creation_timestamp: Option<i64>,
    /// What it is for.
    #[schema(example = "Questions about order 1042, answered from 9 to 17 h.")]
    pub description: Option<String>,
    /// When anything in this record last changed, in Unix milliseconds.
    #[schema(example = 1_755_548_877_412_i64)]
    pub gmt_modifier: i64,
    /// The group's ID; `null` while it is `CREATING`.
    pub group_id: Option<GroupId>,
    /// Always `null`: CAMS's field for Telegram.
    #[schema(value_type = Option<String>)]
    pub group_link: (),
    /// Where the group stands.
    pub group_status: GroupStatus,
    /// Always `null`: WhatsApp has one type of groups.
    #[schema(value_type = Option<String>)]
    pub group_type: (),
    /// The group's invite link.
    pub invite_link: Option<InviteLink>,
    /// How users enter.
    pub join_approval_mode: Option<JoinApprovalMode>,
    /// Always `null`: Meta does not show it.
    #[schema(value_type = Option<String>)]
    pub profile_picture_file: (),
    /// The group's name.
    #[schema(example = "New purchase inquiry")]
    pub subject: Option<String>,
    /// How many participants it has, the business not counted; at most 8.
    #[schema(minimum = 0, example = 1)]
    pub total_participant_count: Option<u32>,
}

impl Operation for ListChatGroup {
    type Answer = GroupListData;

    const NAME: &'static str = "ListChatGroup";
    const SCOPE: Scope = Scope::GroupsRead;
    const NOUN: &'static str = "Groups";
    const SUMMARY: &'static str = "List groups";
    const DESCRIPTION: &'static str = "Lists the groups of one business number, or of all of the tenant's, newest first, from the gateway's own record. Webhooks and calls keep it, and it is compared with Meta's list every hour.\n\n`GroupStatus` is `CREATING`, `UPDATING` or `DELETING` while such a change is under way. `INACTIVE` groups, deleted or gone, are listed only where they are asked for.\n\nNo call upstream.";
    const CALLS_UPSTREAM: bool = false;
    const CODES: &'static [Code] = &[];

    addressed_to_any!();

    fn example() -> Value {
        example!("Page": json!({"Index": 1, "Size": 10}))
    }

    fn example_answer() -> Value {
        json!({"Data": {"Total": 1, "List": [{
            "BusinessNumber": super::EXAMPLE_BUSINESS_NUMBER,
            "BusinessRole": "ADMIN",
            "CreationTimestamp": 1_755_548_877,
            "Description": null,
            "GmtModifier": 1_755_548_877_412_i64,
            "GroupId": super::EXAMPLE_GROUP_ID,
            "GroupLink": null,
            "GroupStatus": "ACTIVE",
            "GroupType": null,
            "InviteLink": "https://chat.whatsapp.com/LINK_ID",
            "JoinApprovalMode": "auto_approve",
            "ProfilePictureFile": null,
            "Subject": "New purchase inquiry",
            "TotalParticipantCount": 1,
        }]}})
    }
}
