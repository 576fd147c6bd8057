//! Calls of administrators that changed nothing: what they read, and what they were refused.

use crate::{
    Actor, Space, StoreError,
    text::{json_text, storable},
};
use serde_json::Value;
use time::OffsetDateTime;

/// A call that changed nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenCall {
    /// When it was made.
    pub at: OffsetDateTime,
    /// Who made it.
    pub actor: Actor,
    /// `read` or `refuse`.
    pub action: &'static str,
    /// What it was about, such as `GET /tenants/cams-8c8pdv`.
    pub object: String,
    /// What came of it, where there is more to tell.
    pub outcome: Option<Value>,
}

impl SeenCall {
    /// What [`SeenCall::action`] may be; no change is called so.
    pub const ACTIONS: [&'static str; 2] = ["read", "refuse"];
}

impl Space<'_> {
    /// Writes many of them into this space's log, in one statement.
    pub async fn record_seen_calls(&self, calls: &[SeenCall]) -> Result<(), StoreError> {
        let times: Vec<_> = calls.iter().map(|call| call.at).collect();
        let actors: Vec<_> = calls.iter().map(|call| storable(&call.actor.name).into_owned()).collect();
        let actions: Vec<_> = calls.iter().map(|call| call.action.to_owned()).collect();
        let objects: Vec<_> = calls.iter().map(|call| storable(&call.object).into_owned()).collect();
        let outcomes: Vec<_> = calls.iter().map(|call| json_text(call.outcome.as_ref())).collect();
        let addresses: Vec<_> = calls.iter().map(|call| call.actor.address.map(|at| at.to_string())).collect();
        let request_ids: Vec<_> = calls.iter().map(|call| call.actor.request_id).collect();
        let mut transaction = self.begin().await?;
        sqlx::query!(
            "insert into audit_log (cust_space_id, at, actor, action, object, after, address, request_id)
             select $1, c.at, c.actor, c.action, c.object, c.outcome::json, c.address::inet, c.request_id
             from unnest($2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[])
                  as c (at, actor, action, object, outcome, address, request_id)",
            self.cust_space_id,
            &times,
            &actors,
            &actions,
            &objects,
            &outcomes as &[Option<String>],
            &addresses as &[Option<String>],
            &request_ids as &[Option<uuid::Uuid>],
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}
