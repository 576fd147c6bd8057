//! The keys that sign the gateway's own JWTs. All replicas share them; they live in the space `_system`.

use secrecy::{ExposeSecret as _, SecretSlice};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::{
    Store, StoreError,
    sealing::{Place, WrappedKey},
    store::SYSTEM,
};

/// A key to store.
#[derive(Debug, Clone)]
pub struct NewSigningKey {
    /// The `kid` of JWTs and of the key set.
    pub kid: String,
    /// The public key, raw (for Ed25519: 32 bytes).
    pub public_key: Vec<u8>,
    /// The private key as PKCS #8.
    pub private_key: SecretSlice<u8>,
}

/// A stored key.
#[derive(Debug, Clone)]
pub struct SigningKey {
    /// The `kid` of JWTs and of the key set.
    pub kid: String,
    /// The public key, raw.
    pub public_key: Vec<u8>,
    /// The private key as PKCS #8.
    pub private_key: SecretSlice<u8>,
    /// When it was stored.
    pub created_at: OffsetDateTime,
}

impl Store {
    /// All signing keys, newest first: the first signs, all verify.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        let mut transaction = self.system().begin().await?;
        let rows = select(&mut transaction).await?;
        rows.into_iter().map(|row| self.open_signing_key(row)).collect()
    }

    /// The signing keys; where there is none, `make` makes the first. Replicas that start at once end with the same one.
    pub async fn ensure_signing_key(
        &self,
        make: impl FnOnce() -> NewSigningKey,
    ) -> Result<Vec<SigningKey>, StoreError> {
        let known = self.signing_keys().await?;
        if !known.is_empty() {
            return Ok(known);
        }
        let mut transaction = self.system().begin().await?;
        sqlx::query!("select pg_advisory_xact_lock(hashtextextended('groupgate signing keys', 0))")
            .execute(&mut *transaction)
            .await?;
        if select(&mut transaction).await?.is_empty() {
            self.insert_signing_key(&mut transaction, &make()).await?;
        }
        transaction.commit().await?;
        self.signing_keys().await
    }

    /// Adds a key, which signs from now on. [`StoreError::Conflict`] where its `kid` is taken.
    pub async fn add_signing_key(&self, new: &NewSigningKey) -> Result<(), StoreError> {
        let mut transaction = self.system().begin().await?;
        self.insert_signing_key(&mut transaction, new).await?;
        Ok(transaction.commit().await?)
    }

    async fn insert_signing_key(&self, transaction: &mut PgConnection, new: &NewSigningKey) -> Result<(), StoreError> {
        let private_key = new.private_key.expose_secret();
        let sealed = self.data_keys().seal(&mut *transaction, place(&new.kid), private_key).await?;
        sqlx::query!(
            "insert into signing_keys (kid, public_key, sealed_private, key_version) values ($1, $2, $3, $4)",
            new.kid,
            new.public_key,
            sealed.bytes,
            sealed.key_version,
        )
        .execute(transaction)
        .await?;
        Ok(())
    }

    fn open_signing_key(&self, row: Row) -> Result<SigningKey, StoreError> {
        let key = WrappedKey { version: row.key_version, master_key_id: row.master_key_id, bytes: row.wrapped_key };
        let clear = self.data_keys().open(place(&row.kid), &key, &row.sealed_private)?;
        Ok(SigningKey {
            kid: row.kid,
            public_key: row.public_key,
            private_key: SecretSlice::from(clear.to_vec()),
            created_at: row.created_at,
        })
    }
}

struct Row {
    kid: String,
    public_key: Vec<u8>,
    sealed_private: Vec<u8>,
    created_at: OffsetDateTime,
    key_version: i32,
    master_key_id: String,
    wrapped_key: Vec<u8>,
}

fn place(kid: &str) -> Place<'_> {
    Place { space: SYSTEM, table: "signing_keys", column: "sealed_private", row: kid }
}

async fn select(transaction: &mut PgConnection) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "select s.kid, s.public_key, s.sealed_private, s.created_at, s.key_version, k.master_key_id, k.wrapped_key
         from signing_keys s
         join data_keys k on k.cust_space_id = s.cust_space_id and k.version = s.key_version
         order by s.created_at desc, s.kid",
    );
    Ok(rows.fetch_all(transaction).await?)
}
