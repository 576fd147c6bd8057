//! Reading the log: one space's, or that of all.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::AuditEntry;
use crate::{Space, Store, StoreError, across_tenants, store::SYSTEM};

/// Which entries are asked for. What is `None` is not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Who did it.
    pub actor: Option<String>,
    /// What was done.
    pub action: Option<String>,
    /// What it was done to.
    pub object: Option<String>,
    /// Whose it is.
    pub cust_space_id: Option<String>,
    /// In which call.
    pub request_id: Option<Uuid>,
    /// From this time on.
    pub since: Option<OffsetDateTime>,
    /// Before this time.
    pub until: Option<OffsetDateTime>,
}

/// An entry's row.
pub(crate) struct AuditRow {
    pub(crate) id: i64,
    pub(crate) cust_space_id: String,
    pub(crate) at: OffsetDateTime,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) object: String,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
    pub(crate) address: Option<String>,
    pub(crate) request_id: Option<Uuid>,
}

impl From<AuditRow> for AuditEntry {
    fn from(row: AuditRow) -> Self {
        let AuditRow { id, cust_space_id, at, actor, action, object, before, after, address, request_id } = row;
        let cust_space_id = Some(cust_space_id).filter(|space| space != SYSTEM);
        let address = address.and_then(|address| address.parse().ok());
        Self { id, cust_space_id, at, actor, action, object, before, after, address, request_id }
    }
}

impl Store {
    /// Entries of all spaces, newest first, older than the one with the ID `before`.
    pub async fn audit(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        across_tenants::list_audit_log(self.pool(), filter, before, limit).await
    }
}

impl Space<'_> {
    /// The newest entries of this space, newest first.
    pub async fn audit(&self, limit: i64) -> Result<Vec<AuditEntry>, StoreError> {
        let mut transaction = self.begin().await?;
        let rows = sqlx::query_as!(
            AuditRow,
            "select id, cust_space_id, at, actor, action, object, before, after, host(address) as address, request_id
             from audit_log where cust_space_id = $1 order by id desc limit $2",
            self.cust_space_id,
            limit,
        );
        Ok(rows.fetch_all(&mut *transaction).await?.into_iter().map(AuditEntry::from).collect())
    }
}
