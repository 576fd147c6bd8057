//! Opens every sealed value of a space, and tells what does not open.

use sqlx::PgConnection;

use super::{Place, UnreadableSecret, WrappedKey, data_keys};
use crate::{Space, StoreError};

/// What came of opening a space's secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifiedSecrets {
    /// How many sealed values open, data keys among them.
    pub opened: u64,
    /// Those that do not.
    pub unreadable: Vec<UnreadableSecret>,
}

impl Space<'_> {
    /// Opens every sealed value of this space, and the data key that would seal the next one, and forgets what it saw.
    pub async fn verify_secrets(&self) -> Result<VerifiedSecrets, StoreError> {
        let mut transaction = self.begin().await?;
        let key = data_keys::newest_data_key(&mut transaction, self.cust_space_id).await?;
        let values = select_values(&mut transaction, self.cust_space_id).await?;
        transaction.commit().await?;
        let key = key.iter().map(|key| self.verify_key(key));
        let values = values.iter().map(|value| self.verify_value(value));
        let mut verified = VerifiedSecrets::default();
        for unreadable in key.chain(values) {
            match unreadable {
                None => verified.opened += 1,
                Some(unreadable) => verified.unreadable.push(unreadable),
            }
        }
        Ok(verified)
    }

    /// `None` where it opens.
    fn verify_key(&self, key: &WrappedKey) -> Option<UnreadableSecret> {
        let opened = self.store.data_keys().clear(self.cust_space_id, key);
        opened.err().map(|why| UnreadableSecret::data_key(self.cust_space_id, key, why))
    }

    /// `None` where it opens.
    fn verify_value(&self, value: &SealedValue) -> Option<UnreadableSecret> {
        let SealedValue { table, column, row, sealed, version, master_key_id, wrapped_key } = value;
        let place = Place { space: self.cust_space_id, table, column, row };
        let (master_key_id, bytes) = (master_key_id.clone(), wrapped_key.clone());
        let key = WrappedKey { version: *version, master_key_id, bytes };
        let opened = self.store.data_keys().try_open(place, &key, sealed);
        opened.err().map(|why| UnreadableSecret::new(place, &key, why))
    }
}

/// A sealed value with the data key that opens it.
struct SealedValue {
    table: String,
    column: String,
    row: String,
    sealed: Vec<u8>,
    version: i32,
    master_key_id: String,
    wrapped_key: Vec<u8>,
}

/// Every column that holds sealed values, each row under the name that it was sealed with. A test compares the list with the
/// schema.
async fn select_values(transaction: &mut PgConnection, space: &str) -> Result<Vec<SealedValue>, StoreError> {
    let values = sqlx::query_as!(
        SealedValue,
        r#"select v.place[1] as "table!", v.place[2] as "column!", v.id as "row!", v.sealed as "sealed!",
                  k.version, k.master_key_id, k.wrapped_key
           from (
               select array['credentials', 'sealed_token'] as place, cust_space_id as id, sealed_token as sealed,
                      key_version
               from credentials where cust_space_id = $1
               union all
               select array['onboardings', 'sealed_token'], cust_space_id, sealed_token, key_version
               from onboardings where cust_space_id = $1 and sealed_token is not null
               union all
               select array['access_keys', 'sealed_secret'], access_key_id, sealed_secret, key_version
               from access_keys where cust_space_id = $1
               union all
               select array['access_keys', 'previous_secret'], access_key_id, previous_secret, previous_key_version
               from access_keys where cust_space_id = $1 and previous_secret is not null
               union all
               select array['signing_keys', 'sealed_private'], kid, sealed_private, key_version
               from signing_keys where cust_space_id = $1
               union all
               select array['console_sessions', 'sealed_proof'], session_id, sealed_proof, key_version
               from console_sessions where cust_space_id = $1
               union all
               select array['endpoints', 'sealed_secret'], 'ep_' || replace(endpoint_id::text, '-', ''), sealed_secret,
                      key_version
               from endpoints where cust_space_id = $1
               union all
               select array['endpoints', 'previous_secret'], 'ep_' || replace(endpoint_id::text, '-', ''), previous_secret,
                      previous_key_version
               from endpoints where cust_space_id = $1 and previous_secret is not null
           ) v
           join data_keys k on k.cust_space_id = $1 and k.version = v.key_version
           order by 1, 2, 3"#,
        space,
    );
    Ok(values.fetch_all(transaction).await?)
}
