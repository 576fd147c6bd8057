//! The data keys of the spaces: made once, kept wrapped by a master key, unwrapped in memory alone.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, RandomizedNonceKey},
    error::Unspecified,
    rand,
};
use sqlx::PgConnection;
use zeroize::Zeroizing;

use super::{
    MasterKeys, Place, Sealed,
    sealed::{self, encode},
};
use crate::StoreError;

/// A data key as the table `data_keys` holds it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct WrappedKey {
    pub(crate) version: i32,
    pub(crate) master_key_id: String,
    /// Nonce, ciphertext and tag.
    pub(crate) bytes: Vec<u8>,
}

/// Seals and opens values. Unwrapped keys are remembered; the cipher wipes them when it is dropped.
pub(crate) struct DataKeys {
    master_keys: MasterKeys,
    unwrapped: Mutex<HashMap<(String, WrappedKey), Arc<RandomizedNonceKey>>>,
}

impl DataKeys {
    pub(crate) fn new(master_keys: MasterKeys) -> Self {
        Self { master_keys, unwrapped: Mutex::default() }
    }

    /// Seals a value under the newest data key of its space, which is made where there is none.
    /// `connection` is in a transaction of that space.
    pub(crate) async fn seal(
        &self,
        connection: &mut PgConnection,
        place: Place<'_>,
        clear: &[u8],
    ) -> Result<Sealed, StoreError> {
        let key = self.newest(connection, place.space).await?;
        let cipher = self.unwrap(place.space, &key).map_err(|Unspecified| unreadable_key(place.space, &key))?;
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
        let cipher = self.unwrap(place.space, key).map_err(|Unspecified| unreadable_key(place.space, key))?;
        sealed::open(&cipher, &place.associated_data(key.version), sealed).map_err(|Unspecified| {
            let Place { space, table, column, row } = place;
            StoreError::Unreadable { place: format!("{table}.{column} of {row} in {space}") }
        })
    }

    async fn newest(&self, connection: &mut PgConnection, space: &str) -> Result<WrappedKey, StoreError> {
        if let Some(key) = newest_data_key(connection, space).await? {
            return Ok(key);
        }
        let first = self.make(space, 1)?;
        insert_data_key(connection, space, &first).await?;
        // Another replica may have been quicker: what stands in the table counts.
        newest_data_key(connection, space).await?.ok_or(StoreError::NotFound { what: "data key" })
    }

    fn make(&self, space: &str, version: i32) -> Result<WrappedKey, StoreError> {
        let master = self.master_keys.sealing();
        let mut clear = Zeroizing::new([0; 32]);
        let associated = wrapping_data(space, version, &master.id);
        let bytes = rand::fill(clear.as_mut_slice())
            .and_then(|()| sealed::seal(&master.cipher, &associated, clear.as_slice()))
            .map_err(|Unspecified| StoreError::Internal("no data key can be made".to_owned()))?;
        Ok(WrappedKey { version, master_key_id: master.id.clone(), bytes })
    }

    fn unwrap(&self, space: &str, key: &WrappedKey) -> Result<Arc<RandomizedNonceKey>, Unspecified> {
        // The wrapped bytes are part of the name, so that a key which was replaced is never taken from memory.
        let name = (space.to_owned(), key.clone());
        let mut unwrapped = self.unwrapped.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cipher) = unwrapped.get(&name) {
            return Ok(Arc::clone(cipher));
        }
        let master = self.master_keys.by_id(&key.master_key_id).ok_or(Unspecified)?;
        let associated = wrapping_data(space, key.version, &master.id);
        let clear = sealed::open(&master.cipher, &associated, &key.bytes)?;
        let cipher = Arc::new(RandomizedNonceKey::new(&AES_256_GCM, &clear)?);
        unwrapped.insert(name, Arc::clone(&cipher));
        Ok(cipher)
    }
}

fn wrapping_data(space: &str, version: i32, master_key_id: &str) -> Vec<u8> {
    encode(&["groupgate data key", space, &version.to_string(), master_key_id])
}

fn unreadable_key(space: &str, key: &WrappedKey) -> StoreError {
    let WrappedKey { version, master_key_id, .. } = key;
    StoreError::Unreadable { place: format!("data_keys version {version} of {space} (master key {master_key_id})") }
}

async fn newest_data_key(connection: &mut PgConnection, space: &str) -> Result<Option<WrappedKey>, StoreError> {
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
