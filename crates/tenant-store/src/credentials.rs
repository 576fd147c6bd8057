//! A tenant's Graph access token, sealed at rest, and what Meta says of it.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::{
    Actor, OpenCredential, Revision, Space, Store, StoreError,
    across_tenants::{self, SealedCredential},
    audit::Action,
    sealing::{Place, Sealed, WrappedKey},
    text::{storable, storable_option},
};

/// Below this length, the last four characters would say too much of a token.
const SHORTEST_WITH_LAST4: usize = 16;

/// How good a token is, by Meta's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum CredentialState {
    /// Meta takes it, as far as is known.
    Valid,
    /// Meta takes it, and will not for much longer.
    Expiring,
    /// Meta refuses it: no call is made with it.
    Invalid,
}

impl CredentialState {
    /// As it is stored, and as events name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expiring => "expiring",
            Self::Invalid => "invalid",
        }
    }
}

/// What Meta said of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialCheck {
    /// How good it is.
    pub state: CredentialState,
    /// Meta's word for why it is not good.
    pub reason: Option<String>,
    /// The Meta app that it was made for.
    pub app_id: Option<String>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it ends; `None` for one without an end.
    pub expires_at: Option<OffsetDateTime>,
    /// After which time Meta is to be asked again.
    pub next: Duration,
}

/// What may be told about a stored token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its last four characters; empty where it is so short that they would give it away.
    pub last4: String,
    /// When it was stored.
    pub updated_at: OffsetDateTime,
    /// How good it is.
    pub state: CredentialState,
    /// Meta's word for why it is not good.
    pub reason: Option<String>,
    /// The Meta app that it was made for; `None` until Meta was asked.
    pub app_id: Option<String>,
    /// What it may do; empty until Meta was asked.
    pub scopes: Vec<String>,
    /// When it ends; `None` for one without an end.
    pub expires_at: Option<OffsetDateTime>,
    /// When Meta was last asked.
    pub checked_at: Option<OffsetDateTime>,
    /// Which state of it this is.
    pub revision: Revision,
}

/// A stored token, to ask Meta about.
#[derive(Debug, Clone)]
pub struct StoredToken {
    /// As it came out of its seal.
    pub token: OpenCredential,
    /// Which one it is: what Meta says is recorded of this one alone.
    pub revision: Revision,
}

impl Store {
    /// Takes up to `limit` tenants whose tokens are due to be asked about. Those for which nothing is recorded are due again
    /// after the lease.
    pub async fn claim_credential_checks(&self, limit: i64, lease: Duration) -> Result<Vec<String>, StoreError> {
        across_tenants::claim_credential_checks(self.pool(), limit, lease).await
    }
}

