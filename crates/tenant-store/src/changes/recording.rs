//! The record of a change, from before the upstream call to its end.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Change, ChangeStatus, NewChange, Outcome, StaleChange, UniqueCode, settings, settling};
use crate::{
    Space, Store, StoreError, across_tenants,
    text::{folded, request_key, storable, storable_option},
};

/// How many abandoned changes one round of [`Store::settle_abandoned`] looks at.
const ABANDONED_BATCH: i64 = 100;

impl Space<'_> {
    /// Commits the record of a change, `SENDING`, before the upstream is called.
    pub async fn begin_change(&self, new: &NewChange) -> Result<UniqueCode, StoreError> {
        let unique_code = UniqueCode::new();
        self.begin_change_as(unique_code, new).await?;
        Ok(unique_code)
    }

    /// The same under a code that is given, for records that must be found under a known one.
    /// [`StoreError::Conflict`] where it is taken.
    pub async fn begin_change_as(&self, unique_code: UniqueCode, new: &NewChange) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query!(
            "insert into changes (unique_code, cust_space_id, operation, business_number, phone_number_id, group_id,
                                  subject, subject_folded, request, settings, answer_due, trace)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::json, $10, now() + make_interval(secs => $11), $12)",
            unique_code as UniqueCode,
            self.cust_space_id,
            new.operation,
            &storable(&new.business_number),
            &storable(&new.phone_number_id),
            storable_option(new.group_id.as_deref()),
            storable_option(new.subject.as_deref()),
            new.subject.as_deref().map(|subject| folded(&storable(subject))),
            new.request.to_string(),
            settings::asked(new),
            new.answer_due.as_secs_f64(),
            new.trace,
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Whether a create of this tenant is known to have made the group.
    pub async fn has_created(&self, phone_number_id: &str, group_id: &str) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        self.is_created(&mut transaction, phone_number_id, group_id).await
    }

    async fn is_created(
        &self,
        transaction: &mut PgConnection,
        phone_number_id: &str,
        group_id: &str,
    ) -> Result<bool, StoreError> {
        let created = sqlx::query_scalar!(
            r#"select exists (select 1 from changes
                              where cust_space_id = $1 and phone_number_id = $2 and group_id = $3
                                and operation = 'AddChatGroup') as "created!""#,
            self.cust_space_id,
            &storable(phone_number_id),
            &storable(group_id),
        );
        Ok(created.fetch_one(transaction).await?)
    }

    /// Records that the upstream took the change (`PENDING`), and settles it where its event came first.
    /// `request_id` is Meta's, where its answer had one.
    pub async fn record_answer(&self, unique_code: UniqueCode, request_id: Option<&str>) -> Result<Change, StoreError> {
        let request_id = request_id.map(request_key);
        let mut transaction = self.begin().await?;
        let sent = self.existing_change(&mut transaction, unique_code).await?;
        settling::lock(&mut transaction, settling::keys_of(self.cust_space_id, &sent, request_id.as_deref())).await?;
        sqlx::query!(
            "update changes set request_id = coalesce($3, request_id),
                                status = case status when 'SENDING' then 'PENDING' else status end
             where cust_space_id = $1 and unique_code = $2",
            self.cust_space_id,
            unique_code as UniqueCode,
            request_id.as_deref(),
        )
        .execute(&mut *transaction)
        .await?;
        let answered = self.existing_change(&mut transaction, unique_code).await?;
        settling::settle_from_inbox(&mut transaction, self.cust_space_id, &answered).await?;
        let change = self.existing_change(&mut transaction, unique_code).await?;
        transaction.commit().await?;
        Ok(change)
    }

    /// Records that the upstream refused the change; `errors` is kept for `QueryChatGroupRequest`.
    pub async fn fail_change(&self, unique_code: UniqueCode, errors: &serde_json::Value) -> Result<Change, StoreError> {
        self.settle_change(unique_code, &Outcome::failed(errors.clone())).await
    }

    /// Settles the change. One that is settled already stays as it is (but `UNKNOWN` gives way); returned is what stands.
    /// So does a create where another create was meanwhile found to have made the group: creates of one number and
    /// subject are settled one after the other.
    pub async fn settle_change(&self, unique_code: UniqueCode, outcome: &Outcome) -> Result<Change, StoreError> {
        let mut transaction = self.begin().await?;
        let open = self.existing_change(&mut transaction, unique_code).await?;
        let keys = settling::keys_of(self.cust_space_id, &open, open.request_id.as_deref());
        settling::lock(&mut transaction, keys).await?;
        if !self.is_anothers(&mut transaction, &open, outcome).await? {
            settling::settle(&mut transaction, self.cust_space_id, unique_code, outcome).await?;
        }
        let change = self.existing_change(&mut transaction, unique_code).await?;
        transaction.commit().await?;
        Ok(change)
    }

    /// Whether the outcome gives a create the group that another one has made.
    async fn is_anothers(
        &self,
        transaction: &mut PgConnection,
        open: &Change,
        outcome: &Outcome,
    ) -> Result<bool, StoreError> {
        match &outcome.group_id {
            Some(group_id) if open.group_id.is_none() => {
                self.is_created(transaction, &open.phone_number_id, group_id).await
            }
            _ => Ok(false),
        }
    }

    /// Has nobody look up what became of the change before `pause` is over, so that others get their turn.
    pub async fn put_off_change(&self, unique_code: UniqueCode, pause: Duration) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query!(
            "update changes set claimed_until = now() + make_interval(secs => $3)
             where cust_space_id = $1 and unique_code = $2",
            self.cust_space_id,
            unique_code as UniqueCode,
            pause.as_secs_f64(),
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// The record of a change; `None` where this tenant has none of this code.
    pub async fn change(&self, unique_code: UniqueCode) -> Result<Option<Change>, StoreError> {
        let mut transaction = self.begin().await?;
        select(&mut transaction, self.cust_space_id, unique_code).await
    }

    /// Gives up waiting for the answer to a change that is still `SENDING`, and settles it where its event has come. It
    /// is never sent again; its event, when it comes, settles it as soon as it is looked for. Returns how it then stands,
    /// or `None` where this tenant has none of this code.
    pub async fn abandon_change(&self, unique_code: UniqueCode) -> Result<Option<Change>, StoreError> {
        let mut transaction = self.begin().await?;
        let Some(seen) = select(&mut transaction, self.cust_space_id, unique_code).await? else { return Ok(None) };
        let keys = settling::keys_of(self.cust_space_id, &seen, seen.request_id.as_deref());
        settling::lock(&mut transaction, keys).await?;
        sqlx::query!(
            "update changes set answer_due = least(answer_due, now())
             where cust_space_id = $1 and unique_code = $2 and status = 'SENDING'",
            self.cust_space_id,
            unique_code as UniqueCode,
        )
        .execute(&mut *transaction)
        .await?;
        let change = self.existing_change(&mut transaction, unique_code).await?;
        let is_unanswered = matches!(change.status, ChangeStatus::Sending | ChangeStatus::Unknown);
        if is_unanswered && change.request_id.is_none() && !self.is_like_sent(&mut transaction, &change).await? {
            settling::settle_from_inbox(&mut transaction, self.cust_space_id, &change).await?;
        }
        let change = self.existing_change(&mut transaction, unique_code).await?;
        transaction.commit().await?;
        Ok(Some(change))
    }

    /// Whether a like change is being sent now: an event without its request ID in our records may be that one's.
    async fn is_like_sent(&self, transaction: &mut PgConnection, change: &Change) -> Result<bool, StoreError> {
        let sent = sqlx::query_scalar!(
            r#"select exists (select 1 from changes
                              where cust_space_id = $1 and status = 'SENDING' and answer_due > now() and operation = $2
                                and unique_code <> $3
                                and (group_id = $4 or group_id is null and $4::text is null
                                                      and phone_number_id = $5 and subject = $6)) as "sent!""#,
            self.cust_space_id,
            change.operation,
            change.unique_code as UniqueCode,
            change.group_id,
            change.phone_number_id,
            change.subject,
        );
        Ok(sent.fetch_one(transaction).await?)
    }

    async fn existing_change(
        &self,
        transaction: &mut PgConnection,
        unique_code: UniqueCode,
    ) -> Result<Change, StoreError> {
        select(transaction, self.cust_space_id, unique_code).await?.ok_or(StoreError::NotFound { what: "change" })
    }

    async fn settle_abandoned_change(&self, unique_code: UniqueCode) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let seen = self.existing_change(&mut transaction, unique_code).await?;
        settling::lock(&mut transaction, settling::keys_of(self.cust_space_id, &seen, None)).await?;
        let change = self.existing_change(&mut transaction, unique_code).await?;
        // Its answer may have been recorded meanwhile: then the request ID decides, not a likeness.
        if change.request_id.is_some() || change.status == ChangeStatus::Pending {
            return Ok(false);
        }
        let settled = settling::settle_from_inbox(&mut transaction, self.cust_space_id, &change).await?;
        transaction.commit().await?;
        Ok(settled)
    }
}

