//! A tenant's Graph access token, sealed at rest.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::{
    Actor, OpenCredential, Space, Store, StoreError,
    across_tenants::SealedCredential,
    audit::Action,
    sealing::{Place, Sealed},
    text::storable,
};

/// Below this length, the last four characters would say too much of a token.
const SHORTEST_WITH_LAST4: usize = 16;

/// What may be told about a stored token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its last four characters; empty where it is so short that they would give it away.
    pub last4: String,
    /// When it was stored.
    pub updated_at: OffsetDateTime,
}

impl Space<'_> {
    /// Stores the token, of any length, in place of the one before.
    pub async fn set_credential(&self, access_token: &SecretString, actor: &Actor) -> Result<Credential, StoreError> {
        let token = access_token.expose_secret();
        let mut transaction = self.begin().await?;
        self.existing(&mut transaction).await?;
        let before = select(&mut transaction, self.cust_space_id).await?;
        let place = place(self.cust_space_id);
        let sealed = self.store.data_keys().seal(&mut transaction, place, token.as_bytes()).await?;
        let after = upsert(&mut transaction, self.cust_space_id, &sealed, &last4(token)).await?;
        self.activate_if_complete(&mut transaction).await?;
        let action = Action {
            name: "credential.set",
            object: "credential",
            before: before.map(|known| json!({"last4": known.last4})),
            after: Some(json!({"last4": after.last4})),
        };
        self.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(after)
    }

    /// What may be told about the stored token; `None` where there is none.
    pub async fn credential(&self) -> Result<Option<Credential>, StoreError> {
        let mut transaction = self.begin().await?;
        select(&mut transaction, self.cust_space_id).await
    }
}

/// Opens a tenant's token. One that does not open is told to the log, and harms nobody else.
pub(crate) fn open(store: &Store, cust_space_id: &str, sealed: Option<SealedCredential>) -> OpenCredential {
    let Some(SealedCredential { sealed_token, key }) = sealed else {
        return OpenCredential::Missing;
    };
    let opened = store.data_keys().open(place(cust_space_id), &key, &sealed_token);
    match opened.map(|token| str::from_utf8(&token).map(SecretString::from)) {
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
        "select last4, updated_at from credentials where cust_space_id = $1",
        cust_space_id
    );
    Ok(credential.fetch_optional(transaction).await?)
}

async fn upsert(
    transaction: &mut PgConnection,
    cust_space_id: &str,
    sealed: &Sealed,
    last4: &str,
) -> Result<Credential, StoreError> {
    let credential = sqlx::query_as!(
        Credential,
        "insert into credentials as c (cust_space_id, sealed_token, key_version, last4) values ($1, $2, $3, $4)
         on conflict (cust_space_id) do update
         set sealed_token = excluded.sealed_token, key_version = excluded.key_version, last4 = excluded.last4,
             updated_at = now()
         returning last4, updated_at",
        cust_space_id,
        sealed.bytes,
        sealed.key_version,
        &storable(last4),
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
