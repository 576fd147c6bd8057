//! Keys are changed, revoked and removed.

use ipnet::IpNet;
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Grant, ListedAccessKey, holding, listing};
use crate::{Actor, Revision, Store, StoreError, audit::Action, text::storable, text::storable_option};

/// What to change of a key; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct AccessKeyChange {
    /// A name for people.
    pub name: Option<String>,
    /// What it may do from now on: all of it.
    pub grants: Option<Vec<Grant>>,
    /// When it stops to be accepted; `Some(None)` for never.
    pub expires_at: Option<Option<OffsetDateTime>>,
    /// The networks that it may be used from; from anywhere where that is empty.
    pub allowed_networks: Option<Vec<IpNet>>,
}

impl Store {
    /// Changes a key; every gateway obeys within a second. [`StoreError::NotFound`] where there is none, or where a tenant
    /// that its new grants name is none; [`StoreError::Stale`] where its revision is not the expected one.
    pub async fn change_access_key(
        &self,
        access_key_id: &str,
        change: &AccessKeyChange,
        expected: Option<Revision>,
        actor: &Actor,
    ) -> Result<ListedAccessKey, StoreError> {
        let space = self.system().expecting(expected);
        let mut transaction = space.begin().await?;
        holding::hold_tenants(&mut transaction, change.grants.as_deref().unwrap_or_default()).await?;
        let before = listing::locked(&mut transaction, access_key_id).await?;
        space.expect(before.revision)?;
        update(&mut transaction, access_key_id, change).await?;
        let after = listing::existing(&mut transaction, access_key_id).await?;
        let object = object(access_key_id);
        let (before, told) = (Some(before.to_json()), Some(after.to_json()));
        space.log(&mut transaction, actor, Action { name: "key.change", object: &object, before, after: told }).await?;
        transaction.commit().await?;
        Ok(after)
    }

    /// Revokes a key; it is refused everywhere within a second. [`StoreError::NotFound`] where there is none;
    /// [`StoreError::Stale`] where its revision is not the expected one.
    pub async fn revoke_access_key(
        &self,
        access_key_id: &str,
        expected: Option<Revision>,
        actor: &Actor,
    ) -> Result<ListedAccessKey, StoreError> {
        let space = self.system().expecting(expected);
        let mut transaction = space.begin().await?;
        let before = listing::locked(&mut transaction, access_key_id).await?;
        space.expect(before.revision)?;
        sqlx::query!(
            "update access_keys set state = 'revoked', revoked_at = coalesce(revoked_at, now())
             where access_key_id = $1",
            &storable(access_key_id),
        )
        .execute(&mut *transaction)
        .await?;
        let revoked = listing::existing(&mut transaction, access_key_id).await?;
        let object = object(access_key_id);
        let (before, after) = (Some(before.to_json()), Some(revoked.to_json()));
        space.log(&mut transaction, actor, Action { name: "key.revoke", object: &object, before, after }).await?;
        transaction.commit().await?;
        Ok(revoked)
    }

    /// Removes a key: it is refused everywhere within a second, and listed no longer. [`StoreError::NotFound`] where there
    /// is none; [`StoreError::Stale`] where its revision is not the expected one.
    pub async fn remove_access_key(
        &self,
        access_key_id: &str,
        expected: Option<Revision>,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let space = self.system().expecting(expected);
        let mut transaction = space.begin().await?;
        let before = listing::locked(&mut transaction, access_key_id).await?;
        space.expect(before.revision)?;
        sqlx::query!("delete from access_keys where access_key_id = $1", &storable(access_key_id))
            .execute(&mut *transaction)
            .await?;
        let (object, before) = (object(access_key_id), Some(before.to_json()));
        space.log(&mut transaction, actor, Action { name: "key.remove", object: &object, before, after: None }).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Notes that these keys were used just now. Unknown ones are passed over.
    pub async fn note_key_uses(&self, access_key_ids: &[String]) -> Result<(), StoreError> {
        let mut transaction = self.system().begin().await?;
        // In one order, so that two replicas do not wait for each other in a circle.
        sqlx::query!(
            "with used as (
                 select access_key_id from access_keys where access_key_id = any($1) order by access_key_id for update
             )
             update access_keys a set last_used_at = now() from used u where a.access_key_id = u.access_key_id",
            access_key_ids,
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}

impl ListedAccessKey {
    /// As the audit log keeps it.
    pub(super) fn to_json(&self) -> Value {
        let state = format!("{:?}", self.state).to_lowercase();
        let expires_at = self.expires_at.map(|at| at.to_string());
        let networks = listing::stored(&self.allowed_networks);
        json!({"name": self.name, "grants": self.grants, "state": state, "expires_at": expires_at,
               "allowed_networks": networks})
    }
}

/// What the audit log calls a key.
pub(super) fn object(access_key_id: &str) -> String {
    format!("access key {access_key_id}")
}

async fn update(
    transaction: &mut PgConnection,
    access_key_id: &str,
    change: &AccessKeyChange,
) -> Result<(), StoreError> {
    let networks = change.allowed_networks.as_deref().map(listing::stored);
    sqlx::query!(
        "update access_keys
         set name = coalesce($2, name), grants = coalesce($3::text::json, grants),
             expires_at = case when $4 then $5 else expires_at end,
             allowed_networks = coalesce($6::text[]::cidr[], allowed_networks)
         where access_key_id = $1",
        &storable(access_key_id),
        storable_option(change.name.as_deref()),
        change.grants.as_ref().map(|grants| json!(grants).to_string()),
        change.expires_at.is_some(),
        change.expires_at.flatten(),
        networks.as_deref(),
    )
    .execute(transaction)
    .await?;
    Ok(())
}
