//! Access keys, and what callers use once under them: idempotency keys and nonces.

use ipnet::IpNet;
use sqlx::{PgPool, types::Json};
use time::OffsetDateTime;

use crate::{Grant, KeyState, StoreError, access_keys::networks, sealing::WrappedKey, text::storable};

/// An access key, its secret still sealed.
pub(crate) struct SealedAccessKey {
    pub(crate) name: String,
    pub(crate) grants: Vec<Grant>,
    pub(crate) state: KeyState,
    pub(crate) expires_at: Option<OffsetDateTime>,
    pub(crate) allowed_networks: Vec<IpNet>,
    pub(crate) sealed_secret: Vec<u8>,
    pub(crate) key: WrappedKey,
    pub(crate) previous: Option<SealedPreviousSecret>,
}

/// The secret of an access key before its last rotation, with the data key that opens it.
pub(crate) struct SealedPreviousSecret {
    pub(crate) sealed: Vec<u8>,
    pub(crate) key: WrappedKey,
    pub(crate) until: OffsetDateTime,
}

pub(crate) async fn open_access_key(pool: &PgPool, access_key_id: &str) -> Result<Option<SealedAccessKey>, StoreError> {
    let row = sqlx::query!(
        r#"select name as "name!", grants as "grants!: Json<Vec<Grant>>", sealed_secret as "sealed_secret!",
                  state as "state!: KeyState", expires_at, allowed_networks as "allowed_networks!",
                  key_version as "version!",
                  master_key_id as "master_key_id!", wrapped_key as "wrapped_key!",
                  previous_secret, previous_until, previous_key_version, previous_master_key_id, previous_wrapped_key
           from open_access_key($1)"#,
        &storable(access_key_id),
    );
    let Some(row) = row.fetch_optional(pool).await? else { return Ok(None) };
    Ok(Some(SealedAccessKey {
        name: row.name,
        grants: row.grants.0,
        state: row.state,
        expires_at: row.expires_at,
        allowed_networks: networks(&row.allowed_networks)?,
        sealed_secret: row.sealed_secret,
        key: WrappedKey { version: row.version, master_key_id: row.master_key_id, bytes: row.wrapped_key },
        previous: row.previous_secret.zip(row.previous_until).and_then(|(sealed, until)| {
            let (version, master_key_id) = row.previous_key_version.zip(row.previous_master_key_id)?;
            let key = WrappedKey { version, master_key_id, bytes: row.previous_wrapped_key? };
            Some(SealedPreviousSecret { sealed, key, until })
        }),
    }))
}

/// Deletes the oldest idempotency keys that are kept no longer. Returns how many.
pub(crate) async fn forget_old_keys(pool: &PgPool, limit: i64) -> Result<u64, StoreError> {
    let forgotten = sqlx::query_scalar!(r#"select forget_old_keys($1) as "forgotten!""#, limit);
    Ok(forgotten.fetch_one(pool).await?.unsigned_abs())
}

/// Uses a nonce; `false` where it was used before.
pub(crate) async fn spend_nonce(pool: &PgPool, access_key_id: &str, digest: &[u8; 32]) -> Result<bool, StoreError> {
    let is_new =
        sqlx::query_scalar!(r#"select spend_nonce($1, $2) as "new!""#, &storable(access_key_id), digest.as_slice());
    Ok(is_new.fetch_one(pool).await?)
}

/// Deletes the oldest nonces that are remembered no longer. Returns how many.
pub(crate) async fn forget_old_nonces(pool: &PgPool, limit: i64) -> Result<u64, StoreError> {
    let forgotten = sqlx::query_scalar!(r#"select forget_old_nonces($1) as "forgotten!""#, limit);
    Ok(forgotten.fetch_one(pool).await?.unsigned_abs())
}