impl Space<'_> {
    /// Stores the token, of any length, in place of the one before.
    pub async fn set_credential(&self, access_token: &SecretString, actor: &Actor) -> Result<Credential, StoreError> {
        self.replace_credential(access_token, None, actor).await
    }

    /// The same of a token that Meta was asked about.
    pub async fn set_checked_credential(
        &self,
        access_token: &SecretString,
        check: &CredentialCheck,
        actor: &Actor,
    ) -> Result<Credential, StoreError> {
        self.replace_credential(access_token, Some(check), actor).await
    }

    async fn replace_credential(
        &self,
        access_token: &SecretString,
        check: Option<&CredentialCheck>,
        actor: &Actor,
    ) -> Result<Credential, StoreError> {
        let mut transaction = self.begin().await?;
        self.locked(&mut transaction).await?;
        let before = select(&mut transaction, self.cust_space_id).await?;
        self.expect(revision_of(before.as_ref()))?;
        let after = self.put_credential(&mut transaction, access_token, check, actor).await?;
        transaction.commit().await?;
        Ok(after)
    }

    /// Stores the token in a transaction that holds the tenant, and lets the tenant be active where nothing else lacks.
    pub(crate) async fn put_credential(
        &self,
        transaction: &mut PgConnection,
        access_token: &SecretString,
        check: Option<&CredentialCheck>,
        actor: &Actor,
    ) -> Result<Credential, StoreError> {
        let token = access_token.expose_secret();
        let before = select(transaction, self.cust_space_id).await?;
        let place = place(self.cust_space_id);
        let sealed = self.store.data_keys().seal(transaction, place, token.as_bytes()).await?;
        let after = upsert(transaction, self.cust_space_id, (&sealed, &last4(token)), check).await?;
        if after.state == CredentialState::Expiring {
            across_tenants::tell_of_credential(transaction, self.cust_space_id).await?;
        }
        self.activate_if_complete(transaction).await?;
        let action = Action {
            name: "credential.set",
            object: "credential",
            before: before.map(|known| json!({"last4": known.last4})),
            after: Some(json!({"last4": after.last4})),
        };
        self.log(transaction, actor, action).await?;
        Ok(after)
    }

    /// Removes the token; an active tenant is pending from now on. [`StoreError::NotFound`] where there is none.
    pub async fn remove_credential(&self, actor: &Actor) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        self.locked(&mut transaction).await?;
        let before = select(&mut transaction, self.cust_space_id).await?;
        self.expect(revision_of(before.as_ref()))?;
        let before = before.ok_or(StoreError::NotFound { what: "credential" })?;
        self.delete_credential(&mut transaction).await?;
        let before = Some(json!({"last4": before.last4}));
        let action = Action { name: "credential.remove", object: "credential", before, after: None };
        self.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn delete_credential(&self, transaction: &mut PgConnection) -> Result<(), StoreError> {
        sqlx::query!("delete from credentials where cust_space_id = $1", self.cust_space_id)
            .execute(&mut *transaction)
            .await?;
        sqlx::query!(
            "update tenants set status = 'pending' where cust_space_id = $1 and status = 'active'",
            self.cust_space_id,
        )
        .execute(transaction)
        .await?;
        Ok(())
    }

    /// What may be told about the stored token; `None` where there is none.
    pub async fn credential(&self) -> Result<Option<Credential>, StoreError> {
        let mut transaction = self.begin().await?;
        select(&mut transaction, self.cust_space_id).await
    }

    /// The stored token itself; `None` where there is none.
    pub async fn stored_token(&self) -> Result<Option<StoredToken>, StoreError> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query!(
            r#"select c.sealed_token, c.state as "state: CredentialState", c.revision as "revision: Revision",
                      k.version, k.master_key_id, k.wrapped_key
               from credentials c join data_keys k on k.cust_space_id = c.cust_space_id and k.version = c.key_version
               where c.cust_space_id = $1"#,
            self.cust_space_id,
        );
        Ok(row.fetch_optional(&mut *transaction).await?.map(|row| {
            let key = WrappedKey { version: row.version, master_key_id: row.master_key_id, bytes: row.wrapped_key };
            let is_invalid = row.state == CredentialState::Invalid;
            let sealed = SealedCredential { sealed_token: row.sealed_token, key, is_invalid };
            StoredToken { token: open(self.store, self.cust_space_id, Some(sealed)), revision: row.revision }
        }))
    }

    /// Lets the token be due to be asked about after so long at the latest.
    pub async fn hasten_credential_check(&self, after: Duration) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query!(
            "update credentials set check_due_at = least(check_due_at, now() + make_interval(secs => $2))
             where cust_space_id = $1",
            self.cust_space_id,
            after.as_secs_f64(),
        )
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// Records what Meta said of the token of this revision, and tells the ISV's endpoints where that is worse news than
    /// before. Returns false, and records nothing, where the token was replaced since.
    pub async fn record_credential_check(&self, seen: Revision, check: &CredentialCheck) -> Result<bool, StoreError> {
        across_tenants::record_credential_check(self.store.pool(), self.cust_space_id, seen, check).await
    }

    /// The same where an administrator has asked for it, which is in the audit log then.
    pub async fn record_asked_credential_check(
        &self,
        seen: Revision,
        check: &CredentialCheck,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let before = select(&mut transaction, self.cust_space_id).await?.as_ref().map(state_json);
        let recorded =
            across_tenants::record_credential_check(&mut *transaction, self.cust_space_id, seen, check).await?;
        let after = select(&mut transaction, self.cust_space_id).await?.as_ref().map(state_json);
        let action = Action { name: "credential.check", object: "credential", before, after };
        self.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(recorded)
    }
}

