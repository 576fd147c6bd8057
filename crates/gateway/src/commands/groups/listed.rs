//! What `groups list` answers.

use serde::Serialize;
use tenant_store::{BusinessNumber, GroupStatus, GroupSummary};
use time::{OffsetDateTime, serde::rfc3339};

use crate::commands::output::{Table, time_or_dash};

#[derive(Serialize)]
pub(super) struct ListedGroup {
    group_id: Option<String>,
    business_number: String,
    status: &'static str,
    subject: Option<String>,
    description: Option<String>,
    join_approval_mode: Option<String>,
    invite_link: Option<String>,
    total_participant_count: Option<i32>,
    #[serde(with = "rfc3339::option")]
    creation_timestamp: Option<OffsetDateTime>,
    #[serde(with = "rfc3339")]
    modified_at: OffsetDateTime,
}

impl ListedGroup {
    /// The group with the number that owns it, which is among `numbers`.
    pub(super) fn new(group: GroupSummary, numbers: &[BusinessNumber]) -> Self {
        let owner = numbers.iter().find(|number| number.phone_number_id == group.phone_number_id);
        Self {
            business_number: owner.map(|number| number.business_number.clone()).unwrap_or_default(),
            status: status_text(group.status),
            group_id: group.group_id,
            subject: group.subject,
            description: group.description,
            join_approval_mode: group.join_approval_mode,
            invite_link: group.invite_link,
            total_participant_count: group.total_participant_count,
            creation_timestamp: group.creation_timestamp,
            modified_at: group.modified_at,
        }
    }
}

/// The contract's word.
fn status_text(status: GroupStatus) -> &'static str {
    match status {
        GroupStatus::Creating => "CREATING",
        GroupStatus::Active => "ACTIVE",
        GroupStatus::Updating => "UPDATING",
        GroupStatus::Deleting => "DELETING",
        GroupStatus::Suspended => "SUSPENDED",
        GroupStatus::Inactive => "INACTIVE",
    }
}

/// Without the invite links, since a link admits whoever reads it off a screen.
pub(super) fn table(groups: &[ListedGroup]) -> String {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let rows = groups.iter().map(|group| {
        [
            or_dash(group.group_id.clone()),
            group.business_number.clone(),
            group.status.to_owned(),
            or_dash(group.total_participant_count.map(|count| count.to_string())),
            time_or_dash(group.creation_timestamp),
            or_dash(group.subject.clone()),
        ]
    });
    Table::new(["GROUP ID", "NUMBER", "STATUS", "PARTICIPANTS", "CREATED", "SUBJECT"], rows).or("No groups.")
}
