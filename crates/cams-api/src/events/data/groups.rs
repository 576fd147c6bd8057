//! The `Data` of what happens to groups, and of who comes, asks and goes.
//!
//! None of these has a `Debug`: who is in a group, and by which link, does not belong into logs.

use serde::Serialize;
use utoipa::ToSchema;

use crate::operations::{SettingResults, UpstreamFault};
use crate::text::JoinApprovalMode;

/// A user, as an event names one. Users with a username may hide their number; then `UserId` alone names them.
#[derive(Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EventParticipant {
    /// The phone number, or the business-scoped user ID where the number is hidden: what a call takes for this user.
    #[schema(required, example = "16505551234")]
    pub participant_number: Option<String>,
    /// The WhatsApp ID, where Meta tells it.
    #[schema(required, example = "16505551234")]
    pub wa_id: Option<String>,
    /// The business-scoped user ID, where Meta tells it.
    #[schema(required, example = "US.13491208655302741918")]
    pub user_id: Option<String>,
    /// The username that the user has adopted.
    #[schema(required, example = "@mara")]
    pub username: Option<String>,
}

/// The group that was asked for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct GroupCreation {
    /// Its name.
    #[schema(required, example = "Watch enthusiasts")]
    pub subject: Option<String>,
    /// What it is for; `null` also where Meta does not say.
    #[schema(required)]
    pub description: Option<String>,
    /// By which users enter it. Whoever holds it may.
    #[schema(required, example = "https://chat.whatsapp.com/LINK_ID")]
    pub invite_link: Option<String>,
    /// How users who follow the link enter.
    #[schema(required)]
    pub join_approval_mode: Option<JoinApprovalMode>,
}

/// What became of settings that were to change.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SettingsUpdate {
    /// Each setting that was to change.
    pub fields: SettingResults,
    /// The name, as it is from now on; `null` where it was not changed.
    #[schema(required, example = "Watch enthusiasts")]
    pub subject: Option<String>,
    /// The description, as it is from now on: empty where it was taken away, `null` where it was not changed.
    #[schema(required)]
    pub description: Option<String>,
}

/// Users who are in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ParticipantsJoined {
    /// Who.
    pub participants: Vec<EventParticipant>,
    /// How, in Meta's word.
    #[schema(required, example = "invite_link")]
    pub reason: Option<String>,
}

/// Users who are out, and users who could not be removed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ParticipantsLeft {
    /// Who is out.
    pub participants: Vec<EventParticipant>,
    /// Who is still in, and why.
    pub failed: Vec<UpstreamFault>,
}

/// A user's request to be let in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct JoinRequestNotice {
    /// What `ApproveChatGroupJoinRequests` and `RejectChatGroupJoinRequests` take.
    #[schema(required, example = "MTY1MDU1NTAxMzE6MTIwMzYzMDAwMDAwMDAwMTMx")]
    pub join_request_id: Option<String>,
    /// Who asks.
    pub participant: EventParticipant,
    /// How the user came, in Meta's word.
    #[schema(required, example = "invite_link")]
    pub reason: Option<String>,
}
