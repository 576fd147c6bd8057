//! Access keys: what callers hold. They belong to no single tenant, so they live in the space `_system`.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;

use crate::{
    Actor, Store, StoreError, across_tenants,
    audit::Action,
    sealing::{Place, Sealed},
    store::SYSTEM,
    text::storable,
};

mod making;
mod narrowing;
mod rotating;

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
    /// Until when the secret before the last rotation is good; `None` where it no longer is.
    pub previous_until: Option<OffsetDateTime>,
    /// When it was made.
    pub created_at: OffsetDateTime,
}

impl Store {
    /// Makes a key. [`StoreError::Conflict`] where a given ID is taken.
    pub async fn create_access_key(&self, new: &NewAccessKey, actor: &Actor) -> Result<CreatedAccessKey, StoreError> {
        let created = making::created(new)?;
        let id = created.access_key_id.as_str();
        let space = self.system();
        let mut transaction = space.begin().await?;
        let secret = created.secret.expose_secret().as_bytes();
        let sealed = self.data_keys().seal(&mut transaction, place(id), secret).await?;
        insert(&mut transaction, id, new, &sealed).await?;
        let object = format!("access key {id}");
        let after = json!({"name": new.name, "grants": new.grants});
        let action = Action { name: "key.create", object: &object, before: None, after: Some(after) };
        space.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(created)
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
        }))
    }

    /// All keys, in the order of their IDs.
    pub async fn list_access_keys(&self) -> Result<Vec<ListedAccessKey>, StoreError> {
        let mut transaction = self.system().begin().await?;
        let keys = sqlx::query_as!(
            ListedRow,
            r#"select access_key_id, name, grants as "grants: Json<Vec<Grant>>", state as "state: KeyState",
                      expires_at, case when previous_until > now() then previous_until end as previous_until, created_at
               from access_keys order by access_key_id"#,
        );
        Ok(keys.fetch_all(&mut *transaction).await?.into_iter().map(Into::into).collect())
    }

    /// Revokes a key; it is refused everywhere within a second. [`StoreError::NotFound`] where there is none.
    pub async fn revoke_access_key(&self, access_key_id: &str, actor: &Actor) -> Result<ListedAccessKey, StoreError> {
        let space = self.system();
        let mut transaction = space.begin().await?;
        let revoked =
            revoke(&mut transaction, access_key_id).await?.ok_or(StoreError::NotFound { what: "access key" })?;
        let object = format!("access key {access_key_id}");
        let after = json!({"state": "revoked"});
        let action = Action { name: "key.revoke", object: &object, before: None, after: Some(after) };
        space.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(revoked)
    }
}

struct ListedRow {
    access_key_id: String,
    name: String,
    grants: Json<Vec<Grant>>,
    state: KeyState,
    expires_at: Option<OffsetDateTime>,
    previous_until: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
}

impl From<ListedRow> for ListedAccessKey {
    fn from(row: ListedRow) -> Self {
        let ListedRow { access_key_id, name, grants: Json(grants), state, expires_at, previous_until, created_at } =
            row;
        Self { access_key_id, name, grants, state, expires_at, previous_until, created_at }
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
        "insert into access_keys (access_key_id, name, grants, sealed_secret, key_version, expires_at)
         values ($1, $2, $3::text::json, $4, $5, $6)",
        access_key_id,
        &storable(&new.name),
        json!(new.grants).to_string(),
        sealed.bytes,
        sealed.key_version,
        new.expires_at,
    )
    .execute(transaction)
    .await?;
    Ok(())
}

async fn revoke(transaction: &mut PgConnection, access_key_id: &str) -> Result<Option<ListedAccessKey>, StoreError> {
    let revoked = sqlx::query_as!(
        ListedRow,
        r#"update access_keys set state = 'revoked', revoked_at = coalesce(revoked_at, now())
           where access_key_id = $1
           returning access_key_id, name, grants as "grants: Json<Vec<Grant>>", state as "state: KeyState",
                     expires_at, case when previous_until > now() then previous_until end as previous_until, created_at"#,
        &storable(access_key_id),
    );
    Ok(revoked.fetch_optional(transaction).await?.map(Into::into))
}
