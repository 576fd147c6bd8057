//! Sessions of the console. They belong to no tenant, so they live in the space `_system`.
//!
//! A session keeps what its administrator showed to sign in, sealed. Who may do what is asked of that with each page, so a
//! session is never good for more, or for longer, than what it began with.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use time::OffsetDateTime;

use crate::{
    Actor, Store, StoreError,
    across_tenants::interval,
    audit::Action,
    sealing::{Place, WrappedKey},
    store::SYSTEM,
};

/// A session to begin.
#[derive(Debug)]
pub struct NewConsoleSession<'a> {
    /// SHA-256 of what the browser's cookie holds, in hex.
    pub session_id: &'a str,
    /// What the administrator showed to sign in.
    pub proof: &'a SecretString,
    /// When it ends at the latest.
    pub ends_at: OffsetDateTime,
}

/// A session.
#[derive(Debug)]
pub struct ConsoleSession {
    /// What the administrator showed to sign in.
    pub proof: SecretString,
    /// As the audit log names the administrator.
    pub actor: String,
    /// When it began.
    pub begun_at: OffsetDateTime,
    /// When it ends at the latest.
    pub ends_at: OffsetDateTime,
}

/// How exactly it is known when a session was last used: each page would be a write otherwise.
const SEEN: Duration = Duration::from_mins(1);

impl Store {
    /// Begins a session. [`StoreError::Conflict`] where its ID is taken.
    pub async fn begin_console_session(&self, new: &NewConsoleSession<'_>, actor: &Actor) -> Result<(), StoreError> {
        let space = self.system();
        let mut transaction = space.begin().await?;
        let proof = new.proof.expose_secret().as_bytes();
        let sealed = self.data_keys().seal(&mut transaction, place(new.session_id), proof).await?;
        let inserted = sqlx::query!(
            "insert into console_sessions (session_id, sealed_proof, key_version, actor, ends_at)
             values ($1, $2, $3, $4, $5) on conflict do nothing",
            new.session_id,
            sealed.bytes,
            sealed.key_version,
            actor.name,
            new.ends_at,
        )
        .execute(&mut *transaction)
        .await?;
        if inserted.rows_affected() == 0 {
            return Err(StoreError::Conflict { what: "session" });
        }
        let after = Some(json!({"ends_at": new.ends_at.to_string()}));
        let action = Action { name: "console.sign_in", object: "console", before: None, after };
        space.log(&mut transaction, actor, action).await?;
        Ok(transaction.commit().await?)
    }

    /// A session that has not ended, and was last used less than `idle` ago; it is used now.
    pub async fn console_session(&self, id: &str, idle: Duration) -> Result<Option<ConsoleSession>, StoreError> {
        let mut transaction = self.system().begin().await?;
        let row = sqlx::query!(
            r#"select s.sealed_proof, s.actor, s.begun_at, s.ends_at, s.seen_at < now() - $3::interval as "is_stale!",
                      k.version, k.master_key_id, k.wrapped_key
               from console_sessions s
               join data_keys k on k.cust_space_id = s.cust_space_id and k.version = s.key_version
               where s.session_id = $1 and s.ends_at > now() and s.seen_at > now() - $2::interval"#,
            id,
            interval(idle),
            interval(SEEN),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(None) };
        if row.is_stale {
            sqlx::query!("update console_sessions set seen_at = now() where session_id = $1", id)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
        }
        let key = WrappedKey { version: row.version, master_key_id: row.master_key_id, bytes: row.wrapped_key };
        // Whoever has it signs in again: there is no other way to what it keeps.
        let clear = match self.data_keys().open(place(id), &key, &row.sealed_proof) {
            Err(StoreError::Unreadable { place }) => {
                tracing::warn!(place, "a session of the console does not open");
                return Ok(None);
            }
            opened => opened?,
        };
        let proof = String::from_utf8(clear.to_vec()).map_err(|_| not_text())?;
        let (actor, begun_at, ends_at) = (row.actor, row.begun_at, row.ends_at);
        Ok(Some(ConsoleSession { proof: proof.into(), actor, begun_at, ends_at }))
    }

    /// Ends a session. `false` where there is none.
    pub async fn end_console_session(&self, id: &str, actor: &Actor) -> Result<bool, StoreError> {
        let space = self.system();
        let mut transaction = space.begin().await?;
        let ended = sqlx::query!("delete from console_sessions where session_id = $1", id)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        if ended == 0 {
            return Ok(false);
        }
        let action = Action { name: "console.sign_out", object: "console", before: None, after: None };
        space.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Deletes up to `limit` sessions that ended, or were last used `idle` ago. Returns how many.
    pub async fn forget_console_sessions(&self, idle: Duration, limit: i64) -> Result<u64, StoreError> {
        let mut transaction = self.system().begin().await?;
        let forgotten = sqlx::query!(
            "delete from console_sessions where session_id in (
                 select session_id from console_sessions where ends_at <= now() or seen_at <= now() - $1::interval limit $2)",
            interval(idle),
            limit,
        )
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(forgotten)
    }
}

fn place(session_id: &str) -> Place<'_> {
    Place { space: SYSTEM, table: "console_sessions", column: "sealed_proof", row: session_id }
}

fn not_text() -> StoreError {
    StoreError::Internal("what a session of the console keeps is no text".to_owned())
}