impl Store {
    /// Which of these changes are settled: for calls of any tenant that wait for their own.
    pub async fn settled_changes(&self, codes: &[UniqueCode]) -> Result<Vec<UniqueCode>, StoreError> {
        let codes: Vec<Uuid> = codes.iter().map(|code| code.0).collect();
        across_tenants::settled_changes(self.pool(), &codes).await
    }

    /// Claims up to `limit` changes that are open for longer than `older_than`, of all tenants. Whoever claims one has
    /// a minute for looking it up before another replica may.
    pub async fn stale_changes(&self, older_than: Duration, limit: i64) -> Result<Vec<StaleChange>, StoreError> {
        let mut stale = Vec::new();
        for (cust_space_id, unique_code) in across_tenants::claim_stale_changes(self.pool(), older_than, limit).await? {
            if let Some(change) = self.space(&cust_space_id).change(unique_code).await? {
                stale.push(StaleChange { cust_space_id, change });
            }
        }
        Ok(stale)
    }

    /// Settles changes whose answer never was recorded, and is overdue, from events that matched nothing. Returns how many.
    pub async fn settle_abandoned(&self) -> Result<u64, StoreError> {
        let mut settled = 0;
        for (cust_space_id, unique_code) in across_tenants::abandoned_changes(self.pool(), ABANDONED_BATCH).await? {
            match self.space(&cust_space_id).settle_abandoned_change(unique_code).await {
                Ok(done) => settled += u64::from(done),
                Err(unavailable @ StoreError::Unavailable(_)) => return Err(unavailable),
                // One that fails holds up no other.
                Err(error) => {
                    tracing::warn!(%unique_code, cust_space_id, %error, "an abandoned change cannot be settled");
                }
            }
        }
        Ok(settled)
    }
}

pub(super) async fn select(
    transaction: &mut PgConnection,
    cust_space_id: &str,
    unique_code: UniqueCode,
) -> Result<Option<Change>, StoreError> {
    let change = sqlx::query_as!(
        Change,
        r#"select unique_code as "unique_code: UniqueCode", operation, business_number, phone_number_id, group_id,
                  subject, request, request_id, status as "status: ChangeStatus", invite_link, failed, fields, errors,
                  created_at, settled_at
           from changes where cust_space_id = $1 and unique_code = $2"#,
        cust_space_id,
        unique_code as UniqueCode,
    );
    Ok(change.fetch_optional(transaction).await?)
}
