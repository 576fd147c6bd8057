//! Groups: created, read, listed, deleted.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;

use super::{
    MESSAGING_PRODUCT,
    changes::{self, ChangeAccepted, Plain},
    paging::Paging,
    participants::Participant,
};
use crate::{
    answer::Answer,
    call::Call,
    client::GraphClient,
    error::GraphError,
    ids::{GroupId, PhoneNumberId},
    lenient,
    request::Request,
};

/// Who lets users in that come by the link. Cannot be changed after creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinApprovalMode {
    /// Nobody: they are in. Meta's default.
    AutoApprove,
    /// The business approves each join request.
    ApprovalRequired,
}

impl JoinApprovalMode {
    /// Meta's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AutoApprove => "auto_approve",
            Self::ApprovalRequired => "approval_required",
        }
    }

    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::AutoApprove, Self::ApprovalRequired].into_iter().find(|mode| mode.as_str() == word)
    }
}

/// A group to create.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NewGroup<'a> {
    /// 1 to 128 characters.
    pub subject: &'a str,
    /// Up to 2048 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'a str>,
    /// Meta's default holds where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_approval_mode: Option<JoinApprovalMode>,
}

/// A field of group info that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupField {
    /// `subject`
    Subject,
    /// `description`
    Description,
    /// `suspended`
    Suspended,
    /// `creation_timestamp`
    CreationTimestamp,
    /// `participants`
    Participants,
    /// `total_participant_count`
    TotalParticipantCount,
    /// `join_approval_mode`
    JoinApprovalMode,
}

impl GroupField {
    /// All that Meta has.
    pub const ALL: [Self; 7] = [
        Self::Subject,
        Self::Description,
        Self::Suspended,
        Self::CreationTimestamp,
        Self::Participants,
        Self::TotalParticipantCount,
        Self::JoinApprovalMode,
    ];

    /// Meta's name of the field.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Description => "description",
            Self::Suspended => "suspended",
            Self::CreationTimestamp => "creation_timestamp",
            Self::Participants => "participants",
            Self::TotalParticipantCount => "total_participant_count",
            Self::JoinApprovalMode => "join_approval_mode",
        }
    }
}

/// A group's info: the fields that were asked for, and that Meta gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct GroupInfo {
    /// The group's ID, as Meta repeats it.
    #[serde(deserialize_with = "lenient::text")]
    pub id: Option<String>,
    /// The group's name.
    pub subject: Option<String>,
    /// Empty where the group has none.
    pub description: Option<String>,
    /// Whether Meta has suspended the group.
    #[serde(deserialize_with = "lenient::boolean")]
    pub suspended: Option<bool>,
    /// Unix seconds.
    #[serde(deserialize_with = "lenient::integer")]
    pub creation_timestamp: Option<i64>,
    /// Without the business itself.
    pub participants: Option<Vec<Participant>>,
    /// Without the business itself.
    #[serde(deserialize_with = "lenient::integer")]
    pub total_participant_count: Option<i64>,
    /// Absent also where Meta uses a word not known here.
    #[serde(deserialize_with = "join_approval_mode")]
    pub join_approval_mode: Option<JoinApprovalMode>,
}

/// Which page of the list of groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPage {
    /// How many groups, 1 to 1024; Meta's default is 25.
    pub limit: Option<u16>,
    /// [`GroupPage::after`] of the page before.
    pub after: Option<String>,
}

/// A page of a number's groups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "WrittenPage")]
pub struct GroupPage {
    /// `None` where the answer has no `data.groups` that can be read: the list is not complete then.
    pub groups: Option<Vec<ListedGroup>>,
    /// The cursor of the next page; `None` on the last.
    pub after: Option<String>,
}

/// A group in the list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListedGroup {
    /// The group's ID.
    pub id: GroupId,
    /// The group's name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub subject: Option<String>,
    /// Unix seconds.
    #[serde(default, deserialize_with = "lenient::integer")]
    pub created_at: Option<i64>,
}

impl GraphClient {
    /// `POST /{phone_number_id}/groups`. The group's ID comes by webhook, with the `request_id`.
    pub async fn create_group(
        &self,
        call: Call<'_>,
        phone_number_id: &PhoneNumberId,
        group: &NewGroup<'_>,
    ) -> Result<Answer<ChangeAccepted>, GraphError> {
        let mut body = json!(group);
        body["messaging_product"] = json!(MESSAGING_PRODUCT);
        let path = self.path(phone_number_id.as_str()).edge("groups");
        plain(self.call(call, path, Request::post(&body)).await)
    }

    /// `GET /{group_id}?fields=…`. Without fields Meta gives the ID alone.
    pub async fn group_info(
        &self,
        call: Call<'_>,
        group_id: &GroupId,
        fields: &[GroupField],
    ) -> Result<Answer<GroupInfo>, GraphError> {
        let mut path = self.path(group_id.as_str());
        if !fields.is_empty() {
            let names: Vec<_> = fields.iter().map(|field| field.as_str()).collect();
            path = path.parameter("fields", &names.join(","));
        }
        self.call(call, path, Request::GET).await
    }

    /// `GET /{phone_number_id}/groups`: one page of the number's groups.
    pub async fn list_groups(
        &self,
        call: Call<'_>,
        phone_number_id: &PhoneNumberId,
        page: &ListPage,
    ) -> Result<Answer<GroupPage>, GraphError> {
        let mut path = self.path(phone_number_id.as_str()).edge("groups");
        if let Some(limit) = page.limit {
            path = path.parameter("limit", &limit.to_string());
        }
        if let Some(after) = &page.after {
            path = path.parameter("after", after);
        }
        self.call(call, path, Request::GET).await
    }

    /// `DELETE /{group_id}`. That it is gone comes by webhook.
    pub async fn delete_group(&self, call: Call<'_>, group_id: &GroupId) -> Result<Answer<ChangeAccepted>, GraphError> {
        plain(self.call(call, self.path(group_id.as_str()), Request::DELETE).await)
    }
}

/// What Meta's answer to a creation or a removal says.
pub(crate) fn plain(answer: Result<Answer<Plain>, GraphError>) -> Result<Answer<ChangeAccepted>, GraphError> {
    changes::accepted(answer.map(|answer| answer.map(|plain| plain.0)))
}

/// A page as Meta writes it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct WrittenPage {
    data: WrittenData,
    paging: Option<Paging>,
}

/// An object here, although Graph's lists are arrays elsewhere.
#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenData {
    Groups { groups: Vec<ListedGroup> },
    Other(serde::de::IgnoredAny),
}

impl Default for WrittenData {
    fn default() -> Self {
        Self::Other(serde::de::IgnoredAny)
    }
}

impl From<WrittenPage> for GroupPage {
    fn from(written: WrittenPage) -> Self {
        Self {
            groups: match written.data {
                WrittenData::Groups { groups } => Some(groups),
                WrittenData::Other(_) => None,
            },
            after: written.paging.and_then(Paging::after),
        }
    }
}

fn join_approval_mode<'de, D: Deserializer<'de>>(from: D) -> Result<Option<JoinApprovalMode>, D::Error> {
    Ok(lenient::text(from)?.as_deref().and_then(JoinApprovalMode::of))
}
