//! The list of groups, as `ListChatGroup` answers it: one statement a page, with the number of all that match.

use time::OffsetDateTime;

use crate::{
    Space, StoreError,
    text::{folded, storable},
};

/// Where a group stands, its open changes considered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "UPPERCASE")]
pub enum GroupStatus {
    /// Asked for, and not yet made by Meta.
    Creating,
    /// In use.
    Active,
    /// A change of its settings is under way.
    Updating,
    /// Its deletion is under way.
    Deleting,
    /// Suspended by Meta, whatever else is under way.
    Suspended,
    /// Deleted, or gone.
    Inactive,
}

/// Which groups are wanted.
#[derive(Debug, Clone, Copy)]
pub struct GroupFilter<'a> {
    /// Of these numbers, by Meta's IDs of them.
    pub phone_number_ids: &'a [String],
    /// With this in their subject, in any case.
    pub subject: Option<&'a str>,
    /// That stand so; without it, all but [`GroupStatus::Inactive`] ones.
    pub status: Option<GroupStatus>,
    /// How many are passed over.
    pub offset: u64,
    /// How many are wanted at the most.
    pub limit: u64,
}

/// A page of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupList {
    /// How many groups match, on all pages.
    pub total: u64,
    /// The page: newest first, then by the group's ID.
    pub groups: Vec<GroupSummary>,
}

/// A group of the list. `None` is what is not known yet.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupSummary {
    /// Meta's ID of the number that owns it.
    pub phone_number_id: String,
    /// Meta's ID of the group; `None` while it is [`GroupStatus::Creating`].
    pub group_id: Option<String>,
    /// Its subject.
    pub subject: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// `auto_approve` or `approval_required`.
    pub join_approval_mode: Option<String>,
    /// Where it stands.
    pub status: GroupStatus,
    /// Its invite link, whoever holds it may enter.
    pub invite_link: Option<String>,
    /// How many participants it has.
    pub total_participant_count: Option<i32>,
    /// When Meta made it.
    pub creation_timestamp: Option<OffsetDateTime>,
    /// When anything of this last changed.
    pub modified_at: OffsetDateTime,
}

/// A row of the statement: every page has the total, and an empty one has nothing else.
struct Row {
    total: i64,
    phone_number_id: Option<String>,
    group_id: Option<String>,
    subject: Option<String>,
    description: Option<String>,
    join_approval_mode: Option<String>,
    status: Option<GroupStatus>,
    invite_link: Option<String>,
    total_participant_count: Option<i32>,
    creation_timestamp: Option<OffsetDateTime>,
    modified_at: Option<OffsetDateTime>,
}

