//! Erasing a tenant: all that is its own goes, and the audit log says so.

use serde_json::json;
use sqlx::PgConnection;

use crate::{
    Actor, Space, StoreError, Tenant, access_keys, across_tenants,
    audit::Action,
    issuers,
    store::{SYSTEM, enter},
};

/// What went with a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasedTenant {
    /// The tenant, as it was.
    pub tenant: Tenant,
    /// How many rows of each kind were its own.
    pub rows: ErasedRows,
    /// Access keys that could act for this tenant alone: they are revoked.
    pub revoked_keys: Vec<String>,
    /// Access keys that can act for others still.
    pub narrowed_keys: Vec<String>,
}

/// How many rows of each kind went with a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct ErasedRows {
    /// Business numbers.
    pub numbers: i64,
    /// Groups of the mirror.
    pub groups: i64,
    /// Asynchronous changes.
    pub changes: i64,
    /// Events.
    pub events: i64,
    /// Endpoints.
    pub endpoints: i64,
    /// Deliveries of its events, at its own endpoints and at the ISV's.
    pub deliveries: i64,
}

impl Space<'_> {
    /// Erases the tenant with everything that is its own, its data keys too, and takes it out of every access key's
    /// grants and every issuer's rules, so that a later tenant of the same ID is not open to them. Its entries of the audit log stay.
    /// [`StoreError::NotFound`] where there is no such tenant.
    pub async fn erase(&self, actor: &Actor) -> Result<ErasedTenant, StoreError> {
        let mut transaction = self.begin().await?;
        across_tenants::hold_events(&mut transaction).await?;
        let tenant = self.existing(&mut transaction).await?;
        let rows = self.count(&mut transaction).await?;
        let rows = erase_events_and_deliveries(&mut transaction, rows).await?;
        self.delete(&mut transaction).await?;
        let before = json!({"name": tenant.name, "rows": rows});
        let action = Action { name: "tenant.delete", object: self.cust_space_id, before: Some(before), after: None };
        self.log(&mut transaction, actor, action).await?;
        enter(&mut transaction, SYSTEM).await?;
        let keys = access_keys::forget_tenant(self.store, &mut transaction, self.cust_space_id, actor).await?;
        issuers::forget_tenant(self.store, &mut transaction, self.cust_space_id, actor).await?;
        transaction.commit().await?;
        Ok(ErasedTenant { tenant, rows, revoked_keys: keys.revoked, narrowed_keys: keys.narrowed })
    }

    /// How many rows there are, but for those that are counted when they are deleted.
    async fn count(&self, transaction: &mut PgConnection) -> Result<ErasedRows, StoreError> {
        let rows = sqlx::query_as!(
            ErasedRows,
            r#"select (select count(*) from business_numbers where cust_space_id = $1) as "numbers!",
                      (select count(*) from groups where cust_space_id = $1) as "groups!",
                      (select count(*) from changes where cust_space_id = $1) as "changes!", 0::bigint as "events!",
                      0::bigint as "endpoints!", 0::bigint as "deliveries!""#,
            self.cust_space_id,
        );
        Ok(rows.fetch_one(transaction).await?)
    }

    /// The rest of its rows go by their foreign keys. Data keys have none, since the space `_system` has some too, and calls
    /// have none, since it would lock the tenant's row for each of them.
    async fn delete(&self, transaction: &mut PgConnection) -> Result<(), StoreError> {
        sqlx::query!("delete from tenants where cust_space_id = $1", self.cust_space_id)
            .execute(&mut *transaction)
            .await?;
        sqlx::query!("delete from calls where cust_space_id = $1", self.cust_space_id)
            .execute(&mut *transaction)
            .await?;
        sqlx::query!("delete from data_keys where cust_space_id = $1", self.cust_space_id).execute(transaction).await?;
        Ok(())
    }
}

/// Erases what is much first, for which nobody waits; then the endpoints, whose lanes others wait for; and then the little
/// that came meanwhile, since an endpoint that is disabled or tried makes an event.
async fn erase_events_and_deliveries(
    transaction: &mut PgConnection,
    rows: ErasedRows,
) -> Result<ErasedRows, StoreError> {
    let mut deliveries = across_tenants::erase_ended_deliveries(transaction).await?;
    let mut events = across_tenants::erase_events(transaction).await?;
    let (endpoints, open) = across_tenants::erase_deliveries(transaction).await?;
    deliveries += open + across_tenants::erase_ended_deliveries(transaction).await?;
    events += across_tenants::erase_events(transaction).await?;
    Ok(ErasedRows { events, endpoints, deliveries, ..rows })
}
