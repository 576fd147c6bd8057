//! How a call that held a key ended. Whoever held it and lost it to a later call changes nothing of that call's, but for
//! an answer that says what was done.

use super::{HeldKey, StoredAnswer};
use crate::{Space, StoreError, UniqueCode};

/// The HTTP status of an answer that says what was done.
const DONE: u16 = 200;

impl Space<'_> {
    /// Keeps an answer: the key's later calls get the same. An answer that comes when the key was given up already is
    /// kept all the same: it is what became of it. So is one that says what was done while a later call holds the key: that
    /// call sends nothing under the same code. `false` where a later call holds the key otherwise, or has answered it.
    pub async fn answer_key(&self, held: &HeldKey, answer: &StoredAnswer) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let kept = sqlx::query!(
            "update idempotency_keys
             set state = 'answered', claim = null, owner = null, running_until = null,
                 code = $6, http_status = $7, answer = $8::text::json, request_id = $9
             where cust_space_id = $1 and operation = $2 and key = $3 and unique_code = $5
               and (claim = $4 or state = 'open' or state = 'running' and $10)",
            self.cust_space_id,
            held.operation,
            held.key,
            held.claim,
            held.unique_code as UniqueCode,
            answer.code,
            i32::from(answer.http_status),
            answer.body,
            answer.request_id,
            answer.http_status == DONE,
        );
        let kept = kept.execute(&mut *transaction).await?.rows_affected() > 0;
        transaction.commit().await?;
        Ok(kept)
    }

    /// Leaves the key without an end: what was asked for may have been done. `false` where it is a later call's.
    pub async fn open_key(&self, held: &HeldKey) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let opened = sqlx::query!(
            "update idempotency_keys set state = 'open', claim = null, owner = null, running_until = null
             where cust_space_id = $1 and operation = $2 and key = $3 and claim = $4",
            self.cust_space_id,
            held.operation,
            held.key,
            held.claim,
        );
        let opened = opened.execute(&mut *transaction).await?.rows_affected() > 0;
        transaction.commit().await?;
        Ok(opened)
    }

    /// Gives the key back, as if it had never been used: nothing was done. `false` where it is a later call's.
    pub async fn release_key(&self, held: &HeldKey) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let released = sqlx::query!(
            "delete from idempotency_keys
             where cust_space_id = $1 and operation = $2 and key = $3 and claim = $4",
            self.cust_space_id,
            held.operation,
            held.key,
            held.claim,
        );
        let released = released.execute(&mut *transaction).await?.rows_affected() > 0;
        transaction.commit().await?;
        Ok(released)
    }
}
