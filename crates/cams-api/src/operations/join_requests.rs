//! Join requests: users who ask to be let into a group that needs approval.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{UpstreamFault, addressed_to_group, example, request};
use crate::identifiers::GroupId;
use crate::join_requests::{Cursor, JoinRequestList};
use crate::operation::{Answer, Operation};
use crate::privacy::ShortId;
use crate::{Code, Scope};

request! {
    /// What `ListChatGroupJoinRequests` takes.
    ListChatGroupJoinRequests {
        /// The group whose join requests are wanted.
        group_id: GroupId,
        /// `After` of an earlier answer: the page behind that one.
        #[schema(example = json!(null))]
        after: Option<Cursor>,
        /// `Before` of an earlier answer: the page before that one.
        #[schema(example = json!(null))]
        before: Option<Cursor>,
    }
}

/// A page of a group's join requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct JoinRequestListData {
    /// The page.
    pub data: JoinRequests,
}

impl Answer for JoinRequestListData {}

/// Open join requests, and where the list goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct JoinRequests {
    /// The open join requests of this page, in Meta's order.
    pub list: Vec<JoinRequest>,
    /// Where the page behind this one begins; `null` where Meta names none. Meta names one on its last page too: the page
    /// behind that is empty.
    pub after: Option<Cursor>,
    /// Where the page before this one ends; `null` where Meta names none.
    pub before: Option<Cursor>,
}

/// A user's open request to enter.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct JoinRequest {
    /// Its ID, to approve or reject it with.
    #[schema(example = "MTY1MDU1NTAxMzE6MTIwMzYzMDAwMDAwMDAwMTMx")]
    pub join_request_id: String,
    /// The WhatsApp ID, where it is visible.
    #[schema(example = "16505550131")]
    pub wa_id: Option<String>,
    /// The business-scoped user ID.
    #[schema(example = "US.13491208655302741918")]
    pub user_id: Option<String>,
    /// The username that the user has adopted.
    #[schema(example = "@mara")]
    pub username: Option<String>,
    /// When the user asked, in Unix seconds.
    #[schema(example = 1_755_548_877)]
    pub creation_timestamp: Option<i64>,
}

impl fmt::Debug for JoinRequest {
    /// Shortened: the ID is made of the user's phone number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JoinRequest").field(&ShortId(&self.join_request_id)).finish_non_exhaustive()
    }
}

request! {
    /// What `ApproveChatGroupJoinRequests` takes.
    ApproveChatGroupJoinRequests {
        /// The group that the users enter.
        group_id: GroupId,
        /// Which requests are approved.
        list: JoinRequestList,
    }
}

/// The join requests that were approved, and those that were not.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct JoinRequestsApproved {
    /// Whose users are in now.
    #[schema(example = json!(["MTY1MDU1NTAxMzE6MTIwMzYzMDAwMDAwMDAwMTMx"]))]
    pub approved: Vec<String>,
    /// Which were not approved, and why.
    pub failed: Vec<UpstreamFault>,
    /// Meta's errors about the call as a whole.
    pub errors: Vec<UpstreamFault>,
    /// Whether some were not approved, named or not: [`Code::PartialSuccess`].
    #[serde(skip)]
    pub is_partial: bool,
}

impl Answer for JoinRequestsApproved {
    fn code(&self) -> Code {
        if self.is_partial { Code::PartialSuccess } else { Code::Ok }
    }
}

impl fmt::Debug for JoinRequestsApproved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_decided(f, "JoinRequestsApproved", &self.approved, &self.failed)
    }
}

request! {
    /// What `RejectChatGroupJoinRequests` takes.
    RejectChatGroupJoinRequests {
        /// The group that the users do not enter.
        group_id: GroupId,
        /// Which requests are rejected.
        list: JoinRequestList,
    }
}

/// The join requests that were rejected, and those that were not.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct JoinRequestsRejected {
    /// Which are no longer open.
    #[schema(example = json!(["MTY1MDU1NTAxMzI6MTIwMzYzMDAwMDAwMDAwMTMy"]))]
    pub rejected: Vec<String>,
    /// Which were not rejected, and why.
    pub failed: Vec<UpstreamFault>,
    /// Meta's errors about the call as a whole.
    pub errors: Vec<UpstreamFault>,
    /// Whether some were not rejected, named or not: [`Code::PartialSuccess`].
    #[serde(skip)]
    pub is_partial: bool,
}

impl Answer for JoinRequestsRejected {
    fn code(&self) -> Code {
        if self.is_partial { Code::PartialSuccess } else { Code::Ok }
    }
}

