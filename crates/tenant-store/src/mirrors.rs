//! When a number's groups, and what is recorded of the number, are compared with Meta's word, and who is at it.
//!
//! One replica at a time holds a number's claim, and renews its lease before each call to Meta; one that died loses it
//! when the lease ends.

use std::time::Duration;

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Actor, GroupUpdate, ListedGroup, Space, Store, StoreError, across_tenants,
    audit::Action,
    groups::{self, told_at},
    text::{storable, storable_option},
};

/// How long a claim holds without being renewed. Longer than a call to Meta may take.
pub(crate) const LEASE: Duration = Duration::from_mins(1);

/// A number that this replica, and no other, compares with Meta's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorClaim {
    /// Whose number it is.
    pub cust_space_id: String,
    /// Meta's ID of the number.
    pub phone_number_id: String,
    /// Tells this claim from a later one.
    pub claim: Uuid,
}

/// What is to be asked of Meta next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MirrorWork {
    /// The list of the number's groups.
    List,
    /// The number itself.
    Number,
    /// A group of which not everything is known.
    Group(String),
}

/// What Meta says of a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberRecord {
    /// The name that Meta verified.
    pub verified_name: Option<String>,
    /// Meta's word for its quality, such as `GREEN`.
    pub quality_rating: Option<String>,
    /// Meta's word for where it stands, such as `LINKED`.
    pub status: Option<String>,
    /// Whether it is an Official Business Account.
    pub official_business_account: Option<bool>,
    /// Whether it may have groups.
    pub groups_eligible: Option<bool>,
    /// Why not.
    pub groups_ineligible_reason: Option<String>,
}

/// How a number's mirror stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorState {
    /// Meta's ID of the number.
    pub phone_number_id: String,
    /// When its list of groups was last compared; `None` for never.
    pub listed_at: Option<OffsetDateTime>,
    /// When it is compared next.
    pub list_due: OffsetDateTime,
    /// Why the last try failed; `None` where it did not.
    pub failure: Option<String>,
    /// How many of its groups have details that are not known yet.
    pub unknown_details: i64,
}

impl Store {
    /// Claims up to `limit` numbers of active tenants of which something is due to be compared.
    pub async fn claim_mirrors(&self, limit: i64) -> Result<Vec<MirrorClaim>, StoreError> {
        across_tenants::claim_mirrors(self.pool(), LEASE, limit).await
    }
}

