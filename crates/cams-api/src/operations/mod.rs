//! The operations, one module a noun. A request is what a caller sends; an answer is what stands
//! beside the envelope.

mod changes;
mod group_list;
mod group_settings;
mod groups;
mod invite_links;
mod invites;
mod join_requests;
pub mod message_content;
mod messages;
mod numbers;
mod participants;
mod templates;

pub use changes::{ChangeStatus, PartResult, QueryChatGroupRequest, RequestState, UpstreamFault};
pub use group_list::{GroupList, GroupListData, ListChatGroup, ListedGroup};
pub use group_settings::{GroupUpdated, SettingResults, UpdateChatGroup};
pub use groups::{
    AddChatGroup, DeleteChatGroup, GetChatGroup, Group, GroupAdded, GroupData, GroupDeleted, Participant,
};
pub use invite_links::{
    AddChatGroupInviteLink, CurrentInviteLink, DeleteChatGroupInviteLink, GetChatGroupInviteLink, InviteLinkDeleted,
    InviteLinkGiven,
};
pub use invites::{GroupInvites, Invitation, InviteStatus, Invitees, SendChatGroupInvite};
pub use join_requests::{
    ApproveChatGroupJoinRequests, JoinRequest, JoinRequestListData, JoinRequests, JoinRequestsApproved,
    JoinRequestsRejected, ListChatGroupJoinRequests, RejectChatGroupJoinRequests,
};
pub use messages::{
    Message, MessageBody, MessageRecipient, MessageSent, MessageTo, RecipientType, SendChatappMessage, SendType,
    TemplateMessage, TemplateParams, TemplateReference,
};
pub use numbers::{ListBusinessNumbers, ListedNumber, NumberList, NumberListData};
pub use participants::{
    AddChatGroupParticipants, DeleteChatGroupParticipants, ListChatGroupParticipants, ListedParticipants,
    ParticipantListData, ParticipantsChanged,
};
pub use templates::{
    AddChatGroupInviteTemplate, InviteTemplate, InviteTemplateAdded, InviteTemplates, InviteTemplatesData,
    LibraryInviteTemplate, ListChatGroupInviteTemplates,
};

/// The demo's tenant.
pub const EXAMPLE_CUST_SPACE_ID: &str = "cams-demo1";
/// The demo's business number.
pub const EXAMPLE_BUSINESS_NUMBER: &str = "15550000001";
/// A group that the demo's sandbox is born with.
pub const EXAMPLE_GROUP_ID: &str = "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMToxMjAzNjMwMDAwMDAwMDAwMTEZD";
/// Another, for the examples that take something away.
pub const EXAMPLE_SPARE_GROUP_ID: &str = "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMToxMjAzNjMwMDAwMDAwMDAwMTIZD";
/// A third, which users ask to enter.
pub const EXAMPLE_APPROVAL_GROUP_ID: &str = "Y2FwaV9ncm91cDoxNTU1MDAwMDAwMToxMjAzNjMwMDAwMDAwMDAwMTMZD";
/// The first group's name.
pub const EXAMPLE_SUBJECT: &str = "Watch enthusiasts";
/// A participant of all of them, and the one whom examples remove.
pub const EXAMPLE_PARTICIPANT: &str = "16505551234";
/// A template for invitations that the demo's first account has.
pub const EXAMPLE_TEMPLATE_NAME: &str = "group_invite";
/// A template for invitations in Meta's library.
pub const EXAMPLE_LIBRARY_TEMPLATE_NAME: &str = "group_invite_link";
/// What a message's ID looks like.
pub const EXAMPLE_MESSAGE_ID: &str = "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA";
/// A request to enter the third group, for the example that lets a user in.
pub const EXAMPLE_JOIN_REQUEST_ID: &str = "MTY1MDU1NTAxMzE6MTIwMzYzMDAwMDAwMDAwMTMx";
/// Another, for the example that turns a user away.
pub const EXAMPLE_OTHER_JOIN_REQUEST_ID: &str = "MTY1MDU1NTAxMzI6MTIwMzYzMDAwMDAwMDAwMTMy";
/// What a `UniqueCode` looks like. The demo knows it: it is the first tenant's first change.
pub const EXAMPLE_UNIQUE_CODE: &str = "0199aa0e-7c1d-7c44-9d0e-8a4f5a1b2c3d";

/// Makes a request's type: the parameters that all operations share, and its own. `for any number` makes the
/// business number optional.
macro_rules! request {
    ($(#[$meta:meta])* $name:ident { $($own:tt)* }) => {
        $crate::operations::request! {
            @ $(#[$meta])* $name
            {
                /// The tenant's business number.
                business_number: $crate::identifiers::BusinessNumber,
            }
            { $($own)* }
        }
    };
    ($(#[$meta:meta])* $name:ident for any number { $($own:tt)* }) => {
        $crate::operations::request! {
            @ $(#[$meta])* $name
            {
                /// One of the tenant's business numbers; all of them where it is absent.
                business_number: Option<$crate::identifiers::BusinessNumber>,
            }
            { $($own)* }
        }
    };
    (
        @ $(#[$meta:meta])* $name:ident
        { $(#[$number_meta:meta])* $number:ident : $number_type:ty, }
        { $($(#[$field_meta:meta])* $field:ident : $type:ty,)* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        pub struct $name {
            /// The tenant: one customer of the ISV.
            pub cust_space_id: $crate::identifiers::CustSpaceId,
            $(#[$number_meta])*
            pub $number: $number_type,
            /// `WHATSAPP`, the default and the only value.
            pub channel_type: Option<$crate::identifiers::ChannelType>,
            $($(#[$field_meta])* pub $field: $type,)*
        }
    };
}

/// The parts of an `Operation` that are alike for all of them.
macro_rules! addressed {
    () => {
        fn cust_space_id(&self) -> &$crate::identifiers::CustSpaceId {
            &self.cust_space_id
        }

        fn business_number(&self) -> Option<&$crate::identifiers::BusinessNumber> {
            Some(&self.business_number)
        }
    };
}

/// The same for an operation about a group.
macro_rules! addressed_to_group {
    () => {
        $crate::operations::addressed!();

        fn group_id(&self) -> Option<&$crate::identifiers::GroupId> {
            Some(&self.group_id)
        }
    };
}

/// The same for an operation that may be about all of the tenant's numbers.
macro_rules! addressed_to_any {
    () => {
        fn cust_space_id(&self) -> &$crate::identifiers::CustSpaceId {
            &self.cust_space_id
        }

        fn business_number(&self) -> Option<&$crate::identifiers::BusinessNumber> {
            self.business_number.as_ref()
        }
    };
}

/// An example request: the demo's tenant and number, and what the operation takes beside them.
macro_rules! example {
    ($($name:literal: $value:expr),* $(,)?) => {
        serde_json::json!({
            "CustSpaceId": $crate::operations::EXAMPLE_CUST_SPACE_ID,
            "BusinessNumber": $crate::operations::EXAMPLE_BUSINESS_NUMBER,
            $($name: $value),*
        })
    };
}

use {addressed, addressed_to_any, addressed_to_group, example, request};
