//! Tenants: the ISV's customers, and what the resolver needs to call the upstream in their name.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::json;
use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;

use crate::{
    Actor, BusinessNumber, Limits, Revision, Space, Store, StoreError,
    across_tenants::{self, ResolvedTenant},
    audit::Action,
    credentials,
    text::{folded, json_text, storable, storable_option},
};

/// Whether a tenant may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum TenantStatus {
    /// It lacks a number or a credential yet; becomes active by itself when it has both.
    Pending,
    /// It may call.
    Active,
    /// An administrator has suspended it.
    Suspended,
}

/// A tenant to add.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewTenant {
    /// Its public ID, `[a-z0-9][a-z0-9-]{2,62}`.
    pub cust_space_id: String,
    /// A name for people.
    pub name: String,
    /// Whatever administrators want to remember.
    pub notes: Option<String>,
    /// Names and values of the ISV's own.
    pub labels: BTreeMap<String, String>,
}

/// What is to be different of a tenant; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantChange {
    /// The name for people.
    pub name: Option<String>,
    /// The notes, or none.
    pub notes: Option<Option<String>>,
    /// All labels.
    pub labels: Option<BTreeMap<String, String>>,
}

/// A tenant, as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its public ID.
    pub cust_space_id: String,
    /// A name for people.
    pub name: String,
    /// Whether it may call.
    pub status: TenantStatus,
    /// Why it is suspended.
    pub suspended_reason: Option<String>,
    /// Whatever administrators want to remember.
    pub notes: Option<String>,
    /// Names and values of the ISV's own.
    pub labels: BTreeMap<String, String>,
    /// When it was added.
    pub created_at: OffsetDateTime,
    /// Which state of it this is.
    pub revision: Revision,
}

/// A tenant's row.
pub(crate) struct TenantRow {
    pub(crate) cust_space_id: String,
    pub(crate) name: String,
    pub(crate) status: TenantStatus,
    pub(crate) suspended_reason: Option<String>,
    pub(crate) notes: Option<String>,
    pub(crate) labels: Json<BTreeMap<String, String>>,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) revision: Revision,
}

impl From<TenantRow> for Tenant {
    fn from(row: TenantRow) -> Self {
        let TenantRow { cust_space_id, name, status, suspended_reason, notes, labels, created_at, revision } = row;
        Self { cust_space_id, name, status, suspended_reason, notes, labels: labels.0, created_at, revision }
    }
}

/// A tenant with all that a call in its name takes.
#[derive(Debug, Clone)]
pub struct OpenTenant {
    /// Its public ID.
    pub cust_space_id: String,
    /// Whether it may call.
    pub status: TenantStatus,
    /// Its numbers, in the order of their digits.
    pub numbers: Vec<BusinessNumber>,
    /// Its Graph token.
    pub credential: OpenCredential,
    /// Its own limits.
    pub limits: Limits,
}

/// A tenant's Graph token, as it came out of its seal.
#[derive(Debug, Clone)]
pub enum OpenCredential {
    /// None is stored.
    Missing,
    /// One is stored and does not open; the log says where.
    Unreadable,
    /// The token.
    Open(SecretString),
    /// The token, which Meta has refused: no call is made with it.
    Invalid(SecretString),
}

impl Store {
    /// Adds a tenant, [`TenantStatus::Pending`]. [`StoreError::Conflict`] where its ID is taken.
    pub async fn add_tenant(&self, new: &NewTenant, actor: &Actor) -> Result<Tenant, StoreError> {
        let space = self.space(&new.cust_space_id);
        let mut transaction = space.begin().await?;
        let tenant = insert(&mut transaction, new).await?;
        let after = Some(tenant.told_json());
        let action = Action { name: "tenant.add", object: &new.cust_space_id, before: None, after };
        space.log(&mut transaction, actor, action).await?;
        transaction.commit().await?;
        Ok(tenant)
    }