impl Space<'_> {
    /// Asks for the groups of a number, or of all the tenant's numbers, to be compared with Meta's list now. A gateway
    /// that runs begins within a second. Returns how many numbers that are; [`Space::mirrors`] says when it is done.
    pub async fn request_reconciliation(
        &self,
        phone_number_id: Option<&str>,
        actor: &Actor,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let asked = sqlx::query!(
            "update mirrors set list_due = now(), claimed_until = case when claim is not null then claimed_until end
             where cust_space_id = $1 and ($2::text is null or phone_number_id = $2)",
            self.cust_space_id,
            storable_option(phone_number_id),
        );
        let asked = asked.execute(&mut *transaction).await?.rows_affected();
        notify(&mut transaction).await?;
        let object =
            phone_number_id.map_or_else(|| "groups".to_owned(), |id| format!("groups of phone number ID {id}"));
        let action = Action { name: "groups.reconcile", object: &object, before: None, after: None };
        self.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(asked)
    }

    /// Asks for what is recorded of the tenant's numbers to be looked up at Meta, where that is older than `age`.
    pub async fn request_number_records(&self, age: Duration) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let asked = sqlx::query!(
            "update mirrors set record_due = now()
             where cust_space_id = $1 and record_due > now() and recorded_at < now() - make_interval(secs => $2)",
            self.cust_space_id,
            age.as_secs_f64(),
        );
        let asked = asked.execute(&mut *transaction).await?.rows_affected();
        if asked > 0 {
            notify(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(asked)
    }

    /// How the mirrors of the tenant's numbers stand, in the order of Meta's IDs.
    pub async fn mirrors(&self) -> Result<Vec<MirrorState>, StoreError> {
        let mut transaction = self.begin().await?;
        let mirrors = sqlx::query_as!(
            MirrorState,
            r#"select m.phone_number_id, m.listed_at, m.list_due, m.failure,
                      (select count(*) from groups g
                       where g.cust_space_id = m.cust_space_id and g.phone_number_id = m.phone_number_id
                         and g.details_due is not null and g.lifecycle = 'ACTIVE') as "unknown_details!"
               from mirrors m where m.cust_space_id = $1 order by m.phone_number_id"#,
            self.cust_space_id,
        );
        Ok(mirrors.fetch_all(&mut *transaction).await?)
    }

    /// Renews the claim's lease. `false` where the claim is another's by now: whoever gets that stops.
    pub async fn renew_mirror_claim(&self, claim: &MirrorClaim) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let renewed = sqlx::query!(
            "update mirrors set claimed_until = now() + make_interval(secs => $4)
             where cust_space_id = $1 and phone_number_id = $2 and claim = $3",
            self.cust_space_id,
            claim.phone_number_id,
            claim.claim,
            LEASE.as_secs_f64(),
        );
        let renewed = renewed.execute(&mut *transaction).await?.rows_affected() > 0;
        transaction.commit().await?;
        Ok(renewed)
    }

    /// What is due of a claimed number, the most important first; renews the claim. `None` where nothing is, or where
    /// the claim is another's by now.
    pub async fn next_mirror_work(&self, claim: &MirrorClaim) -> Result<Option<MirrorWork>, StoreError> {
        let mut transaction = self.begin().await?;
        let due = sqlx::query!(
            r#"update mirrors m set claimed_until = now() + make_interval(secs => $4)
               where m.cust_space_id = $1 and m.phone_number_id = $2 and m.claim = $3
               returning m.list_due <= now() as "list!", m.record_due <= now() as "record!",
                         (select g.group_id from groups g
                          where g.cust_space_id = m.cust_space_id and g.phone_number_id = m.phone_number_id
                            and g.details_due <= now() and g.lifecycle = 'ACTIVE'
                          order by g.details_due limit 1) as group_id"#,
            self.cust_space_id,
            claim.phone_number_id,
            claim.claim,
            LEASE.as_secs_f64(),
        );
        let Some(due) = due.fetch_optional(&mut *transaction).await? else { return Ok(None) };
        transaction.commit().await?;
        Ok(match due {
            due if due.record => Some(MirrorWork::Number),
            due if due.list => Some(MirrorWork::List),
            due => due.group_id.map(MirrorWork::Group),
        })
    }

    /// Gives a claimed number back. Nobody takes it up again before `pause` is over.
    pub async fn release_mirror(
        &self,
        claim: &MirrorClaim,
        pause: Duration,
        failure: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query!(
            "update mirrors set claim = null, claimed_until = now() + make_interval(secs => $4),
                                failure = coalesce($5, failure)
             where cust_space_id = $1 and phone_number_id = $2 and claim = $3",
            self.cust_space_id,
            claim.phone_number_id,
            claim.claim,
            pause.as_secs_f64(),
            storable_option(failure),
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Records a complete list of the number's groups, asked for at `asked_at`: what it has is there, and what it no
    /// longer has is inactive, unless something was told of it since. The next comparison is due after `next`.
    pub async fn record_complete_list(
        &self,
        phone_number_id: &str,
        asked_at: OffsetDateTime,
        groups: &[ListedGroup],
        next: Duration,
    ) -> Result<(), StoreError> {
        let phone_number_id = storable(phone_number_id);
        let mut transaction = self.begin().await?;
        groups::record_listed(&mut transaction, self.cust_space_id, &phone_number_id, asked_at, groups).await?;
        let ids: Vec<String> = groups.iter().map(|group| storable(&group.group_id).into_owned()).collect();
        sqlx::query!(
            "update groups g set lifecycle = 'INACTIVE', lifecycle_at = $3
             where g.cust_space_id = $1 and g.phone_number_id = $2 and g.lifecycle = 'ACTIVE'
               and coalesce(greatest(g.lifecycle_at, g.last_event_at, g.creation_timestamp), '-infinity') < $3
               and not exists (select 1 from unnest($4::text[]) as l (id) where l.id = g.group_id)",
            self.cust_space_id,
            &phone_number_id,
            told_at(asked_at),
            &ids,
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "update mirrors
             set listed_at = $3, list_due = now() + make_interval(secs => $4), failure = null, groups = $5
             where cust_space_id = $1 and phone_number_id = $2 and list_due <= now()",
            self.cust_space_id,
            &phone_number_id,
            asked_at,
            next.as_secs_f64(),
            i32::try_from(groups.len()).unwrap_or(i32::MAX),
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Records that a list was not complete, and why: nothing follows from it, and it is due again after `pause`.
    pub async fn postpone_list(&self, phone_number_id: &str, pause: Duration, failure: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query!(
            "update mirrors set list_due = now() + make_interval(secs => $3), failure = $4
             where cust_space_id = $1 and phone_number_id = $2",
            self.cust_space_id,
            &storable(phone_number_id),
            pause.as_secs_f64(),
            &storable(failure),
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Records what Meta says of a number. It is due to be asked again after `next`.
    pub async fn record_number(
        &self,
        phone_number_id: &str,
        record: &NumberRecord,
        next: Duration,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        // Only where something changed: each change of a number is told to all replicas.
        sqlx::query!(
            "update business_numbers
             set verified_name = $3, quality_rating = $4, status = $5, official_business_account = $6,
                 groups_eligible = $7, groups_ineligible_reason = $8
             where cust_space_id = $1 and phone_number_id = $2
               and (verified_name, quality_rating, status, official_business_account, groups_eligible,
                    groups_ineligible_reason) is distinct from ($3, $4, $5, $6, $7, $8)",
            self.cust_space_id,
            &storable(phone_number_id),
            storable_option(record.verified_name.as_deref()),
            storable_option(record.quality_rating.as_deref()),
            storable_option(record.status.as_deref()),
            record.official_business_account,
            record.groups_eligible,
            storable_option(record.groups_ineligible_reason.as_deref()),
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "update mirrors set recorded_at = now(), record_due = now() + make_interval(secs => $3)
             where cust_space_id = $1 and phone_number_id = $2",
            self.cust_space_id,
            &storable(phone_number_id),
            next.as_secs_f64(),
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Records what Meta says of one group, asked at `asked_at`; `None` where Meta does not know it. Either way it is
    /// not asked again, unless something has been told since that makes it necessary.
    pub async fn record_group_details(
        &self,
        phone_number_id: &str,
        group_id: &str,
        asked_at: OffsetDateTime,
        details: Option<GroupUpdate>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query!(
            "update groups set details_due = null
             where cust_space_id = $1 and phone_number_id = $2 and group_id = $3 and details_due <= $4",
            self.cust_space_id,
            &storable(phone_number_id),
            &storable(group_id),
            asked_at,
        )
        .execute(&mut *transaction)
        .await?;
        if let Some(details) = details {
            let told = GroupUpdate { occurred_at: Some(told_at(asked_at)), ..details };
            groups::apply(&mut transaction, self.cust_space_id, phone_number_id, &told).await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// Tells gateways that something is due.
async fn notify(transaction: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("select pg_notify('groupgate_mirrors', '')").execute(transaction).await?;
    Ok(())
}
