//! External issuers of JWTs. They belong to no single tenant, so they live in the space `_system`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Actor, IssuerId, Revision, Space, Store, StoreError,
    audit::Action,
    text::{storable, storable_option},
};

mod narrowing;

pub(crate) use narrowing::forget_tenant;

const NO_ISSUER: StoreError = StoreError::NotFound { what: "issuer" };

/// An issuer whose tokens are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Its ID.
    pub issuer_id: IssuerId,
    /// `iss`, exactly as its tokens have it.
    pub issuer: String,
    /// What `aud` of its tokens must name.
    pub audience: String,
    /// Where its keys stand, as [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517) has them.
    pub jwks_url: String,
    /// How its tokens may be signed: `RS256`, `ES256`, `EdDSA`.
    pub algorithms: Vec<String>,
    /// What its tokens' claims allow.
    pub claims: Vec<ClaimRule>,
    /// When it was added.
    pub created_at: OffsetDateTime,
    /// When it was changed last.
    pub updated_at: OffsetDateTime,
    /// Which state of it this is.
    pub revision: Revision,
}

/// What a token may do whose claim has this value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRule {
    /// The claim's name; with a `/` at its beginning, a JSON pointer
    /// ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)) into the claims.
    pub claim: String,
    /// What it must be, or hold.
    pub value: String,
    /// On whom: `CustSpaceId`s, or `["*"]` for all.
    #[serde(default)]
    pub cust_space_ids: Vec<String>,
    /// In place of these, the claim that names the tenants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cust_space_ids_claim: Option<String>,
    /// What: scopes, such as `groups.read`.
    pub scopes: Vec<String>,
}

/// An issuer to add. The fields are those of [`Issuer`].
#[derive(Debug, Clone, Default)]
pub struct NewIssuer {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// Where its keys stand.
    pub jwks_url: String,
    /// How its tokens may be signed.
    pub algorithms: Vec<String>,
    /// What its tokens' claims allow.
    pub claims: Vec<ClaimRule>,
}

/// What is to be different of an issuer; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct IssuerChange {
    /// `aud`.
    pub audience: Option<String>,
    /// Where its keys stand.
    pub jwks_url: Option<String>,
    /// How its tokens may be signed.
    pub algorithms: Option<Vec<String>>,
    /// What its tokens' claims allow.
    pub claims: Option<Vec<ClaimRule>>,
}

impl Store {
    /// All issuers, in the order in which they were added.
    pub async fn issuers(&self) -> Result<Vec<Issuer>, StoreError> {
        let mut transaction = self.system().begin().await?;
        select(&mut transaction, None).await
    }

    /// One issuer; `None` where there is none of this ID.
    pub async fn issuer(&self, id: IssuerId) -> Result<Option<Issuer>, StoreError> {
        let mut transaction = self.system().begin().await?;
        Ok(select(&mut transaction, Some(id)).await?.pop())
    }

    /// Adds an issuer; its tokens are accepted everywhere within a second. [`StoreError::Conflict`] where there is one of
    /// this `iss`.
    pub async fn add_issuer(&self, new: &NewIssuer, actor: &Actor) -> Result<Issuer, StoreError> {
        let (space, id) = (self.system(), IssuerId(Uuid::new_v4()));
        let mut transaction = space.begin().await?;
        insert(&mut transaction, id, new).await?;
        let added = select(&mut transaction, Some(id)).await?.pop().ok_or(NO_ISSUER)?;
        log(space, &mut transaction, actor, "issuer.add", (None, Some(&added))).await?;
        transaction.commit().await?;
        Ok(added)
    }
}

