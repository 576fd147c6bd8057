//! Access keys: what callers hold. They belong to no single tenant, so they live in the space `_system`.

use ipnet::IpNet;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::{
    Actor, Revision, Store, StoreError, across_tenants,
    audit::Action,
    sealing::{Place, Sealed},
    store::SYSTEM,
    text::storable,
};

mod changing;
mod holding;
mod listing;
mod making;
mod narrowing;
mod rotating;

pub use changing::AccessKeyChange;
pub(crate) use listing::networks;
pub use listing::{AccessKeyFilter, KeyStanding};
pub(crate) use narrowing::forget_tenant;
pub use rotating::{PreviousSecret, RotatedAccessKey};

/// Which tenants and scopes a key carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// `CustSpaceId`s, or `["*"]` for all.
    pub cust_space_ids: Vec<String>,
    /// Scopes, such as `groups.read`.
    pub scopes: Vec<String>,
}

/// Whether a key is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum KeyState {
    /// It is, until it expires.
    Active,
    /// An administrator has revoked it.
    Revoked,
}

/// An access key to make.
#[derive(Debug, Clone, Default)]
pub struct NewAccessKey {
    /// A name for people.
    pub name: String,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// When it stops to be accepted.
    pub expires_at: Option<OffsetDateTime>,
    /// The networks that it may be used from; from anywhere where that is empty.
    pub allowed_networks: Vec<IpNet>,
    /// Its ID; made at random where absent.
    pub access_key_id: Option<String>,
    /// Its secret; made at random where absent.
    pub secret: Option<SecretString>,
}

/// A key that was just made: the only time its secret is shown.
#[derive(Debug, Clone)]
pub struct CreatedAccessKey {
    /// `AccessKeyId`.
    pub access_key_id: String,
    /// `AccessKeySecret`.
    pub secret: SecretString,
    /// The key, as administrators see it from then on.
    pub listed: ListedAccessKey,
}

/// A key with its secret, for checking a caller.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// `AccessKeyId`.
    pub access_key_id: String,
    /// A name for people.
    pub name: String,
    /// `AccessKeySecret`.
    pub secret: SecretString,
    /// The secret before the last rotation, as long as it is good too.
    pub previous: Option<PreviousSecret>,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// Whether it is accepted.
    pub state: KeyState,
    /// When it stops to be accepted.
    pub expires_at: Option<OffsetDateTime>,
    /// The networks that it may be used from; from anywhere where that is empty.
    pub allowed_networks: Vec<IpNet>,
}

/// A key, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAccessKey {
    /// `AccessKeyId`.
    pub access_key_id: String,
    /// A name for people.
    pub name: String,
    /// What it may do.
    pub grants: Vec<Grant>,
    /// Whether it is accepted.
    pub state: KeyState,
    /// When it stops to be accepted.
    pub expires_at: Option<OffsetDateTime>,
    /// The networks that it may be used from; from anywhere where that is empty.
    pub allowed_networks: Vec<IpNet>,
    /// Until when the secret before the last rotation is good; `None` where it no longer is.
    pub previous_until: Option<OffsetDateTime>,
    /// When it was last used, to a minute; `None` for never.
    pub last_used_at: Option<OffsetDateTime>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Which state of it this is.
    pub revision: Revision,
}

impl Store {
    /// Makes a key. [`StoreError::Conflict`] where a given ID is taken; [`StoreError::NotFound`] where a tenant that its
    /// grants name is none.
    pub async fn create_access_key(&self, new: &NewAccessKey, actor: &Actor) -> Result<CreatedAccessKey, StoreError> {
        let making::Made { access_key_id, secret } = making::made(new)?;
        let id = access_key_id.as_str();
        let space = self.system();
        let mut transaction = space.begin().await?;
        holding::hold_tenants(&mut transaction, &new.grants).await?;
        let clear = secret.expose_secret().as_bytes();
        let sealed = self.data_keys().seal(&mut transaction, place(id), clear).await?;
        insert(&mut transaction, id, new, &sealed).await?;
        let listed = listing::existing(&mut transaction, id).await?;
        let object = changing::object(id);
        let action = Action { name: "key.create", object: &object, before: None, after: Some(listed.to_json()) };
        space.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(CreatedAccessKey { access_key_id, secret, listed })
    }

    /// One key with its secret, in one statement; `None` where there is none of this ID.
    pub async fn access_key(&self, access_key_id: &str) -> Result<Option<AccessKey>, StoreError> {
        let Some(found) = across_tenants::open_access_key(self.pool(), access_key_id).await? else {
            return Ok(None);
        };
        let secret = self.data_keys().open(place(access_key_id), &found.key, &found.sealed_secret)?;
        let secret = str::from_utf8(&secret).map(SecretString::from).map_err(|_| StoreError::Unreadable {
            place: format!("access_keys.sealed_secret of {access_key_id} (not UTF-8)"),
        })?;
        Ok(Some(AccessKey {
            access_key_id: access_key_id.to_owned(),
            name: found.name,
            secret,
            previous: found.previous.and_then(|sealed| rotating::open_previous(self, access_key_id, &sealed)),
            grants: found.grants,
            state: found.state,
            expires_at: found.expires_at,
            allowed_networks: found.allowed_networks,
        }))
    }
}

fn place(access_key_id: &str) -> Place<'_> {
    Place { space: SYSTEM, table: "access_keys", column: "sealed_secret", row: access_key_id }
}

async fn insert(
    transaction: &mut PgConnection,
    access_key_id: &str,
    new: &NewAccessKey,
    sealed: &Sealed,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into access_keys (access_key_id, name, grants, sealed_secret, key_version, expires_at, allowed_networks)
         values ($1, $2, $3::text::json, $4, $5, $6, $7::text[]::cidr[])",
        access_key_id,
        &storable(&new.name),
        json!(new.grants).to_string(),
        sealed.bytes,
        sealed.key_version,
        new.expires_at,
        &listing::stored(&new.allowed_networks),
    )
    .execute(transaction)
    .await?;
    Ok(())
}
