//! The secrets of endpoints: sealed at rest, replaced with an overlap in which deliveries are signed with both.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{RotatedSecret, managing::object};
use crate::{
    Actor, EndpointId, EndpointSecret, Space, Store, StoreError,
    audit::Action,
    sealing::{Place, Sealed, WrappedKey},
};

/// The secrets as they are stored, with the data keys that open them.
pub(crate) struct SealedSecrets {
    pub(crate) current: Vec<u8>,
    pub(crate) key: WrappedKey,
    /// The one before the last rotation, as long as it is good.
    pub(crate) previous: Option<(Vec<u8>, WrappedKey)>,
}

impl Space<'_> {
    /// Gives an endpoint a new secret: the given one, or one made at random. Deliveries are signed with the one before,
    /// too, for `overlap`, and no longer at once where that is zero; one from an earlier rotation ends in any case.
    /// [`StoreError::NotFound`] where this space has no such endpoint.
    pub async fn rotate_endpoint_secret(
        &self,
        id: EndpointId,
        overlap: Duration,
        given: Option<EndpointSecret>,
        actor: &Actor,
    ) -> Result<RotatedSecret, StoreError> {
        let secret = given.map_or_else(EndpointSecret::generate, Ok)?;
        let mut transaction = self.begin().await?;
        self.expect(self.lock_endpoint(&mut transaction, id).await?.revision)?;
        // Without an overlap the one before need not open: so one that is lost is replaced.
        let previous = if overlap.is_zero() {
            None
        } else {
            let before = self.current_secret(&mut transaction, id).await?;
            Some(self.seal_secret(&mut transaction, PREVIOUS, id, &before).await?)
        };
        let sealed = self.seal_secret(&mut transaction, CURRENT, id, &secret).await?;
        let previous_until = self.store_secrets(&mut transaction, id, &sealed, previous.as_ref(), overlap).await?;
        let endpoint = self.find_endpoint(&mut transaction, id).await?;
        let after = json!({"previous_until": previous_until.map(|until| until.to_string())});
        let action = Action { name: "endpoint.rotate_secret", object: &object(id), before: None, after: Some(after) };
        self.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(RotatedSecret { secret, previous_until, endpoint })
    }

    /// Seals a new endpoint's secret.
    pub(super) async fn seal_first_secret(
        &self,
        transaction: &mut PgConnection,
        id: EndpointId,
        secret: &EndpointSecret,
    ) -> Result<Sealed, StoreError> {
        self.seal_secret(transaction, CURRENT, id, secret).await
    }

    async fn seal_secret(
        &self,
        transaction: &mut PgConnection,
        column: &'static str,
        id: EndpointId,
        secret: &EndpointSecret,
    ) -> Result<Sealed, StoreError> {
        let (row, text) = (id.to_string(), secret.expose());
        let place = place(self.cust_space_id, column, &row);
        self.store.data_keys().seal(transaction, place, text.expose_secret().as_bytes()).await
    }

    /// Whether deliveries to an endpoint are signed with this secret. [`StoreError::NotFound`] where this space has no such
    /// endpoint.
    pub async fn endpoint_has_secret(&self, id: EndpointId, secret: &EndpointSecret) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        Ok(self.current_secret(&mut transaction, id).await? == *secret)
    }

    /// The secret that deliveries are signed with.
    async fn current_secret(
        &self,
        transaction: &mut PgConnection,
        id: EndpointId,
    ) -> Result<EndpointSecret, StoreError> {
        let row = sqlx::query!(
            "select n.sealed_secret, k.version, k.master_key_id, k.wrapped_key
             from endpoints n
             join data_keys k on k.cust_space_id = n.cust_space_id and k.version = n.key_version
             where n.cust_space_id = $1 and n.endpoint_id = $2",
            self.cust_space_id,
            id.0,
        );
        let row = row.fetch_optional(transaction).await?.ok_or(StoreError::NotFound { what: "endpoint" })?;
        let key = WrappedKey { version: row.version, master_key_id: row.master_key_id, bytes: row.wrapped_key };
        open(self.store, place(self.cust_space_id, CURRENT, &id.to_string()), &key, &row.sealed_secret)
    }

    /// Returns until when the secret before is good.
    async fn store_secrets(
        &self,
        transaction: &mut PgConnection,
        id: EndpointId,
        sealed: &Sealed,
        previous: Option<&Sealed>,
        overlap: Duration,
    ) -> Result<Option<OffsetDateTime>, StoreError> {
        let updated = sqlx::query_scalar!(
            "update endpoints
             set sealed_secret = $3, key_version = $4, previous_secret = $5, previous_key_version = $6,
                 previous_until = case when $5::bytea is not null then now() + make_interval(secs => $7) end,
                 updated_at = now()
             where cust_space_id = $1 and endpoint_id = $2
             returning previous_until",
            self.cust_space_id,
            id.0,
            sealed.bytes,
            sealed.key_version,
            previous.map(|previous| previous.bytes.as_slice()),
            previous.map(|previous| previous.key_version),
            overlap.as_secs_f64(),
        );
        Ok(updated.fetch_one(transaction).await?)
    }
}

/// What to sign with: the current secret, and the one before as long as it is good. Where the one before does not open,
/// the log says so, and the current one signs alone.
pub(crate) fn open_all(
    store: &Store,
    space: &str,
    id: EndpointId,
    sealed: &SealedSecrets,
) -> Result<Vec<EndpointSecret>, StoreError> {
    let row = id.to_string();
    let mut secrets = vec![open(store, place(space, CURRENT, &row), &sealed.key, &sealed.current)?];
    if let Some((bytes, key)) = &sealed.previous {
        match open(store, place(space, PREVIOUS, &row), key, bytes) {
            Ok(previous) => secrets.push(previous),
            Err(error) => tracing::error!(endpoint = row, %error, "the endpoint's previous secret cannot be read"),
        }
    }
    Ok(secrets)
}

const CURRENT: &str = "sealed_secret";
const PREVIOUS: &str = "previous_secret";

fn place<'a>(space: &'a str, column: &'static str, row: &'a str) -> Place<'a> {
    Place { space, table: "endpoints", column, row }
}

fn open(store: &Store, place: Place<'_>, key: &WrappedKey, sealed: &[u8]) -> Result<EndpointSecret, StoreError> {
    let Place { column, row, .. } = place;
    let clear = store.data_keys().open(place, key, sealed)?;
    let secret = str::from_utf8(&clear).ok().and_then(|text| text.parse().ok());
    secret
        .ok_or_else(|| StoreError::Unreadable { place: format!("endpoints.{column} of {row} (no endpoint's secret)") })
}
