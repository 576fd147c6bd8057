//! How the mirror learns: each field moves alone, by the instant it was told for.

use std::time::Duration;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{GroupLifecycle, GroupUpdate, LearnedLink, ListedGroup};
use crate::{
    Space, StoreError,
    text::{folded, storable, storable_option},
};

impl Space<'_> {
    /// Records what Meta's list of this number's groups says, also where it is only a part of the list. `as_of` is the
    /// instant before it was asked for, so that an event which came meanwhile wins. [`StoreError::Internal`] where the
    /// tenant has no such number.
    pub async fn record_listed_groups(
        &self,
        phone_number_id: &str,
        as_of: OffsetDateTime,
        groups: &[ListedGroup],
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        record_listed(&mut transaction, self.cust_space_id, &storable(phone_number_id), as_of, groups).await?;
        Ok(transaction.commit().await?)
    }

    /// Records invite links of groups that the mirror has; others are passed over.
    pub async fn record_invite_links(&self, links: &[LearnedLink]) -> Result<(), StoreError> {
        let column = |field: fn(&LearnedLink) -> &str| {
            links.iter().map(|link| storable(field(link)).into_owned()).collect::<Vec<_>>()
        };
        let invite_links: Vec<Option<String>> =
            links.iter().map(|link| storable_option(link.invite_link.as_deref())).collect();
        let learned: Vec<OffsetDateTime> = links.iter().map(|link| link.learned_at).collect();
        let mut transaction = self.begin().await?;
        sqlx::query!(
            "with learned as (
                 select distinct on (l.phone, l.id) l.*
                 from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[]) as l (phone, id, link, at)
                 order by l.phone, l.id, l.at desc
             )
             update groups g set invite_link = l.link, invite_link_at = l.at
             from learned l
             where g.cust_space_id = $1 and g.phone_number_id = l.phone and g.group_id = l.id
               and l.at >= coalesce(g.invite_link_at, '-infinity')",
            self.cust_space_id,
            &column(|link| &link.phone_number_id),
            &column(|link| &link.group_id),
            &invite_links as &[Option<String>],
            &learned,
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Records what is known of one group, making its row where there is none.
    pub async fn apply_group(&self, phone_number_id: &str, update: &GroupUpdate) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        apply(&mut transaction, self.cust_space_id, phone_number_id, update).await?;
        Ok(transaction.commit().await?)
    }
}

/// The instant for which a look at Meta counts as told. Webhooks have whole seconds, so what one says of the second in
/// which Meta was asked may be younger than the answer: the look counts as older than all of its second.
pub(crate) fn told_at(asked_at: OffsetDateTime) -> OffsetDateTime {
    asked_at.replace_nanosecond(0).unwrap_or(asked_at) - Duration::from_millis(1)
}

/// The merge of a list of [`Space::record_listed_groups`].
pub(crate) async fn record_listed(
    transaction: &mut PgConnection,
    cust_space_id: &str,
    phone_number_id: &str,
    asked_at: OffsetDateTime,
    groups: &[ListedGroup],
) -> Result<(), StoreError> {
    let ids: Vec<String> = groups.iter().map(|group| storable(&group.group_id).into_owned()).collect();
    let subjects: Vec<Option<String>> = groups.iter().map(|group| storable_option(group.subject.as_deref())).collect();
    let folded_subjects: Vec<Option<String>> = subjects.iter().map(|subject| subject.as_deref().map(folded)).collect();
    let created: Vec<Option<OffsetDateTime>> = groups.iter().map(|group| group.created_at).collect();
    sqlx::query!(
        "insert into groups as g (cust_space_id, phone_number_id, group_id, subject, subject_folded, subject_at,
                                  lifecycle_at, creation_timestamp)
         select distinct on (l.id) $1, $2, l.id, l.subject, l.folded,
                case when l.subject is not null then $3::timestamptz end, $3, l.created
         from unnest($4::text[], $5::text[], $6::text[], $7::timestamptz[]) as l (id, subject, folded, created)
         order by l.id
         on conflict (cust_space_id, phone_number_id, group_id) do update set
             subject = case when excluded.subject_at >= coalesce(g.subject_at, '-infinity')
                            then excluded.subject else g.subject end,
             subject_folded = case when excluded.subject_at >= coalesce(g.subject_at, '-infinity')
                                   then excluded.subject_folded else g.subject_folded end,
             subject_at = greatest(g.subject_at, excluded.subject_at),
             lifecycle = case when excluded.lifecycle_at > coalesce(g.lifecycle_at, '-infinity')
                              then 'ACTIVE' else g.lifecycle end,
             lifecycle_at = greatest(g.lifecycle_at, excluded.lifecycle_at),
             creation_timestamp = coalesce(g.creation_timestamp, excluded.creation_timestamp)",
        cust_space_id,
        phone_number_id,
        told_at(asked_at),
        &ids,
        &subjects as &[Option<String>],
        &folded_subjects as &[Option<String>],
        &created as &[Option<OffsetDateTime>],
    )
    .execute(transaction)
    .await?;
    Ok(())
}

