//! The calls of Meta's own paths that are passed on, and what each takes of its caller.

use cams_api::operations as requests;
use cams_api::{Operation, Scope};

/// One of Meta's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GraphCall {
    /// `POST /{phone_number_id}/groups`
    CreateGroup,
    /// `GET /{phone_number_id}/groups`
    ListGroups,
    /// `GET /{group_id}`
    GroupInfo,
    /// `POST /{group_id}`
    UpdateGroup,
    /// `DELETE /{group_id}`
    DeleteGroup,
    /// `GET /{group_id}/invite_link`
    InviteLink,
    /// `POST /{group_id}/invite_link`
    ResetInviteLink,
    /// `DELETE /{group_id}/invite_link`
    DeleteInviteLink,
    /// `GET /{group_id}/join_requests`
    ListJoinRequests,
    /// `POST /{group_id}/join_requests`
    ApproveJoinRequests,
    /// `DELETE /{group_id}/join_requests`
    RejectJoinRequests,
    /// `POST /{group_id}/participants`
    AddParticipants,
    /// `DELETE /{group_id}/participants`
    RemoveParticipants,
    /// `POST /{phone_number_id}/messages`
    SendMessage,
    /// `POST /{phone_number_id}/media`
    UploadMedia,
    /// `GET /{media_id}`
    MediaInfo,
    /// `GET /{media_id}/content`: ours, for the address at which Meta keeps the file.
    MediaContent,
    /// `DELETE /{media_id}`
    DeleteMedia,
    /// `GET /{phone_number_id}`
    NumberInfo,
    /// `GET /{waba_id}/phone_numbers`
    ListNumbers,
    /// `GET /{waba_id}/message_templates`
    ListTemplates,
    /// `POST /{waba_id}/message_templates`
    CreateTemplate,
    /// `GET /{template_id}`
    TemplateInfo,
    /// `POST /{template_id}`
    EditTemplate,
    /// `DELETE /{template_id}`
    DeleteTemplate,
    /// `GET /message_template_library`
    TemplateLibrary,
}

impl GraphCall {
    /// All of them, in the order in which they are counted.
    pub const ALL: [Self; 26] = [
        Self::CreateGroup,
        Self::ListGroups,
        Self::GroupInfo,
        Self::UpdateGroup,
        Self::DeleteGroup,
        Self::InviteLink,
        Self::ResetInviteLink,
        Self::DeleteInviteLink,
        Self::ListJoinRequests,
        Self::ApproveJoinRequests,
        Self::RejectJoinRequests,
        Self::AddParticipants,
        Self::RemoveParticipants,
        Self::SendMessage,
        Self::UploadMedia,
        Self::MediaInfo,
        Self::MediaContent,
        Self::DeleteMedia,
        Self::NumberInfo,
        Self::ListNumbers,
        Self::ListTemplates,
        Self::CreateTemplate,
        Self::TemplateInfo,
        Self::EditTemplate,
        Self::DeleteTemplate,
        Self::TemplateLibrary,
    ];

    /// Its name in the log. Where it does the same as an operation, it is that operation's, and a scope such as
    /// `cams:AddChatGroup` allows it. What does more than any operation is allowed by no scope of a single one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreateGroup => requests::AddChatGroup::NAME,
            Self::ListGroups => requests::ListChatGroup::NAME,
            Self::GroupInfo => requests::GetChatGroup::NAME,
            Self::UpdateGroup => requests::UpdateChatGroup::NAME,
            Self::DeleteGroup => requests::DeleteChatGroup::NAME,
            Self::InviteLink => requests::GetChatGroupInviteLink::NAME,
            Self::ResetInviteLink => requests::AddChatGroupInviteLink::NAME,
            Self::DeleteInviteLink => requests::DeleteChatGroupInviteLink::NAME,
            Self::ListJoinRequests => requests::ListChatGroupJoinRequests::NAME,
            Self::ApproveJoinRequests => requests::ApproveChatGroupJoinRequests::NAME,
            Self::RejectJoinRequests => requests::RejectChatGroupJoinRequests::NAME,
            Self::AddParticipants => requests::AddChatGroupParticipants::NAME,
            Self::RemoveParticipants => requests::DeleteChatGroupParticipants::NAME,
            Self::SendMessage => requests::SendChatappMessage::NAME,
            Self::UploadMedia => "UploadMedia",
            Self::MediaInfo => "GetMedia",
            Self::MediaContent => "DownloadMedia",
            Self::DeleteMedia => "DeleteMedia",
            Self::NumberInfo => "GetPhoneNumber",
            Self::ListNumbers => "ListPhoneNumbers",
            Self::ListTemplates => "ListMessageTemplates",
            Self::CreateTemplate => "CreateMessageTemplate",
            Self::TemplateInfo => "GetMessageTemplate",
            Self::EditTemplate => "EditMessageTemplate",
            Self::DeleteTemplate => "DeleteMessageTemplate",
            Self::TemplateLibrary => "GetMessageTemplateLibrary",
        }
    }

    /// The scope that it takes: as for the operations, and for files the scope of the messages that they are sent with.
    pub const fn scope(self) -> Scope {
        match self {
            Self::SendMessage | Self::UploadMedia | Self::DeleteMedia => Scope::MessagesSend,
            Self::CreateGroup
            | Self::UpdateGroup
            | Self::DeleteGroup
            | Self::ResetInviteLink
            | Self::DeleteInviteLink
            | Self::ApproveJoinRequests
            | Self::RejectJoinRequests
            | Self::AddParticipants
            | Self::RemoveParticipants
            | Self::CreateTemplate
            | Self::EditTemplate
            | Self::DeleteTemplate => Scope::GroupsWrite,
            _ => Scope::GroupsRead,
        }
    }

    /// Whether it only reads.
    pub fn is_read(self) -> bool {
        self.scope() == Scope::GroupsRead
    }

    /// Whether it leaves a record that is settled later.
    pub(super) const fn is_recorded(self) -> bool {
        matches!(
            self,
            Self::CreateGroup
                | Self::UpdateGroup
                | Self::DeleteGroup
                | Self::ApproveJoinRequests
                | Self::RejectJoinRequests
                | Self::AddParticipants
                | Self::RemoveParticipants
        )
    }
}