/// What a check may change, as the audit log keeps it.
fn state_json(credential: &Credential) -> Value {
    json!({"state": credential.state.as_str(), "reason": credential.reason})
}

/// Opens a tenant's token. One that does not open is told to the log, and harms nobody else.
pub(crate) fn open(store: &Store, cust_space_id: &str, sealed: Option<SealedCredential>) -> OpenCredential {
    let Some(SealedCredential { sealed_token, key, is_invalid }) = sealed else {
        return OpenCredential::Missing;
    };
    let opened = store.data_keys().open(place(cust_space_id), &key, &sealed_token);
    match opened.map(|token| str::from_utf8(&token).map(SecretString::from)) {
        Ok(Ok(token)) if is_invalid => OpenCredential::Invalid(token),
        Ok(Ok(token)) => OpenCredential::Open(token),
        Ok(Err(_)) => {
            tracing::error!(cust_space_id, "the stored token is not UTF-8; set the credential again");
            OpenCredential::Unreadable
        }
        Err(error) => {
            tracing::error!(cust_space_id, %error, "the tenant's token cannot be read");
            OpenCredential::Unreadable
        }
    }
}

/// A credential that is not there has a revision, too, so that nobody makes one that somebody else has just made.
fn revision_of(credential: Option<&Credential>) -> Revision {
    credential.map_or(Revision(0), |known| known.revision)
}

fn place(cust_space_id: &str) -> Place<'_> {
    Place { space: cust_space_id, table: "credentials", column: "sealed_token", row: cust_space_id }
}

fn last4(token: &str) -> String {
    let length = token.chars().count();
    if length < SHORTEST_WITH_LAST4 { String::new() } else { token.chars().skip(length - 4).collect() }
}

async fn select(transaction: &mut PgConnection, cust_space_id: &str) -> Result<Option<Credential>, StoreError> {
    let credential = sqlx::query_as!(
        Credential,
        r#"select last4, updated_at, state as "state: CredentialState", reason, app_id, scopes, expires_at, checked_at,
                  revision as "revision: Revision"
           from credentials where cust_space_id = $1"#,
        cust_space_id
    );
    Ok(credential.fetch_optional(transaction).await?)
}

async fn upsert(
    transaction: &mut PgConnection,
    cust_space_id: &str,
    (sealed, last4): (&Sealed, &str),
    check: Option<&CredentialCheck>,
) -> Result<Credential, StoreError> {
    let credential = sqlx::query_as!(
        Credential,
        r#"insert into credentials as c (cust_space_id, sealed_token, key_version, last4, state, reason, app_id, scopes,
                                         expires_at, checked_at, check_due_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $10::float8 is null then null else now() end,
                   now() + make_interval(secs => coalesce($10, 0)) * (1 - random() / 10))
           on conflict (cust_space_id) do update
           set sealed_token = excluded.sealed_token, key_version = excluded.key_version, last4 = excluded.last4,
               updated_at = now(), state = excluded.state, reason = excluded.reason, app_id = excluded.app_id,
               scopes = excluded.scopes, expires_at = excluded.expires_at, checked_at = excluded.checked_at,
               check_due_at = excluded.check_due_at
           returning last4, updated_at, state as "state: CredentialState", reason, app_id, scopes, expires_at, checked_at,
                     revision as "revision: Revision""#,
        cust_space_id,
        sealed.bytes,
        sealed.key_version,
        &storable(last4),
        check.map_or(CredentialState::Valid, |check| check.state).as_str(),
        storable_option(check.and_then(|check| check.reason.as_deref())),
        storable_option(check.and_then(|check| check.app_id.as_deref())),
        check.map_or(&[][..], |check| &check.scopes),
        check.and_then(|check| check.expires_at),
        check.map(|check| check.next.as_secs_f64()),
    );
    Ok(credential.fetch_one(transaction).await?)
}

#[cfg(test)]
mod tests {
    use super::last4;

    #[test]
    fn a_short_token_shows_nothing_of_itself() {
        assert_eq!(last4("EAAB-short"), "");
        assert_eq!(last4("EAABsbCS1iHgBO7ZAwxyz"), "wxyz");
    }
}