    /// Up to `limit` tenants after the ID `after` (`""` begins), in the order of their IDs.
    pub async fn list_tenants(&self, after: &str, limit: i64) -> Result<Vec<Tenant>, StoreError> {
        across_tenants::list_tenants(self.pool(), after, limit).await
    }

    /// One tenant, as administrators see it.
    pub async fn tenant(&self, cust_space_id: &str) -> Result<Option<Tenant>, StoreError> {
        let mut transaction = self.space(cust_space_id).begin().await?;
        select(&mut transaction, cust_space_id).await
    }

    /// One tenant with its numbers and its opened token, in one statement.
    pub async fn open_tenant(&self, cust_space_id: &str) -> Result<Option<OpenTenant>, StoreError> {
        Ok(self.open_tenant_of_call(cust_space_id, None).await?.map(|(tenant, _)| tenant))
    }

    /// The same with the phone number IDs for which the mirror has the group that a call is about, in one statement as well.
    pub async fn open_tenant_of_call(
        &self,
        cust_space_id: &str,
        group_id: Option<&str>,
    ) -> Result<Option<(OpenTenant, Vec<String>)>, StoreError> {
        let resolved = across_tenants::open_tenant(self.pool(), cust_space_id, group_id).await?;
        Ok(resolved.map(|(ResolvedTenant { status, numbers, credential, limits }, numbers_of_group)| {
            let credential = credentials::open(self, cust_space_id, credential);
            let cust_space_id = cust_space_id.to_owned();
            (OpenTenant { cust_space_id, status, numbers, credential, limits }, numbers_of_group)
        }))
    }
}

impl Space<'_> {
    /// Changes what is told of the tenant.
    pub async fn change_tenant(&self, change: &TenantChange, actor: &Actor) -> Result<Tenant, StoreError> {
        let mut transaction = self.begin().await?;
        let before = self.existing(&mut transaction).await?;
        let name = change.name.as_ref().unwrap_or(&before.name);
        let notes = change.notes.as_ref().unwrap_or(&before.notes);
        let labels = change.labels.as_ref().unwrap_or(&before.labels);
        sqlx::query!(
            "update tenants set name = $2, notes = $3, labels = $4::text::json, searched = $5 where cust_space_id = $1",
            self.cust_space_id,
            &storable(name),
            storable_option(notes.as_deref()),
            json_text(Some(&json!(labels))),
            searched(name, labels),
        )
        .execute(&mut *transaction)
        .await?;
        let after = self.existing_row(&mut transaction).await?;
        let (object, before, after_json) = (self.cust_space_id, Some(before.told_json()), Some(after.told_json()));
        self.log(&mut transaction, actor, Action { name: "tenant.change", object, before, after: after_json }).await?;
        transaction.commit().await?;
        Ok(after)
    }

    /// Suspends the tenant; it is refused everywhere within a second.
    pub async fn suspend(&self, reason: &str, actor: &Actor) -> Result<Tenant, StoreError> {
        self.set_status("tenant.suspend", TenantStatus::Suspended, Some(reason), actor).await
    }

    /// Ends a suspension: the tenant is active, or pending where it still lacks a number or a credential.
    pub async fn resume(&self, actor: &Actor) -> Result<Tenant, StoreError> {
        self.set_status("tenant.resume", TenantStatus::Pending, None, actor).await
    }

    async fn set_status(
        &self,
        action: &'static str,
        status: TenantStatus,
        reason: Option<&str>,
        actor: &Actor,
    ) -> Result<Tenant, StoreError> {
        let mut transaction = self.begin().await?;
        let before = self.existing(&mut transaction).await?;
        sqlx::query!(
            "update tenants set status = $2, suspended_reason = $3 where cust_space_id = $1",
            self.cust_space_id,
            status as TenantStatus,
            storable_option(reason),
        )
        .execute(&mut *transaction)
        .await?;
        self.activate_if_complete(&mut transaction).await?;
        let after = self.existing_row(&mut transaction).await?;
        let (object, before, after_json) = (self.cust_space_id, Some(before.status_json()), Some(after.status_json()));
        self.log(&mut transaction, actor, Action { name: action, object, before, after: after_json }).await?;
        transaction.commit().await?;
        Ok(after)
    }

    /// A pending tenant that has a number and a credential is active from now on.
    pub(crate) async fn activate_if_complete(&self, transaction: &mut PgConnection) -> Result<(), StoreError> {
        sqlx::query!(
            "update tenants t set status = 'active'
             where t.cust_space_id = $1 and t.status = 'pending'
               and exists (select 1 from business_numbers n where n.cust_space_id = t.cust_space_id)
               and exists (select 1 from credentials c where c.cust_space_id = t.cust_space_id)",
            self.cust_space_id,
        )
        .execute(transaction)
        .await?;
        Ok(())
    }

    /// The tenant, for a change of its own: as the caller has seen it, where that matters, and locked until the
    /// transaction ends.
    pub(crate) async fn existing(&self, transaction: &mut PgConnection) -> Result<Tenant, StoreError> {
        let tenant = self.locked(transaction).await?;
        self.expect(tenant.revision)?;
        Ok(tenant)
    }

    /// The tenant's row, locked until the transaction ends: administrative changes of a tenant come one after the other.
    pub(crate) async fn locked(&self, transaction: &mut PgConnection) -> Result<Tenant, StoreError> {
        sqlx::query_scalar!("select 1 from tenants where cust_space_id = $1 for update", self.cust_space_id)
            .fetch_optional(&mut *transaction)
            .await?;
        self.existing_row(transaction).await
    }

    async fn existing_row(&self, transaction: &mut PgConnection) -> Result<Tenant, StoreError> {
        select(transaction, self.cust_space_id).await?.ok_or(StoreError::NotFound { what: "tenant" })
    }
}

