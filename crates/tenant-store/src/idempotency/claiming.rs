//! Claiming a key: of any number of calls at once, on any replica, one gets it.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Claim, HeldKey, NewKey, Owner, StoredAnswer};
use crate::{Space, StoreError, UniqueCode};

/// How often a key is looked for that goes away between two looks.
const TRIES: usize = 3;

/// A row as it was found.
struct Found {
    fingerprint: Vec<u8>,
    state: State,
    owner: Option<i64>,
    is_late: bool,
    is_expired: bool,
    unique_code: UniqueCode,
    code: Option<String>,
    http_status: Option<i32>,
    body: Option<String>,
    request_id: Option<Uuid>,
}

#[derive(Clone, Copy, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
enum State {
    Running,
    Answered,
    Open,
}

impl Space<'_> {
    /// Claims a key for a call that is about to be made: the row is committed when this returns.
    pub async fn claim_key(&self, new: &NewKey<'_>) -> Result<Claim, StoreError> {
        let mut transaction = self.begin().await?;
        let claim = self.claim_within(&mut transaction, new).await?;
        transaction.commit().await?;
        Ok(claim)
    }

    async fn claim_within(&self, transaction: &mut PgConnection, new: &NewKey<'_>) -> Result<Claim, StoreError> {
        for _ in 0..TRIES {
            if let Some(held) = self.insert_key(transaction, new).await? {
                return Ok(Claim::New(held));
            }
            if let Some(found) = self.lock_key(transaction, new).await? {
                return self.claim_found(transaction, new, found).await;
            }
            // Whoever had it gave it back in between.
        }
        Ok(Claim::Running)
    }

    async fn claim_found(
        &self,
        transaction: &mut PgConnection,
        new: &NewKey<'_>,
        found: Found,
    ) -> Result<Claim, StoreError> {
        if found.is_expired {
            self.delete_key(transaction, new).await?;
            return Ok(self.insert_key(transaction, new).await?.map_or(Claim::Running, Claim::New));
        }
        if found.fingerprint != new.fingerprint {
            return Ok(Claim::Mismatch);
        }
        match found.state {
            State::Answered => found.answer().map(Claim::Answered),
            State::Running if self.is_running(transaction, &found).await? => Ok(Claim::Running),
            State::Running | State::Open => {
                let held = HeldKey::claimed(new, found.unique_code);
                self.take_over(transaction, new, &held).await?;
                Ok(Claim::Open(held))
            }
        }
    }

    async fn insert_key(
        &self,
        transaction: &mut PgConnection,
        new: &NewKey<'_>,
    ) -> Result<Option<HeldKey>, StoreError> {
        let held = HeldKey::claimed(new, new.unique_code);
        let inserted = sqlx::query!(
            "insert into idempotency_keys (cust_space_id, operation, key, fingerprint, state, claim, owner,
                                           running_until, unique_code)
             values ($1, $2, $3, $4, 'running', $5, $6, now() + make_interval(secs => $7), $8)
             on conflict do nothing",
            self.cust_space_id,
            new.operation,
            new.key,
            new.fingerprint.as_slice(),
            held.claim,
            self.store.owner().0,
            new.lease.as_secs_f64(),
            held.unique_code as UniqueCode,
        );
        let inserted = inserted.execute(transaction).await?.rows_affected() > 0;
        Ok(inserted.then_some(held))
    }

    async fn lock_key(&self, transaction: &mut PgConnection, new: &NewKey<'_>) -> Result<Option<Found>, StoreError> {
        let found = sqlx::query_as!(
            Found,
            r#"select fingerprint, state as "state: State", owner, coalesce(running_until < now(), false) as "is_late!",
                      created_at < now() - interval '24 hours' as "is_expired!",
                      unique_code as "unique_code: UniqueCode", code, http_status, answer::text as body, request_id
               from idempotency_keys where cust_space_id = $1 and operation = $2 and key = $3 for update"#,
            self.cust_space_id,
            new.operation,
            new.key,
        );
        Ok(found.fetch_optional(transaction).await?)
    }

    async fn take_over(
        &self,
        transaction: &mut PgConnection,
        new: &NewKey<'_>,
        held: &HeldKey,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "update idempotency_keys
             set state = 'running', claim = $4, owner = $5, running_until = now() + make_interval(secs => $6)
             where cust_space_id = $1 and operation = $2 and key = $3",
            self.cust_space_id,
            new.operation,
            new.key,
            held.claim,
            self.store.owner().0,
            new.lease.as_secs_f64(),
        )
        .execute(transaction)
        .await?;
        Ok(())
    }

    /// Says that the call under a key still runs, for so long again. `false` where it is a later call's.
    pub async fn prolong_key(&self, held: &HeldKey, lease: Duration) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let prolonged = sqlx::query!(
            "update idempotency_keys set running_until = now() + make_interval(secs => $5)
             where cust_space_id = $1 and operation = $2 and key = $3 and claim = $4",
            self.cust_space_id,
            held.operation,
            held.key,
            held.claim,
            lease.as_secs_f64(),
        );
        let prolonged = prolonged.execute(&mut *transaction).await?.rows_affected() > 0;
        transaction.commit().await?;
        Ok(prolonged)
    }

    /// Makes a held key as good as new: what was begun under its code did nothing, and what is begun next is found by this
    /// one. `false` where it is a later call's.
    pub async fn renew_key(&self, held: &mut HeldKey, unique_code: UniqueCode) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let updated = sqlx::query!(
            "update idempotency_keys set unique_code = $5
             where cust_space_id = $1 and operation = $2 and key = $3 and claim = $4",
            self.cust_space_id,
            held.operation,
            held.key,
            held.claim,
            unique_code as UniqueCode,
        );
        let is_held = updated.execute(&mut *transaction).await?.rows_affected() > 0;
        transaction.commit().await?;
        held.unique_code = unique_code;
        Ok(is_held)
    }

    async fn delete_key(&self, transaction: &mut PgConnection, new: &NewKey<'_>) -> Result<(), StoreError> {
        sqlx::query!(
            "delete from idempotency_keys where cust_space_id = $1 and operation = $2 and key = $3",
            self.cust_space_id,
            new.operation,
            new.key,
        )
        .execute(transaction)
        .await?;
        Ok(())
    }

    /// Whether the call that holds the key is still at it, as far as anybody can tell.
    async fn is_running(&self, transaction: &mut PgConnection, found: &Found) -> Result<bool, StoreError> {
        match found.owner.map(Owner) {
            _ if found.is_late => Ok(false),
            None => Ok(false),
            Some(owner) if owner == self.store.owner() => Ok(true),
            Some(owner) => is_alive(transaction, owner).await,
        }
    }
}