/// The field-wise merge of [`Space::apply_group`]. Each field moves alone, by the instant it was told for, so that events end
/// in the same state in whatever order they come.
///
/// Webhooks have whole seconds: of two that tell different things for the same one, nobody knows which is the later. The
/// greater stands, whichever came first, and the group is looked up anew when that second is over. An invite link is not:
/// a look does not tell it, and of events only the making does, before which there was none. What the making tells is older
/// than all else of its second, also than a look ([`told_at`]).
///
/// Participants are counted from the last full count on. A full count in which an event that was told may be or not be
/// is not believed, and an event that may be or not be in the full count ends it, as does one that would leave fewer than
/// none: others must have come before it. Then the group is looked up anew.
pub(crate) async fn apply(
    transaction: &mut PgConnection,
    cust_space_id: &str,
    phone_number_id: &str,
    update: &GroupUpdate,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"with happened as (select coalesce($4::timestamptz, now()) as at),
              told as (select at, case when at = $13::timestamptz then at - interval '2 milliseconds' else at end as since
                       from happened)
         insert into groups as g (
             cust_space_id, phone_number_id, group_id, subject, subject_folded, subject_at, description, description_at,
             join_approval_mode, join_approval_mode_at, lifecycle, lifecycle_at, suspended, suspended_at,
             invite_link, invite_link_at, total_participant_count, participants_at, participants_event_at,
             creation_timestamp, last_event_at, details_due)
         select $1, $2, $3, $5::text, $14::text, case when $5::text is not null then since end,
                $6::text, case when $6::text is not null then since end,
                $7::text, case when $7::text is not null then since end,
                coalesce($8::text, 'ACTIVE'), case when $8::text is not null then at end,
                coalesce($9::boolean, false), case when $9::boolean is not null then since end,
                $10::text, case when $10::text is not null then since end,
                $11::integer, case when $11::integer is not null then at end,
                case when $12::integer <> 0 then at end, $13::timestamptz, at,
                case when num_nulls($5::text, $6::text, $7::text, $11::integer, $13::timestamptz) > 0 then now() end
         from told
         on conflict (cust_space_id, phone_number_id, group_id) do update set
             subject = case when (excluded.subject_at, excluded.subject collate "C")
                                 >= (coalesce(g.subject_at, '-infinity'), coalesce(g.subject, '') collate "C")
                            then excluded.subject else g.subject end,
             subject_folded = case when (excluded.subject_at, excluded.subject collate "C")
                                        >= (coalesce(g.subject_at, '-infinity'), coalesce(g.subject, '') collate "C")
                                   then excluded.subject_folded else g.subject_folded end,
             subject_at = greatest(g.subject_at, excluded.subject_at),
             description = case when (excluded.description_at, excluded.description collate "C")
                                     >= (coalesce(g.description_at, '-infinity'), coalesce(g.description, '') collate "C")
                                then excluded.description else g.description end,
             description_at = greatest(g.description_at, excluded.description_at),
             join_approval_mode = case when (excluded.join_approval_mode_at, excluded.join_approval_mode collate "C")
                                            >= (coalesce(g.join_approval_mode_at, '-infinity'),
                                                coalesce(g.join_approval_mode, '') collate "C")
                                       then excluded.join_approval_mode else g.join_approval_mode end,
             join_approval_mode_at = greatest(g.join_approval_mode_at, excluded.join_approval_mode_at),
             -- Of two that were told for the same second the end is the later one.
             lifecycle = case when excluded.lifecycle_at > coalesce(g.lifecycle_at, '-infinity')
                                or excluded.lifecycle_at = g.lifecycle_at and excluded.lifecycle = 'INACTIVE'
                              then excluded.lifecycle else g.lifecycle end,
             lifecycle_at = greatest(g.lifecycle_at, excluded.lifecycle_at),
             suspended = case when (excluded.suspended_at, excluded.suspended)
                                   >= (coalesce(g.suspended_at, '-infinity'), g.suspended)
                              then excluded.suspended else g.suspended end,
             suspended_at = greatest(g.suspended_at, excluded.suspended_at),
             invite_link = case when (excluded.invite_link_at, excluded.invite_link collate "C")
                                     >= (coalesce(g.invite_link_at, '-infinity'), coalesce(g.invite_link, '') collate "C")
                                then excluded.invite_link else g.invite_link end,
             invite_link_at = greatest(g.invite_link_at, excluded.invite_link_at),
             total_participant_count = case
                 when excluded.participants_at < g.participants_at then g.total_participant_count
                 when excluded.participants_at <= g.participants_event_at then null
                 when excluded.participants_at is not null then excluded.total_participant_count
                 when g.total_participant_count is null or excluded.participants_event_at is null
                      or excluded.participants_event_at < g.participants_at then g.total_participant_count
                 when uncertain(g.participants_at, excluded.participants_event_at)
                      or g.total_participant_count + $12::integer < 0 then null
                 else g.total_participant_count + $12::integer end,
             details_due = greatest(
                 g.details_due,
                 case when excluded.participants_at >= coalesce(g.participants_at, '-infinity')
                           and excluded.participants_at <= g.participants_event_at
                        or excluded.participants_event_at >= g.participants_at
                           and (uncertain(g.participants_at, excluded.participants_event_at)
                                or g.total_participant_count + $12::integer < 0)
                      then now() end,
                 case when excluded.subject_at = g.subject_at and excluded.subject <> g.subject
                        or excluded.description_at = g.description_at and excluded.description <> g.description
                        or excluded.join_approval_mode_at = g.join_approval_mode_at
                           and excluded.join_approval_mode <> g.join_approval_mode
                        or excluded.suspended_at = g.suspended_at and excluded.suspended <> g.suspended
                      then greatest(now(), excluded.last_event_at + interval '1 second') end),
             participants_at = greatest(g.participants_at, excluded.participants_at),
             participants_event_at = greatest(g.participants_event_at, excluded.participants_event_at),
             creation_timestamp = coalesce(g.creation_timestamp, excluded.creation_timestamp),
             last_event_at = greatest(g.last_event_at, excluded.last_event_at)"#,
        cust_space_id,
        &storable(phone_number_id),
        &storable(&update.group_id),
        update.occurred_at,
        storable_option(update.subject.as_deref()),
        storable_option(update.description.as_deref()),
        storable_option(update.join_approval_mode.as_deref()),
        update.lifecycle as Option<GroupLifecycle>,
        update.suspended,
        storable_option(update.invite_link.as_deref()),
        update.total_participant_count,
        update.participants_delta,
        update.creation_timestamp,
        update.subject.as_deref().map(|subject| folded(&storable(subject))),
    )
    .execute(transaction)
    .await?;
    Ok(())
}
