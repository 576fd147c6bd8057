//! Meta's answers, as they are recorded.

use graph_client::{GroupInfo, NumberInfo};
use tenant_store::{GroupUpdate, ListedGroup, NumberRecord};
use time::OffsetDateTime;

/// [Meta: eligibility](https://developers.facebook.com/docs/whatsapp/cloud-api/groups/).
const NOT_OFFICIAL: &str = "Meta lets only numbers of an Official Business Account have groups. Apply for one in Meta's Business Manager, under the number's profile.";

/// A group of Meta's list.
pub(crate) fn listed_group(group: graph_client::ListedGroup) -> ListedGroup {
    ListedGroup { group_id: group.id.to_string(), subject: group.subject, created_at: group.created_at.and_then(at) }
}

/// A group's details; which of them Meta left out stays as it is.
pub(super) fn details(group_id: &str, info: GroupInfo) -> GroupUpdate {
    GroupUpdate {
        group_id: group_id.to_owned(),
        subject: info.subject,
        description: info.description,
        join_approval_mode: info.join_approval_mode.map(|mode| mode.as_str().to_owned()),
        suspended: info.suspended,
        total_participant_count: info.total_participant_count.and_then(|count| i32::try_from(count).ok()),
        creation_timestamp: info.creation_timestamp.and_then(at),
        ..GroupUpdate::default()
    }
}

/// What Meta says of a number, and what follows for its groups.
pub(crate) fn number(info: NumberInfo) -> NumberRecord {
    let official = info.is_official_business_account;
    NumberRecord {
        verified_name: info.verified_name,
        quality_rating: info.quality_rating,
        status: info.status,
        official_business_account: official,
        groups_eligible: official,
        groups_ineligible_reason: (official == Some(false)).then(|| NOT_OFFICIAL.to_owned()),
    }
}

fn at(seconds: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}