/// Whether a process lives: PostgreSQL drops a session's locks when the session ends, which it does with its process.
/// Looked up and not tried, since a lock that is tried is held for a moment, and would look like life to the next.
/// How a lock of 64 bits is shown: <https://www.postgresql.org/docs/current/view-pg-locks.html>.
async fn is_alive(transaction: &mut PgConnection, owner: Owner) -> Result<bool, StoreError> {
    let alive = sqlx::query_scalar!(
        r#"select exists (select 1 from pg_locks
                          where locktype = 'advisory' and objsubid = 1 and granted
                            and database = (select oid from pg_database where datname = current_database())
                            and classid = ($1::bigint >> 32 & 4294967295)::oid
                            and objid = ($1::bigint & 4294967295)::oid) as "alive!""#,
        owner.0,
    );
    Ok(alive.fetch_one(transaction).await?)
}

impl Found {
    fn answer(self) -> Result<StoredAnswer, StoreError> {
        let (Some(request_id), Some(code), Some(http_status), Some(body)) =
            (self.request_id, self.code, self.http_status, self.body)
        else {
            return Err(StoreError::Internal("an answered idempotency key has no answer".to_owned()));
        };
        let http_status = u16::try_from(http_status)
            .map_err(|_| StoreError::Internal(format!("an idempotency key has the HTTP status {http_status}")))?;
        Ok(StoredAnswer { request_id, code, http_status, body })
    }
}

impl HeldKey {
    fn claimed(new: &NewKey<'_>, unique_code: UniqueCode) -> Self {
        let (operation, key) = (new.operation.to_owned(), new.key.to_owned());
        Self { operation, key, claim: Uuid::new_v4(), unique_code }
    }
}
