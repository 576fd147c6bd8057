//! The last calls of a tenant, to find one by its request ID, its code or Meta's trace ID.

use cams_api::identifiers::CustSpaceId;
use serde::{Deserialize, Serialize};
use tenant_store::{CallFilter, CallRecord};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::{Listed, Paging, View};
use super::{AdminContext, AdminError};

/// A call.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Call)]
pub struct CallView {
    /// The gateway's ID of it, as the answer had it.
    pub request_id: Uuid,
    /// When it came.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who called.
    pub access_key_id: Option<String>,
    /// Which operation.
    #[schema(example = "AddChatGroupInviteLink")]
    pub operation: String,
    /// What was answered: `OK`, a code of errors, or `Cancelled` where the caller hung up.
    #[schema(example = "OK")]
    pub code: String,
    /// The HTTP status; 499 where the caller hung up.
    #[schema(example = 200)]
    pub status: u16,
    /// Meta's code, where Meta refused.
    pub upstream_code: Option<i64>,
    /// Meta's trace ID, where Meta refused.
    pub fbtrace_id: Option<String>,
    /// How long it took.
    #[schema(example = 84)]
    pub milliseconds: u32,
}

impl View for CallView {}

/// Which calls.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CallQuery {
    /// How many at the most: 1 to 1000, 100 where it is absent.
    limit: Option<i64>,
    /// The `next` of the page before.
    after: Option<String>,
    /// Only this one.
    request_id: Option<Uuid>,
    /// Only of this operation.
    operation: Option<String>,
    /// Only those that ended with this code.
    code: Option<String>,
    /// Only the one that Meta gave this trace ID.
    fbtrace_id: Option<String>,
    /// `true`: only those that ended with anything but `OK`.
    errors_only: Option<bool>,
}

/// The tenant's calls of the last seven days, newest first. One is listed within a second of its answer.
///
/// # Errors
/// [`AdminError`]
pub async fn list(ctx: &AdminContext, tenant: &CustSpaceId, query: CallQuery) -> Result<Listed<CallView>, AdminError> {
    super::tenants::get(ctx, tenant).await?;
    let CallQuery { limit, after, request_id, operation, code, fbtrace_id, errors_only } = query;
    let limit = Paging::limited(limit)?;
    let before = after.map(|after| after.parse::<Uuid>()).transpose();
    let before = before.map_err(|_| AdminError::field("after", "the `next` of the page before"))?;
    let errors_only = errors_only.unwrap_or_default();
    let filter = CallFilter { operation, code, request_id, fbtrace_id, errors_only, before };
    let found = ctx.space(tenant).calls(&filter, limit + 1).await?;
    Ok(Paging::page(limit, found, |call| call.request_id.to_string(), CallView::from))
}

impl From<CallRecord> for CallView {
    fn from(call: CallRecord) -> Self {
        let at = call.at();
        let CallRecord { request_id, access_key_id, operation, code, status, upstream_code, .. } = call;
        let CallRecord { fbtrace_id, milliseconds, .. } = call;
        Self { request_id, at, access_key_id, operation, code, status, upstream_code, fbtrace_id, milliseconds }
    }
}
