//! The audit log: who did what, when and from where.

use std::net::IpAddr;

use cams_api::identifiers::CustSpaceId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenant_store::{AuditEntry, AuditFilter};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::filters::{instant, parsed};
use super::view::{Listed, Paging, View};
use super::{AdminContext, AdminError};

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditView {
    /// Its place in the log: what was written later has a higher one.
    #[schema(example = 1042)]
    pub id: i64,
    /// When it was done.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who did it: an `AccessKeyId`, or `command line`.
    #[schema(example = "ak-operations")]
    pub actor: String,
    /// What was done: a change by its name, such as `tenant.suspend`; `read`; `refuse`.
    #[schema(example = "tenant.suspend")]
    pub action: String,
    /// What it was done to.
    #[schema(example = "cams-8c8pdv")]
    pub object: String,
    /// The tenant; `null` for what belongs to no single one.
    #[schema(example = "cams-8c8pdv")]
    pub cust_space_id: Option<String>,
    /// How it stood before; secrets are masked.
    pub before: Option<Value>,
    /// How it stood afterwards; secrets are masked. Of a refusal, its status and code.
    pub after: Option<Value>,
    /// Where the call came from.
    #[schema(value_type = Option<String>, example = "192.0.2.7")]
    pub address: Option<IpAddr>,
    /// The call's request ID.
    pub request_id: Option<Uuid>,
}

/// Which entries, and which page of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAudit {
    /// How many at the most: 1 to 1000, 100 where it is absent.
    limit: Option<i64>,
    /// The `next` of the page before.
    after: Option<String>,
    /// By this actor.
    actor: Option<String>,
    /// Of this action, such as `tenant.suspend`, `read`, `refuse`.
    action: Option<String>,
    /// On this object.
    object: Option<String>,
    /// Of this tenant.
    cust_space_id: Option<String>,
    /// In the call with this request ID.
    request_id: Option<String>,
    /// From this time on, in RFC 3339.
    since: Option<String>,
    /// Before this time, in RFC 3339.
    until: Option<String>,
}

impl View for AuditView {}

/// The entries that are asked for, newest first.
///
/// # Errors
/// [`AdminError::Invalid`]
pub async fn list(ctx: &AdminContext, asked: ListAudit) -> Result<Listed<AuditView>, AdminError> {
    let mut wrong = Vec::new();
    let before = parsed(&mut wrong, "after", asked.after.as_deref(), "the `next` of a page before", |text| {
        text.parse::<i64>().ok()
    });
    let filter = AuditFilter {
        request_id: parsed(&mut wrong, "request_id", asked.request_id.as_deref(), "a UUID", |text| text.parse().ok()),
        since: instant(&mut wrong, "since", asked.since.as_deref()),
        until: instant(&mut wrong, "until", asked.until.as_deref()),
        cust_space_id: parsed(
            &mut wrong,
            "cust_space_id",
            asked.cust_space_id.as_deref(),
            "a tenant's ID, such as `cams-8c8pdv`",
            |text| text.parse::<CustSpaceId>().ok(),
        )
        .map(|id| id.to_string()),
        actor: asked.actor,
        action: asked.action,
        object: asked.object,
    };
    let limit = Paging::limited(asked.limit);
    if let Err(AdminError::Invalid(mistakes)) = &limit {
        wrong.extend_from_slice(mistakes);
    }
    super::tenants::refuse(wrong)?;
    let limit = limit?;
    let found = ctx.store().audit(&filter, before, limit + 1).await?;
    Ok(Paging::page(limit, found, |entry| entry.id.to_string(), AuditView::from))
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, cust_space_id, at, actor, action, object, before, after, address, request_id } = entry;
        Self { id, at, actor, action, object, cust_space_id, before, after, address, request_id }
    }
}