impl Space<'_> {
    /// A page of the groups, with those that are being created.
    ///
    /// All that match are looked at, since the total is exact; a number has at most 10,000 groups at Meta. They are
    /// found by the number, and only what orders them is read of those that are on other pages.
    pub async fn list_groups(&self, filter: &GroupFilter<'_>) -> Result<GroupList, StoreError> {
        let mut transaction = self.begin().await?;
        let rows = sqlx::query_as!(
            Row,
            r#"with ending as (
                 select phone_number_id, group_id, bool_or(operation = 'DeleteChatGroup') as deleting
                 from changes
                 where cust_space_id = $1 and status in ('SENDING', 'PENDING') and group_id is not null
                   and operation in ('DeleteChatGroup', 'UpdateChatGroup')
                 group by phone_number_id, group_id
             ), listed as (
                 select g.phone_number_id, g.group_id, null::uuid as unique_code, g.creation_timestamp as made_at,
                        case when g.lifecycle = 'INACTIVE' then 'INACTIVE' when g.suspended then 'SUSPENDED'
                             when e.deleting then 'DELETING' when not e.deleting then 'UPDATING'
                             else 'ACTIVE' end as status
                 from groups g
                 left join ending e on e.phone_number_id = g.phone_number_id and e.group_id = g.group_id
                 where g.cust_space_id = $1 and g.phone_number_id = any($2)
                   and ($3::text is null or strpos(g.subject_folded, $3) > 0)
                 union all
                 select c.phone_number_id, null, c.unique_code, date_trunc('second', c.created_at), 'CREATING'
                 from changes c
                 where c.cust_space_id = $1 and c.phone_number_id = any($2) and c.operation = 'AddChatGroup'
                   and c.status in ('SENDING', 'PENDING') and c.group_id is null
                   and ($3::text is null or strpos(c.subject_folded, $3) > 0)
             ), matching as materialized (
                 select * from listed where status = $4 or $4::text is null and status <> 'INACTIVE'
             ), page as (
                 select * from matching order by made_at desc nulls last, group_id nulls first, unique_code desc
                 offset $5 limit $6
             )
             select t.total as "total!", p.phone_number_id as "phone_number_id?", p.group_id as "group_id?",
                    coalesce(g.subject, c.subject) as "subject?",
                    coalesce(g.description, c.request ->> 'Description') as "description?",
                    coalesce(g.join_approval_mode, c.request ->> 'JoinApprovalMode') as "join_approval_mode?",
                    p.status as "status?: GroupStatus", g.invite_link as "invite_link?",
                    g.total_participant_count as "total_participant_count?",
                    g.creation_timestamp as "creation_timestamp?",
                    coalesce(g.modified_at, c.created_at) as "modified_at?"
             from (select count(*) as total from matching) t
             left join page p on true
             left join groups g on g.cust_space_id = $1 and g.phone_number_id = p.phone_number_id
                               and g.group_id = p.group_id
             left join changes c on c.cust_space_id = $1 and c.unique_code = p.unique_code
             order by p.made_at desc nulls last, p.group_id nulls first, p.unique_code desc"#,
            self.cust_space_id,
            filter.phone_number_ids,
            filter.subject.map(|subject| folded(&storable(subject))),
            filter.status as Option<GroupStatus>,
            i64::try_from(filter.offset).unwrap_or(i64::MAX),
            i64::try_from(filter.limit).unwrap_or(i64::MAX),
        );
        let rows = rows.fetch_all(&mut *transaction).await?;
        let total = rows.first().map_or(0, |row| row.total.unsigned_abs());
        Ok(GroupList { total, groups: rows.into_iter().filter_map(summary).collect() })
    }
}

impl Space<'_> {
    /// One group, also an inactive one.
    pub async fn group_summary(&self, group_id: &str) -> Result<Option<GroupSummary>, StoreError> {
        let mut transaction = self.begin().await?;
        let group = sqlx::query_as!(
            GroupSummary,
            r#"select g.phone_number_id, g.group_id, g.subject, g.description, g.join_approval_mode,
                      case when g.lifecycle = 'INACTIVE' then 'INACTIVE' when g.suspended then 'SUSPENDED'
                           when e.deleting then 'DELETING' when not e.deleting then 'UPDATING'
                           else 'ACTIVE' end as "status!: GroupStatus",
                      g.invite_link, g.total_participant_count, g.creation_timestamp, g.modified_at
               from groups g,
                    lateral (select bool_or(operation = 'DeleteChatGroup') as deleting from changes c
                             where c.cust_space_id = $1 and c.phone_number_id = g.phone_number_id
                               and c.group_id = g.group_id and c.status in ('SENDING', 'PENDING')
                               and c.operation in ('DeleteChatGroup', 'UpdateChatGroup')) e
               where g.cust_space_id = $1 and g.group_id = $2
               order by g.lifecycle, g.modified_at desc limit 1"#,
            self.cust_space_id,
            &storable(group_id),
        );
        Ok(group.fetch_optional(&mut *transaction).await?)
    }
}

fn summary(row: Row) -> Option<GroupSummary> {
    Some(GroupSummary {
        phone_number_id: row.phone_number_id?,
        group_id: row.group_id,
        subject: row.subject,
        description: row.description,
        join_approval_mode: row.join_approval_mode,
        status: row.status?,
        invite_link: row.invite_link,
        total_participant_count: row.total_participant_count,
        creation_timestamp: row.creation_timestamp,
        modified_at: row.modified_at?,
    })
}
