//! The data keys of the spaces: made once, kept wrapped by a master key, unwrapped in memory alone.

use aws_lc_rs::{
    aead::{AES_256_GCM, RandomizedNonceKey},
    error::Unspecified,
    rand,
};
use sqlx::PgConnection;
use zeroize::Zeroizing;

use super::{
    MasterKeys, Place, Sealed, WhyUnreadable,
    sealed::{self, encode},
};
use crate::StoreError;

/// A data key as the table `data_keys` holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrappedKey {
    pub(crate) version: i32,
    pub(crate) master_key_id: String,
    /// Nonce, ciphertext and tag.
    pub(crate) bytes: Vec<u8>,
}

/// Seals and opens values. A key is unwrapped for each of them, which takes a microsecond, and is in memory for no longer; the
/// cipher wipes it when it is dropped.
pub(crate) struct DataKeys {
    master_keys: MasterKeys,
}

impl DataKeys {
    pub(crate) fn new(master_keys: MasterKeys) -> Self {
        Self { master_keys }
    }

    pub(super) fn master_keys(&self) -> &MasterKeys {
        &self.master_keys
    }

    /// Seals a value under the newest data key of its space. A new one is made where there is none, or where the newest one's
    /// master key is not configured: who lost it can go on, and whoever has both reads what either seals.
    /// `connection` is in a transaction of that space.
    pub(crate) async fn seal(
        &self,
        connection: &mut PgConnection,
        place: Place<'_>,
        clear: &[u8],
    ) -> Result<Sealed, StoreError> {
        let key = self.sealing(connection, place.space).await?;
        let cipher = self.unwrap(place.space, &key).map_err(|_| unreadable_key(place.space, &key))?;
        let bytes = sealed::seal(&cipher, &place.associated_data(key.version), clear)
            .map_err(|Unspecified| StoreError::Internal("AES-256-GCM does not seal".to_owned()))?;
        Ok(Sealed { key_version: key.version, bytes })
    }

    /// Opens a value that was sealed under `key`.
    pub(crate) fn open(
        &self,
        place: Place<'_>,
        key: &WrappedKey,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        self.try_open(place, key, sealed).map_err(|why| match why {
            WhyUnreadable::MasterKeyMissing | WhyUnreadable::DataKey => unreadable_key(place.space, key),
            WhyUnreadable::Value => {
                let Place { space, table, column, row } = place;
                StoreError::Unreadable { place: format!("{table}.{column} of {row} in {space}") }
            }
        })
    }

    /// The same, with the reason where it does not open.
    pub(super) fn try_open(
        &self,
        place: Place<'_>,
        key: &WrappedKey,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, WhyUnreadable> {
        let cipher = self.unwrap(place.space, key)?;
        sealed::open(&cipher, &place.associated_data(key.version), sealed).map_err(|Unspecified| WhyUnreadable::Value)
    }

    /// A data key in the clear.
    pub(super) fn clear(&self, space: &str, key: &WrappedKey) -> Result<Zeroizing<Vec<u8>>, WhyUnreadable> {
        let master = self.master_keys.by_id(&key.master_key_id).ok_or(WhyUnreadable::MasterKeyMissing)?;
        let associated = wrapping_data(space, key.version, &master.id);
        sealed::open(&master.cipher, &associated, &key.bytes).map_err(|Unspecified| WhyUnreadable::DataKey)
    }

    /// A data key, wrapped by the master key that seals.
    pub(super) fn wrap(&self, space: &str, version: i32, clear: &[u8]) -> Result<WrappedKey, StoreError> {
        let master = self.master_keys.sealing();
        let bytes = sealed::seal(&master.cipher, &wrapping_data(space, version, &master.id), clear)
            .map_err(|Unspecified| StoreError::Internal("AES-256-GCM does not seal".to_owned()))?;
        Ok(WrappedKey { version, master_key_id: master.id.clone(), bytes })
    }

    async fn sealing(&self, connection: &mut PgConnection, space: &str) -> Result<WrappedKey, StoreError> {
        let newest = newest_data_key(connection, space).await?;
        let version = match newest {
            Some(key) if self.master_keys.by_id(&key.master_key_id).is_some() => return Ok(key),
            Some(key) => key.version + 1,
            None => 1,
        };
        let made = self.make(space, version)?;
        insert_data_key(connection, space, &made).await?;
        // Another replica may have been quicker: what stands in the table counts.
        newest_data_key(connection, space).await?.ok_or(StoreError::NotFound { what: "data key" })
    }

    fn make(&self, space: &str, version: i32) -> Result<WrappedKey, StoreError> {
        let mut clear = Zeroizing::new([0; 32]);
        rand::fill(clear.as_mut_slice())
            .map_err(|Unspecified| StoreError::Internal("no data key can be made".to_owned()))?;
        self.wrap(space, version, clear.as_slice())
    }

    fn unwrap(&self, space: &str, key: &WrappedKey) -> Result<RandomizedNonceKey, WhyUnreadable> {
        let clear = self.clear(space, key)?;
        RandomizedNonceKey::new(&AES_256_GCM, &clear).map_err(|Unspecified| WhyUnreadable::DataKey)
    }
}

fn wrapping_data(space: &str, version: i32, master_key_id: &str) -> Vec<u8> {
    encode(&["groupgate data key", space, &version.to_string(), master_key_id])
}

fn unreadable_key(space: &str, key: &WrappedKey) -> StoreError {
    let WrappedKey { version, master_key_id, .. } = key;
    StoreError::Unreadable { place: format!("data_keys version {version} of {space} (master key {master_key_id})") }
}

/// The data key of a space that seals; `None` where it has none.
pub(super) async fn newest_data_key(
    connection: &mut PgConnection,
    space: &str,
) -> Result<Option<WrappedKey>, StoreError> {
    let key = sqlx::query_as!(
        WrappedKey,
        "select version, master_key_id, wrapped_key as bytes from data_keys
         where cust_space_id = $1 order by version desc limit 1",
        space,
    );
    Ok(key.fetch_optional(connection).await?)
}

async fn insert_data_key(connection: &mut PgConnection, space: &str, key: &WrappedKey) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into data_keys (cust_space_id, version, master_key_id, wrapped_key) values ($1, $2, $3, $4)
         on conflict do nothing",
        space,
        key.version,
        key.master_key_id,
        key.bytes,
    )
    .execute(connection)
    .await?;
    Ok(())
}
