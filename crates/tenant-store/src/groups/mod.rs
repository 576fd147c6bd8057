//! The mirror of groups: what is known of each group, from our own calls, from webhooks and from Meta's list.

use time::OffsetDateTime;

use crate::{Space, StoreError, across_tenants, text::storable};

mod listing;
mod merging;

pub use listing::{GroupFilter, GroupList, GroupStatus, GroupSummary};
pub(crate) use merging::{apply, record_listed, told_at};

/// Whether a group is there. Other states (`CREATING`, `UPDATING`, `DELETING`) follow from open changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "UPPERCASE")]
pub enum GroupLifecycle {
    /// It is.
    Active,
    /// It was deleted, or is gone from Meta's list.
    Inactive,
}

/// One row of the mirror. `None` is what is not known yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Group {
    /// Meta's ID of the number that owns it.
    pub phone_number_id: String,
    /// Meta's ID of the group; opaque.
    pub group_id: String,
    /// Its subject.
    pub subject: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// `auto_approve` or `approval_required`.
    pub join_approval_mode: Option<String>,
    /// Whether it is there.
    pub lifecycle: GroupLifecycle,
    /// Whether Meta has suspended it.
    pub suspended: bool,
    /// Its invite link, whoever holds it may enter.
    pub invite_link: Option<String>,
    /// How many participants it has.
    pub total_participant_count: Option<i32>,
    /// When Meta made it.
    pub creation_timestamp: Option<OffsetDateTime>,
    /// When anything in this row last changed.
    pub modified_at: OffsetDateTime,
    /// When the newest event about it happened.
    pub last_event_at: Option<OffsetDateTime>,
}

/// One element of Meta's list of a number's groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedGroup {
    /// Meta's ID of the group.
    pub group_id: String,
    /// Its subject.
    pub subject: Option<String>,
    /// When Meta made it.
    pub created_at: Option<OffsetDateTime>,
}

/// An invite link that a call of ours learned.
#[derive(Clone, PartialEq, Eq)]
pub struct LearnedLink {
    /// Meta's ID of the number that owns the group.
    pub phone_number_id: String,
    /// Meta's ID of the group.
    pub group_id: String,
    /// The link as it now is; `None` where there is none any more.
    pub invite_link: Option<String>,
    /// When it was learned; a link learned earlier does not replace one learned later.
    pub learned_at: OffsetDateTime,
}

/// What an event or a call tells about one group. `None` says nothing about that field.
/// Each field remembers the instant it was told for: what is older than what is known does not undo it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct GroupUpdate {
    /// Meta's ID of the group.
    pub group_id: String,
    /// When it happened at Meta; `None` for now.
    pub occurred_at: Option<OffsetDateTime>,
    /// Its subject.
    pub subject: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// `auto_approve` or `approval_required`.
    pub join_approval_mode: Option<String>,
    /// Whether it is there.
    pub lifecycle: Option<GroupLifecycle>,
    /// Whether Meta has suspended it.
    pub suspended: Option<bool>,
    /// Its invite link.
    pub invite_link: Option<String>,
    /// How many participants it has, where the whole number was told.
    pub total_participant_count: Option<i32>,
    /// How many participants came (or, negative, went), where only that was told.
    pub participants_delta: i32,
    /// When Meta made it. Where that is when it happened, this is its making.
    pub creation_timestamp: Option<OffsetDateTime>,
}

impl Space<'_> {
    /// Whether the mirror has this group for this number.
    pub async fn knows_group(&self, phone_number_id: &str, group_id: &str) -> Result<bool, StoreError> {
        let numbers = across_tenants::numbers_of_group(self.store.pool(), self.cust_space_id, group_id).await?;
        Ok(numbers.iter().any(|number| number == phone_number_id))
    }

    /// The mirror's row of one group.
    pub async fn group(&self, phone_number_id: &str, group_id: &str) -> Result<Option<Group>, StoreError> {
        let mut transaction = self.begin().await?;
        let group = sqlx::query_as!(
            Group,
            r#"select phone_number_id, group_id, subject, description, join_approval_mode,
                      lifecycle as "lifecycle: GroupLifecycle", suspended, invite_link, total_participant_count,
                      creation_timestamp, modified_at, last_event_at
               from groups where cust_space_id = $1 and phone_number_id = $2 and group_id = $3"#,
            self.cust_space_id,
            &storable(phone_number_id),
            &storable(group_id),
        );
        Ok(group.fetch_optional(&mut *transaction).await?)
    }
}
