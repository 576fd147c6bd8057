//! What the commands about tenants answer.

use clap::ValueEnum;
use serde::Serialize;
use tenant_store::{BusinessNumber, Credential, ErasedRows, ErasedTenant, Limits, Space, Tenant, TenantStatus};
use time::{OffsetDateTime, serde::rfc3339};

use crate::commands::{
    CommandError,
    limits::limit_text,
    numbers::table_of_numbers,
    output::{Table, printable, time_text},
};

/// A tenant's state, in the word that arguments and answers have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// It lacks a number or a token yet.
    Pending,
    /// It can be called for.
    Active,
    /// An administrator has suspended it.
    Suspended,
}

#[derive(Serialize)]
pub(super) struct ShownTenant {
    pub(super) cust_space_id: String,
    name: String,
    pub(super) status: Status,
    suspended_reason: Option<String>,
    #[serde(with = "rfc3339")]
    created_at: OffsetDateTime,
}

#[derive(Serialize)]
pub(super) struct WholeTenant {
    #[serde(flatten)]
    tenant: ShownTenant,
    numbers: Vec<BusinessNumber>,
    credential: Option<ShownCredential>,
    limits: Limits,
}

#[derive(Serialize)]
struct ShownCredential {
    last4: String,
    #[serde(with = "rfc3339")]
    updated_at: OffsetDateTime,
}

#[derive(Serialize)]
pub(super) struct Deleted {
    cust_space_id: String,
    name: String,
    erased: ErasedRows,
    revoked_keys: Vec<String>,
    narrowed_keys: Vec<String>,
}

impl WholeTenant {
    pub(super) async fn read(space: &Space<'_>, tenant: Tenant) -> Result<Self, CommandError> {
        Ok(Self {
            tenant: tenant.into(),
            numbers: space.numbers().await?,
            credential: space.credential().await?.map(ShownCredential::from),
            limits: space.limits().await?,
        })
    }
}

impl From<Tenant> for ShownTenant {
    fn from(tenant: Tenant) -> Self {
        let status = match tenant.status {
            TenantStatus::Pending => Status::Pending,
            TenantStatus::Active => Status::Active,
            TenantStatus::Suspended => Status::Suspended,
        };
        let Tenant { cust_space_id, name, suspended_reason, created_at, .. } = tenant;
        Self { cust_space_id, name, status, suspended_reason, created_at }
    }
}

impl From<Credential> for ShownCredential {
    fn from(credential: Credential) -> Self {
        Self { last4: credential.last4, updated_at: credential.updated_at }
    }
}

impl From<ErasedTenant> for Deleted {
    fn from(erased: ErasedTenant) -> Self {
        let ErasedTenant { tenant, rows, revoked_keys, narrowed_keys } = erased;
        Self { cust_space_id: tenant.cust_space_id, name: tenant.name, erased: rows, revoked_keys, narrowed_keys }
    }
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

impl ShownTenant {
    pub(super) fn added(&self) -> String {
        format!(
            "Added tenant {id} ({status}). Next: groupgate numbers add --tenant {id} …, \
             groupgate credentials set --tenant {id}",
            id = self.cust_space_id,
            status = self.status.as_str()
        )
    }
}

impl ShownTenant {
    pub(super) fn told(&self) -> String {
        let status = self.status.as_str();
        let id = &self.cust_space_id;
        match self.status {
            Status::Pending => format!("Tenant {id} is {status}: it still lacks a number or a token."),
            Status::Active | Status::Suspended => format!("Tenant {id} is {status}."),
        }
    }
}

pub(super) fn list(tenants: &[ShownTenant]) -> String {
    let rows = tenants.iter().map(|tenant| {
        let ShownTenant { cust_space_id, name, status, created_at, .. } = tenant;
        [cust_space_id.clone(), status.as_str().to_owned(), time_text(*created_at), name.clone()]
    });
    Table::new(["TENANT", "STATUS", "CREATED", "NAME"], rows).or("No tenants. Add one: groupgate tenants add --help")
}

impl WholeTenant {
    pub(super) fn text(&self) -> String {
        let WholeTenant { tenant, numbers, credential, limits } = self;
        let reason = tenant.suspended_reason.as_deref().map(|reason| format!(" ({})", printable(reason)));
        let token = credential.as_ref().map_or_else(
            || "none".to_owned(),
            |known| format!("ends in {}, set {}", known.last4, time_text(known.updated_at)),
        );
        let id = &tenant.cust_space_id;
        [
            format!("Tenant:   {id}"),
            format!("Name:     {}", printable(&tenant.name)),
            format!("Status:   {}{}", tenant.status.as_str(), reason.unwrap_or_default()),
            format!("Created:  {}", time_text(tenant.created_at)),
            format!("Token:    {token}"),
            format!("Limits:   {}", limit_text(limits)),
            String::new(),
            table_of_numbers(numbers.iter().map(|number| (id.as_str(), number))),
        ]
        .join("\n")
    }
}

impl Deleted {
    pub(super) fn text(&self) -> String {
        let ErasedRows { numbers, groups, changes, events, endpoints, .. } = self.erased;
        let keys = |verb: &str, keys: &[String]| match keys {
            [] => String::new(),
            keys => format!("\n{verb}: {}", keys.join(", ")),
        };
        format!(
            "Erased tenant {} with {numbers} numbers, {groups} groups, {changes} changes, {events} events and {endpoints} endpoints.{}{}",
            self.cust_space_id,
            keys("Revoked access keys", &self.revoked_keys),
            keys("Access keys without it now", &self.narrowed_keys),
        )
    }
}
