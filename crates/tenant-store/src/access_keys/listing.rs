//! Access keys as administrators see them.

use ipnet::IpNet;
use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;

use super::{Grant, KeyState, ListedAccessKey};
use crate::{Revision, Store, StoreError, text::storable, text::storable_option};

/// Which keys are asked for. What is `None` is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessKeyFilter {
    /// Those that stand so now.
    pub standing: Option<KeyStanding>,
    /// Those whose name has this in it, in capitals or not.
    pub name: Option<String>,
    /// Those that may act for this tenant, by name or for all.
    pub cust_space_id: Option<String>,
}

/// How a key stands, its end counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStanding {
    /// It is accepted.
    Active,
    /// Its time is over.
    Expired,
    /// An administrator has revoked it.
    Revoked,
}

impl KeyStanding {
    fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

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
        self.find_access_keys(&AccessKeyFilter::default(), "", i64::MAX).await
    }

    /// Up to `limit` of the keys that are asked for after the ID `after` (`""` begins), in the order of their IDs.
    pub async fn find_access_keys(
        &self,
        filter: &AccessKeyFilter,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ListedAccessKey>, StoreError> {
        let mut transaction = self.system().begin().await?;
        let keys = sqlx::query_as!(
            Row,
            r#"select access_key_id, name, grants as "grants: Json<Vec<Grant>>", state as "state: KeyState", expires_at,
                      allowed_networks::text[] as "allowed_networks!",
                      case when previous_until > now() then previous_until end as previous_until, last_used_at,
                      created_at, revision as "revision: Revision"
               from access_keys
               where access_key_id > $1
                   and ($3::text is null or $3 = case when state = 'revoked' then 'revoked'
                                                      when expires_at <= now() then 'expired' else 'active' end)
                   and ($4::text is null or strpos(lower(name), lower($4)) > 0)
                   and ($5::text is null or exists (
                       select 1 from json_array_elements(grants) g, json_array_elements_text(g -> 'cust_space_ids') t
                       where t in ($5, '*')
                   ))
               order by access_key_id limit $2"#,
            &storable(after),
            limit,
            filter.standing.map(KeyStanding::as_str),
            storable_option(filter.name.as_deref()),
            storable_option(filter.cust_space_id.as_deref()),
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
