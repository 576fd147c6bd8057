//! Tenants: the ISV's customers.

use std::collections::BTreeMap;

use cams_api::identifiers::CustSpaceId;
use serde::{Deserialize, Serialize};
use tenant_store::{NewTenant, Revision, Tenant, TenantChange, TenantStatus};
use time::OffsetDateTime;
use utoipa::ToSchema;

pub use super::tenant_list::{ListTenants, ListedTenantView, list};
use super::view::{Created, NoContent, View};
use super::{AdminContext, AdminError, FieldError};

const LONGEST_NAME: usize = 200;
const LONGEST_NOTES: usize = 4000;
const MOST_LABELS: usize = 32;
const LONGEST_LABEL: usize = 100;

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub struct TenantView {
    /// Its public ID.
    #[schema(example = "cams-8c8pdv")]
    pub cust_space_id: String,
    /// A name for people.
    #[schema(example = "Bakery Miller")]
    pub name: String,
    /// `pending` until it has a number and a token, then `active`; `suspended` by an administrator.
    #[schema(value_type = String, example = "active")]
    pub status: Status,
    /// Why it is suspended.
    pub suspended_reason: Option<String>,
    /// Whatever administrators want to remember.
    pub notes: Option<String>,
    /// Names and values of the ISV's own, such as its customer number.
    pub labels: BTreeMap<String, String>,
    /// When it was added.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(skip)]
    revision: Option<Revision>,
}

/// Where a tenant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It lacks a number or a token.
    Pending,
    /// It may call.
    Active,
    /// An administrator has suspended it.
    Suspended,
}

impl Status {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// A tenant to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddTenant {
    /// Its public ID; made where it is absent.
    #[schema(example = "cams-8c8pdv")]
    cust_space_id: Option<String>,
    /// A name for people: 1 to 200 characters.
    #[schema(example = "Bakery Miller")]
    name: String,
    /// Up to 4000 characters.
    notes: Option<String>,
    /// Up to 32, of up to 100 characters each.
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// What is to be different of a tenant. What is absent stays; `notes` are taken away by `null`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeTenant {
    /// 1 to 200 characters.
    name: Option<String>,
    /// Up to 4000 characters.
    #[serde(default, deserialize_with = "super::view::present")]
    #[expect(clippy::option_option, reason = "absent leaves it as it is, and `null` takes it away")]
    notes: Option<Option<String>>,
    /// All of them anew.
    labels: Option<BTreeMap<String, String>>,
}

/// Why a tenant is suspended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspendTenant {
    /// For administrators; callers are not told.
    #[schema(example = "unpaid since May")]
    reason: String,
}

/// That erasing is meant.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// The tenant's `cust_space_id` once more.
    confirm: Option<String>,
}

impl Confirm {
    /// As somebody has typed it.
    pub fn of(typed: Option<&str>) -> Self {
        Self { confirm: typed.map(ToOwned::to_owned) }
    }
}

impl View for TenantView {
    fn revision(&self) -> Option<Revision> {
        self.revision
    }

    fn location(&self) -> Option<String> {
        Some(format!("/tenants/{}", self.cust_space_id))
    }
}

/// Adds a tenant. It is pending until it has a number and a token.
///
/// # Errors
/// [`AdminError::Conflict`] where its ID is taken.
pub async fn add(ctx: &AdminContext, new: AddTenant) -> Result<Created<TenantView>, AdminError> {
    refuse(new.mistakes())?;
    let cust_space_id = new.cust_space_id.unwrap_or_else(made_id);
    let new = NewTenant { cust_space_id, name: trimmed(&new.name), notes: new.notes, labels: new.labels };
    Ok(Created(ctx.store().add_tenant(&new, &ctx.actor).await?.into()))
}

/// One tenant.
///
/// # Errors
/// [`AdminError::NotFound`]
pub async fn get(ctx: &AdminContext, tenant: &CustSpaceId) -> Result<TenantView, AdminError> {
    let found = ctx.store().tenant(tenant.as_str()).await?;
    found.map(TenantView::from).ok_or(AdminError::NotFound { what: "tenant".into() })
}

/// Changes what is told of a tenant.
///
/// # Errors
/// [`AdminError`]
pub async fn change(ctx: &AdminContext, tenant: &CustSpaceId, asked: ChangeTenant) -> Result<TenantView, AdminError> {
    let notes = asked.notes.as_ref().and_then(|notes| notes.as_deref());
    refuse(about(asked.name.as_deref(), notes, asked.labels.as_ref()))?;
    let name = asked.name.as_deref().map(trimmed);
    let change = TenantChange { name, notes: asked.notes, labels: asked.labels };
    Ok(ctx.space(tenant).change_tenant(&change, &ctx.actor).await?.into())
}