impl Tenant {
    fn told_json(&self) -> serde_json::Value {
        json!({"name": self.name, "notes": self.notes, "labels": self.labels})
    }

    fn status_json(&self) -> serde_json::Value {
        json!({"status": format!("{:?}", self.status).to_lowercase(), "reason": self.suspended_reason})
    }
}

/// What a search looks through, line by line.
fn searched(name: &str, labels: &BTreeMap<String, String>) -> String {
    let labels = labels.iter().map(|(name, value)| format!("{name}={value}"));
    let lines: Vec<String> = std::iter::once(name.to_owned()).chain(labels).collect();
    folded(&storable(&lines.join("\n")))
}

async fn insert(transaction: &mut PgConnection, new: &NewTenant) -> Result<Tenant, StoreError> {
    let tenant = sqlx::query_as!(
        TenantRow,
        r#"insert into tenants (cust_space_id, name, notes, labels, searched) values ($1, $2, $3, $4::text::json, $5)
           returning cust_space_id, name, status as "status: TenantStatus", suspended_reason, notes,
                     labels as "labels: Json<BTreeMap<String, String>>", created_at, revision as "revision: Revision""#,
        new.cust_space_id,
        &storable(&new.name),
        storable_option(new.notes.as_deref()),
        json_text(Some(&json!(new.labels))),
        searched(&new.name, &new.labels),
    );
    Ok(tenant.fetch_one(transaction).await?.into())
}

async fn select(transaction: &mut PgConnection, cust_space_id: &str) -> Result<Option<Tenant>, StoreError> {
    let tenant = sqlx::query_as!(
        TenantRow,
        r#"select cust_space_id, name, status as "status: TenantStatus", suspended_reason, notes,
                  labels as "labels: Json<BTreeMap<String, String>>", created_at, revision as "revision: Revision"
           from tenants where cust_space_id = $1"#,
        cust_space_id,
    );
    Ok(tenant.fetch_optional(transaction).await?.map(Tenant::from))
}
