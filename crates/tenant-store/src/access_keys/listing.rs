//! Access keys as administrators see them.

use ipnet::IpNet;
use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;

use super::{Grant, KeyState, ListedAccessKey};
use crate::{Revision, Store, StoreError, text::storable};

struct Row {
    access_key_id: String,
    name: String,
    grants: Json<Vec<Grant>>,
    state: KeyState,
    expires_at: Option<OffsetDateTime>,
    allowed_networks: Vec<String>,
    previous_until: Option<OffsetDateTime>,
    last_used_at: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    revision: Revision,
}

impl Store {
    /// All keys, in the order of their IDs.
    pub async fn list_access_keys(&self) -> Result<Vec<ListedAccessKey>, StoreError> {
        self.access_keys_after("", i64::MAX).await
    }

    /// Up to `limit` keys after the ID `after` (`""` begins), in the order of their IDs.
    pub async fn access_keys_after(&self, after: &str, limit: i64) -> Result<Vec<ListedAccessKey>, StoreError> {
        let mut transaction = self.system().begin().await?;
        let keys = sqlx::query_as!(
            Row,
            r#"select access_key_id, name, grants as "grants: Json<Vec<Grant>>", state as "state: KeyState", expires_at,
                      allowed_networks::text[] as "allowed_networks!",
                      case when previous_until > now() then previous_until end as previous_until, last_used_at,
                      created_at, revision as "revision: Revision"
               from access_keys where access_key_id > $1 order by access_key_id limit $2"#,
            &storable(after),
            limit,
        );
        keys.fetch_all(&mut *transaction).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// One key; `None` where there is none of this ID.
    pub async fn listed_access_key(&self, access_key_id: &str) -> Result<Option<ListedAccessKey>, StoreError> {
        select(&mut *self.system().begin().await?, access_key_id).await
    }
}

/// The key, locked until the transaction ends.
pub(super) async fn locked(transaction: &mut PgConnection, access_key_id: &str) -> Result<ListedAccessKey, StoreError> {
    sqlx::query_scalar!("select 1 from access_keys where access_key_id = $1 for update", &storable(access_key_id))
        .fetch_optional(&mut *transaction)
        .await?;
    existing(transaction, access_key_id).await
}

/// The key as the transaction left it.
pub(super) async fn existing(
    transaction: &mut PgConnection,
    access_key_id: &str,
) -> Result<ListedAccessKey, StoreError> {
    select(transaction, access_key_id).await?.ok_or(StoreError::NotFound { what: "access key" })
}

async fn select(transaction: &mut PgConnection, access_key_id: &str) -> Result<Option<ListedAccessKey>, StoreError> {
    let key = sqlx::query_as!(
        Row,
        r#"select access_key_id, name, grants as "grants: Json<Vec<Grant>>", state as "state: KeyState", expires_at,
                  allowed_networks::text[] as "allowed_networks!",
                  case when previous_until > now() then previous_until end as previous_until, last_used_at,
                  created_at, revision as "revision: Revision"
           from access_keys where access_key_id = $1"#,
        &storable(access_key_id),
    );
    key.fetch_optional(transaction).await?.map(TryInto::try_into).transpose()
}

/// Networks as they are stored. One that cannot be read is an error: without it, the key would be good from anywhere.
pub(crate) fn networks(stored: &[String]) -> Result<Vec<IpNet>, StoreError> {
    let read = |text: &String| text.parse().map_err(|_| StoreError::Internal(format!("{text} is no network")));
    stored.iter().map(read).collect()
}

/// Networks as they are to be stored: PostgreSQL takes no bits behind the prefix.
pub(super) fn stored(networks: &[IpNet]) -> Vec<String> {
    networks.iter().map(|network| network.trunc().to_string()).collect()
}

impl TryFrom<Row> for ListedAccessKey {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            access_key_id: row.access_key_id,
            name: row.name,
            grants: row.grants.0,
            state: row.state,
            expires_at: row.expires_at,
            allowed_networks: networks(&row.allowed_networks)?,
            previous_until: row.previous_until,
            last_used_at: row.last_used_at,
            created_at: row.created_at,
            revision: row.revision,
        })
    }
}