/// Erases a tenant with everything that is its own. It cannot be undone.
///
/// # Errors
/// [`AdminError::Invalid`] where it is not confirmed.
pub async fn erase(ctx: &AdminContext, tenant: &CustSpaceId, sure: Confirm) -> Result<NoContent, AdminError> {
    if sure.confirm.as_deref() != Some(tenant.as_str()) {
        let rule = format!("`{tenant}`, since this erases the tenant with everything that is its own, for good");
        return Err(AdminError::field("confirm", rule));
    }
    ctx.space(tenant).erase(&ctx.actor).await?;
    Ok(NoContent)
}

/// Suspends a tenant: every call in its name is refused, within a second.
///
/// # Errors
/// [`AdminError`]
pub async fn suspend(ctx: &AdminContext, tenant: &CustSpaceId, why: SuspendTenant) -> Result<TenantView, AdminError> {
    let mut wrong = Vec::new();
    bounded(&mut wrong, "reason", &why.reason, 1, LONGEST_NAME);
    refuse(wrong)?;
    Ok(ctx.space(tenant).suspend(why.reason.trim(), &ctx.actor).await?.into())
}

/// Ends a suspension.
///
/// # Errors
/// [`AdminError`]
pub async fn resume(ctx: &AdminContext, tenant: &CustSpaceId) -> Result<TenantView, AdminError> {
    Ok(ctx.space(tenant).resume(&ctx.actor).await?.into())
}

impl AddTenant {
    /// What is wrong with it.
    pub(super) fn mistakes(&self) -> Vec<FieldError> {
        let mut wrong = about(Some(&self.name), self.notes.as_deref(), Some(&self.labels));
        let given = self.cust_space_id.as_deref().map(str::parse::<CustSpaceId>);
        wrong.extend(given.and_then(Result::err).map(|error| FieldError::new("cust_space_id", error.rule)));
        wrong
    }
}

/// What is wrong with what is told of a tenant.
pub(crate) fn about(
    name: Option<&str>,
    notes: Option<&str>,
    labels: Option<&BTreeMap<String, String>>,
) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    if let Some(name) = name {
        bounded(&mut wrong, "name", name, 1, LONGEST_NAME);
    }
    if let Some(notes) = notes {
        bounded(&mut wrong, "notes", notes, 0, LONGEST_NOTES);
    }
    let labels = labels.into_iter().flatten();
    for (number, (name, value)) in labels.enumerate() {
        bounded(&mut wrong, &format!("labels.{name}"), value, 0, LONGEST_LABEL);
        if number >= MOST_LABELS || !(1..=LONGEST_LABEL).contains(&name.chars().count()) || name.contains('\0') {
            let rule = format!("at most {MOST_LABELS} labels, with names of 1 to {LONGEST_LABEL} characters");
            wrong.push(FieldError::new("labels", rule));
            break;
        }
    }
    wrong
}

pub(crate) fn bounded(wrong: &mut Vec<FieldError>, field: &str, text: &str, least: usize, most: usize) {
    if !(least..=most).contains(&text.trim().chars().count()) || text.contains('\0') {
        wrong.push(FieldError::new(field, format!("{least} to {most} characters")));
    }
}

pub(super) fn refuse(wrong: Vec<FieldError>) -> Result<(), AdminError> {
    if wrong.is_empty() { Ok(()) } else { Err(AdminError::Invalid(wrong)) }
}

fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}

/// An ID that nobody has, in the form that CAMS gives them.
fn made_id() -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("cams-{}", &random[..12])
}

impl From<Tenant> for TenantView {
    fn from(tenant: Tenant) -> Self {
        Self {
            cust_space_id: tenant.cust_space_id,
            name: tenant.name,
            status: tenant.status.into(),
            suspended_reason: tenant.suspended_reason,
            notes: tenant.notes,
            labels: tenant.labels,
            created_at: tenant.created_at,
            revision: Some(tenant.revision),
        }
    }
}

impl From<TenantStatus> for Status {
    fn from(status: TenantStatus) -> Self {
        match status {
            TenantStatus::Pending => Self::Pending,
            TenantStatus::Active => Self::Active,
            TenantStatus::Suspended => Self::Suspended,
        }
    }
}