impl Space<'_> {
    /// Changes an issuer, in the space of the ISV. [`StoreError::NotFound`] where there is none of this ID,
    /// [`StoreError::Stale`] where it was changed since.
    pub async fn change_issuer(
        &self,
        id: IssuerId,
        change: &IssuerChange,
        actor: &Actor,
    ) -> Result<Issuer, StoreError> {
        let mut transaction = self.begin().await?;
        let before = self.lock_issuer(&mut transaction, id).await?;
        update(&mut transaction, id, change).await?;
        let after = select(&mut transaction, Some(id)).await?.pop().ok_or(NO_ISSUER)?;
        log(*self, &mut transaction, actor, "issuer.change", (Some(&before), Some(&after))).await?;
        transaction.commit().await?;
        Ok(after)
    }

    /// Removes an issuer, in the space of the ISV; its tokens are refused everywhere within a second. Errors as
    /// [`Space::change_issuer`].
    pub async fn remove_issuer(&self, id: IssuerId, actor: &Actor) -> Result<Issuer, StoreError> {
        let mut transaction = self.begin().await?;
        let removed = self.lock_issuer(&mut transaction, id).await?;
        sqlx::query!("delete from issuers where issuer_id = $1", id.0).execute(&mut *transaction).await?;
        log(*self, &mut transaction, actor, "issuer.remove", (Some(&removed), None)).await?;
        transaction.commit().await?;
        Ok(removed)
    }

    /// The issuer as the caller expects it, locked until the transaction ends.
    async fn lock_issuer(&self, transaction: &mut PgConnection, id: IssuerId) -> Result<Issuer, StoreError> {
        let lock = sqlx::query_scalar!("select 1 from issuers where issuer_id = $1 for update", id.0);
        lock.fetch_optional(&mut *transaction).await?;
        let found = select(transaction, Some(id)).await?.pop().ok_or(NO_ISSUER)?;
        self.expect(found.revision)?;
        Ok(found)
    }
}

impl Issuer {
    /// As the audit log keeps it. A URL's query may hold what is nobody's to read: it is left out.
    fn to_json(&self) -> Value {
        let url = self.jwks_url.split(['?', '#']).next();
        json!({"issuer": self.issuer, "audience": self.audience, "jwks_url": url, "algorithms": self.algorithms,
               "claims": self.claims})
    }
}

async fn log(
    space: Space<'_>,
    transaction: &mut PgConnection,
    actor: &Actor,
    name: &'static str,
    (before, after): (Option<&Issuer>, Option<&Issuer>),
) -> Result<(), StoreError> {
    let object = before.or(after).map(|issuer| format!("issuer {}", issuer.issuer_id)).unwrap_or_default();
    let (before, after) = (before.map(Issuer::to_json), after.map(Issuer::to_json));
    space.log(transaction, actor, Action { name, object: &object, before, after }).await
}

struct Row {
    issuer_id: IssuerId,
    issuer: String,
    audience: String,
    jwks_url: String,
    algorithms: Vec<String>,
    claims: Json<Vec<ClaimRule>>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    revision: Revision,
}

impl From<Row> for Issuer {
    fn from(row: Row) -> Self {
        let Row { issuer_id, issuer, audience, jwks_url, algorithms, claims, created_at, updated_at, revision } = row;
        let claims = claims.0;
        Self { issuer_id, issuer, audience, jwks_url, algorithms, claims, created_at, updated_at, revision }
    }
}

async fn select(transaction: &mut PgConnection, id: Option<IssuerId>) -> Result<Vec<Issuer>, StoreError> {
    let issuers = sqlx::query_as!(
        Row,
        r#"select issuer_id as "issuer_id: IssuerId", issuer, audience, jwks_url, algorithms,
                  claims as "claims: Json<Vec<ClaimRule>>", created_at, updated_at, revision as "revision: Revision"
           from issuers where $1::uuid is null or issuer_id = $1 order by created_at, issuer_id"#,
        id.map(|id| id.0),
    );
    Ok(issuers.fetch_all(transaction).await?.into_iter().map(Into::into).collect())
}

async fn insert(transaction: &mut PgConnection, id: IssuerId, new: &NewIssuer) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into issuers (issuer_id, issuer, audience, jwks_url, algorithms, claims)
         values ($1, $2, $3, $4, $5, $6::text::json)",
        id.0,
        &storable(&new.issuer),
        &storable(&new.audience),
        &storable(&new.jwks_url),
        &new.algorithms,
        json!(new.claims).to_string(),
    )
    .execute(transaction)
    .await?;
    Ok(())
}

async fn update(transaction: &mut PgConnection, id: IssuerId, change: &IssuerChange) -> Result<(), StoreError> {
    sqlx::query!(
        "update issuers
         set audience = coalesce($2, audience), jwks_url = coalesce($3, jwks_url),
             algorithms = coalesce($4, algorithms), claims = coalesce($5::text::json, claims), updated_at = now()
         where issuer_id = $1",
        id.0,
        storable_option(change.audience.as_deref()),
        storable_option(change.jwks_url.as_deref()),
        change.algorithms.as_deref(),
        change.claims.as_ref().map(|claims| json!(claims).to_string()),
    )
    .execute(transaction)
    .await?;
    Ok(())
}
