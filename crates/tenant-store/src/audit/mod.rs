//! The audit log: who did what, when and from where. The gateway's role can add to it and read it, never alter it.
//!
//! A change is written in the transaction that makes it. That somebody read, or was refused, is written afterwards, many
//! at once.

mod listing;
mod seen;

pub use listing::AuditFilter;
pub(crate) use listing::AuditRow;
pub use seen::SeenCall;

use std::net::IpAddr;

use serde_json::Value;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    Space, StoreError, across_tenants,
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

/// One entry of the log.
#[derive(Clone)]
pub struct AuditEntry {
    /// Its place in the log: what was written later has a higher one.
    pub id: i64,
    /// The tenant; `None` for what belongs to no single one.
    pub cust_space_id: Option<String>,
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
    /// Writes a change into the log, in the transaction that makes it. Where its call has an idempotency key, whoever comes
    /// with that key again waits for this transaction, and finds the entry or knows that nothing was done.
    pub(crate) async fn log(
        &self,
        transaction: &mut PgConnection,
        actor: &Actor,
        action: Action<'_>,
    ) -> Result<(), StoreError> {
        if let Some(call) = actor.request_id {
            across_tenants::hold_idempotency_key(transaction, call).await?;
        }
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