impl fmt::Debug for JoinRequestsRejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_decided(f, "JoinRequestsRejected", &self.rejected, &self.failed)
    }
}

fn debug_decided(f: &mut fmt::Formatter<'_>, name: &str, done: &[String], failed: &[UpstreamFault]) -> fmt::Result {
    f.debug_struct(name).field("done", &done.len()).field("failed", &failed).finish_non_exhaustive()
}

impl Operation for ListChatGroupJoinRequests {
    type Answer = JoinRequestListData;

    const NAME: &'static str = "ListChatGroupJoinRequests";
    const SCOPE: Scope = Scope::GroupsRead;
    const NOUN: &'static str = "Join requests";
    const SUMMARY: &'static str = "List who asks to enter";
    const DESCRIPTION: &'static str = "Lists the open join requests of a group that was made with `JoinApprovalMode` `approval_required`. Pages are Meta's: give `After` of an answer to get the page behind it, until a page is empty or `After` is `null`.\n\nUpstream: `GET /{group_id}/join_requests`.";
    const CODES: &'static [Code] = &[Code::GroupNotFound, Code::GroupSuspended];

    addressed_to_group!();

    fn example() -> Value {
        example!("GroupId": super::EXAMPLE_APPROVAL_GROUP_ID)
    }

    fn example_answer() -> Value {
        json!({"Data": {
            "List": [{
                "JoinRequestId": super::EXAMPLE_JOIN_REQUEST_ID,
                "WaId": "16505550131",
                "UserId": "US.13491208655302741918",
                "Username": null,
                "CreationTimestamp": 1_755_548_877,
            }],
            "After": "QVFIUmx1WTBpMGpJ",
            "Before": "QVFIUmx1WTBpMGpI",
        }})
    }
}

impl Operation for ApproveChatGroupJoinRequests {
    type Answer = JoinRequestsApproved;

    const NAME: &'static str = "ApproveChatGroupJoinRequests";
    const SCOPE: Scope = Scope::GroupsWrite;
    const NOUN: &'static str = "Join requests";
    const SUMMARY: &'static str = "Let users in";
    const DESCRIPTION: &'static str = "Approves join requests; Meta does it at once. All approved: `OK`. Some: `PartialSuccess`, and `Failed` says which not and why, as far as Meta tells, such as 131213 (no such request any more), 131204 (the group is full) or 131203 (the user has not accepted WhatsApp's terms). None: `Upstream.Rejected`, with `Failed` where Meta names them.\n\nThe example names a request that the demo's third group has from birth; once that is decided, the example answers `Upstream.Rejected` with Meta's code 131213.\n\nUpstream: `POST /{group_id}/join_requests`.";
    const CODES: &'static [Code] = &[Code::PartialSuccess, Code::GroupNotFound, Code::GroupSuspended];

    addressed_to_group!();

    fn example() -> Value {
        example!("GroupId": super::EXAMPLE_APPROVAL_GROUP_ID, "List": json!([super::EXAMPLE_JOIN_REQUEST_ID]))
    }

    fn example_answer() -> Value {
        json!({"Approved": [super::EXAMPLE_JOIN_REQUEST_ID], "Failed": [], "Errors": []})
    }
}

impl Operation for RejectChatGroupJoinRequests {
    type Answer = JoinRequestsRejected;

    const NAME: &'static str = "RejectChatGroupJoinRequests";
    const SCOPE: Scope = Scope::GroupsWrite;
    const NOUN: &'static str = "Join requests";
    const SUMMARY: &'static str = "Turn users away";
    const DESCRIPTION: &'static str = "Rejects join requests; Meta does it at once, and sends no webhook about it. All rejected: `OK`. Some: `PartialSuccess`, and `Failed` says which not and why, as far as Meta tells. None: `Upstream.Rejected`, with `Failed` where Meta names them. The users may ask again.\n\nThe example names another request that the demo's third group has from birth; once that is decided, the example answers `Upstream.Rejected` with Meta's code 131213.\n\nUpstream: `DELETE /{group_id}/join_requests`.";
    const CODES: &'static [Code] = &[Code::PartialSuccess, Code::GroupNotFound, Code::GroupSuspended];

    addressed_to_group!();

    fn example() -> Value {
        example!("GroupId": super::EXAMPLE_APPROVAL_GROUP_ID, "List": json!([super::EXAMPLE_OTHER_JOIN_REQUEST_ID]))
    }

    fn example_answer() -> Value {
        json!({"Rejected": [super::EXAMPLE_OTHER_JOIN_REQUEST_ID], "Failed": [], "Errors": []})
    }
}
