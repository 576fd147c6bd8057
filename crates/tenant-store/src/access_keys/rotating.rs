//! Rotation: a key gets a new secret, and the one before stays good for a while, so that no caller is cut off.

use std::{fmt, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{CreatedAccessKey, changing::object, listing, making, place};
use crate::{
    Actor, Revision, Store, StoreError,
    across_tenants::SealedPreviousSecret,
    audit::Action,
    sealing::{Place, Sealed, WrappedKey},
    text::storable,
};

/// The secret before the last rotation.
#[derive(Debug, Clone)]
pub struct PreviousSecret {
    /// It.
    pub secret: SecretString,
    /// Until when it is good.
    pub until: OffsetDateTime,
}

/// A key that was just rotated: the only time its new secret is shown.
#[derive(Debug, Clone)]
pub struct RotatedAccessKey {
    /// The key with its new secret.
    pub key: CreatedAccessKey,
    /// Until when the secret before is good, too; `None` where it no longer is.
    pub previous_until: Option<OffsetDateTime>,
}

/// A secret on its way into the column of the one before.
struct Previous {
    sealed: Sealed,
    until: OffsetDateTime,
}

impl Store {
    /// Gives a key a new secret. The one before stays good for `overlap`, and ends at once where that is zero; one from
    /// an earlier rotation ends in any case. [`StoreError::NotFound`] where there is no such key that is not revoked;
    /// [`StoreError::Stale`] where its revision is not the expected one.
    pub async fn rotate_access_key(
        &self,
        access_key_id: &str,
        overlap: Duration,
        expected: Option<Revision>,
        actor: &Actor,
    ) -> Result<RotatedAccessKey, StoreError> {
        let space = self.system().expecting(expected);
        let mut transaction = space.begin().await?;
        let Current { sealed, key, revision } = current(&mut transaction, access_key_id).await?;
        space.expect(revision)?;
        let previous = match until(overlap)? {
            Some(until) => {
                let secret = self.data_keys().open(place(access_key_id), &key, &sealed)?;
                let place = previous_place(access_key_id);
                Some(Previous { sealed: self.data_keys().seal(&mut transaction, place, &secret).await?, until })
            }
            None => None,
        };
        let secret = making::secret()?;
        let clear = secret.expose_secret().as_bytes();
        let sealed = self.data_keys().seal(&mut transaction, place(access_key_id), clear).await?;
        update(&mut transaction, access_key_id, &sealed, previous.as_ref()).await?;
        let listed = listing::existing(&mut transaction, access_key_id).await?;
        let previous_until = previous.map(|previous| previous.until);
        let object = object(access_key_id);
        let after = json!({"previous_until": previous_until.map(|until| until.to_string())});
        let action = Action { name: "key.rotate", object: &object, before: None, after: Some(after) };
        space.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(RotatedAccessKey {
            key: CreatedAccessKey { access_key_id: access_key_id.to_owned(), secret, listed },
            previous_until,
        })
    }
}

/// Opens the secret before. One that does not open is told to the log, and does not keep the key from being used.
pub(super) fn open_previous(
    store: &Store,
    access_key_id: &str,
    previous: &SealedPreviousSecret,
) -> Option<PreviousSecret> {
    let opened = store.data_keys().open(previous_place(access_key_id), &previous.key, &previous.sealed);
    let unread =
        |why: &dyn fmt::Display| tracing::error!(access_key_id, %why, "the key's previous secret cannot be read");
    let secret = opened.inspect_err(|error| unread(error)).ok()?;
    let text = str::from_utf8(&secret).inspect_err(|error| unread(error)).ok()?;
    Some(PreviousSecret { secret: text.into(), until: previous.until })
}

fn previous_place(access_key_id: &str) -> Place<'_> {
    Place { column: "previous_secret", ..place(access_key_id) }
}

/// When an overlap that begins now ends; `None` where there is none.
fn until(overlap: Duration) -> Result<Option<OffsetDateTime>, StoreError> {
    if overlap.is_zero() {
        return Ok(None);
    }
    let overlap = time::Duration::try_from(overlap).ok();
    let until = overlap.and_then(|overlap| OffsetDateTime::now_utc().checked_add(overlap));
    // As exact as PostgreSQL keeps it, so that what is answered is what is stored.
    let until = until.map(|until| until.replace_microsecond(until.microsecond()).unwrap_or(until));
    until.map(Some).ok_or_else(|| StoreError::Internal("the overlap ends after the year 9999".to_owned()))
}

/// A secret that is about to be the one before.
struct Current {
    sealed: Vec<u8>,
    key: WrappedKey,
    revision: Revision,
}

/// The sealed secret with its data key; the row is locked until the transaction ends.
async fn current(transaction: &mut PgConnection, access_key_id: &str) -> Result<Current, StoreError> {
    let row = sqlx::query!(
        r#"select a.sealed_secret, a.revision as "revision: Revision", k.version, k.master_key_id, k.wrapped_key
         from access_keys a
         join data_keys k on k.cust_space_id = a.cust_space_id and k.version = a.key_version
         where a.access_key_id = $1 and a.state = 'active'
         for update of a"#,
        &storable(access_key_id),
    );
    let row = row.fetch_optional(transaction).await?.ok_or(StoreError::NotFound { what: "active access key" })?;
    let key = WrappedKey { version: row.version, master_key_id: row.master_key_id, bytes: row.wrapped_key };
    Ok(Current { sealed: row.sealed_secret, key, revision: row.revision })
}

async fn update(
    transaction: &mut PgConnection,
    access_key_id: &str,
    sealed: &Sealed,
    previous: Option<&Previous>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update access_keys
         set sealed_secret = $2, key_version = $3, previous_secret = $4, previous_key_version = $5, previous_until = $6
         where access_key_id = $1",
        access_key_id,
        sealed.bytes,
        sealed.key_version,
        previous.map(|previous| previous.sealed.bytes.as_slice()),
        previous.map(|previous| previous.sealed.key_version),
        previous.map(|previous| previous.until),
    )
    .execute(transaction)
    .await?;
    Ok(())
}
