//! The audit log: who changed what, when and from where. The gateway's role can add to it and read it, never alter it.

use std::net::IpAddr;

use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Space, StoreError,
    text::{json_text, storable},
};

/// Who makes an administrative change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// An `AccessKeyId`, or a name such as `command line`.
    pub name: String,
    /// Where the call came from.
    pub address: Option<IpAddr>,
    /// The request ID of the call.
    pub request_id: Option<Uuid>,
}

/// One administrative change.
#[derive(Clone)]
pub struct AuditEntry {
    /// When it was committed.
    pub at: OffsetDateTime,
    /// [`Actor::name`].
    pub actor: String,
    /// What was done: `tenant.add`, `credential.set`, ….
    pub action: String,
    /// What it was done to, such as `number 15550000001`.
    pub object: String,
    /// The state before, secrets masked; `None` where there was nothing.
    pub before: Option<Value>,
    /// The state after, secrets masked; `None` where nothing is left.
    pub after: Option<Value>,
    /// [`Actor::address`].
    pub address: Option<IpAddr>,
    /// [`Actor::request_id`].
    pub request_id: Option<Uuid>,
}

/// What an administrative change did, for its row in the log.
pub(crate) struct Action<'a> {
    pub(crate) name: &'static str,
    pub(crate) object: &'a str,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

impl Space<'_> {
    /// The newest entries of this space, newest first.
    pub async fn audit(&self, limit: i64) -> Result<Vec<AuditEntry>, StoreError> {
        let mut transaction = self.begin().await?;
        let rows = sqlx::query!(
            "select at, actor, action, object, before, after, host(address) as address, request_id
             from audit_log where cust_space_id = $1 order by id desc limit $2",
            self.cust_space_id,
            limit,
        )
        .fetch_all(&mut *transaction)
        .await?;
        let entries = rows.into_iter().map(|row| AuditEntry {
            at: row.at,
            actor: row.actor,
            action: row.action,
            object: row.object,
            before: row.before,
            after: row.after,
            address: row.address.and_then(|address| address.parse().ok()),
            request_id: row.request_id,
        });
        Ok(entries.collect())
    }

    /// Writes a change into the log, in the transaction that makes it.
    pub(crate) async fn log(
        &self,
        transaction: &mut PgConnection,
        actor: &Actor,
        action: Action<'_>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "insert into audit_log (cust_space_id, actor, action, object, before, after, address, request_id)
             values ($1, $2, $3, $4, $5::text::json, $6::text::json, $7::text::inet, $8)",
            self.cust_space_id,
            &storable(&actor.name),
            action.name,
            &storable(action.object),
            json_text(action.before.as_ref()),
            json_text(action.after.as_ref()),
            actor.address.map(|address| address.to_string()),
            actor.request_id,
        )
        .execute(transaction)
        .await?;
        Ok(())
    }
}
