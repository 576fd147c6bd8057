//! Traffic: the calls of the last 24 hours, and how many of them went wrong.

use std::collections::HashMap;

use cams_api::Scope;
use cams_api::identifiers::CustSpaceId;
use tenant_store::{TenantTraffic, Traffic, TrafficHour, TrafficOrder};
use time::OffsetDateTime;

use super::{AdminContext, AdminError};

/// How many calls there were, and how many of them went wrong. Those whose callers hung up did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub calls: i64,
    /// Those that the caller can mend: 4xx but for 424.
    pub refused: i64,
    /// Those that no caller can mend: the gateway's and Meta's errors (5xx), and the tenant's token (424).
    pub failed: i64,
}

/// An hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourView {
    /// When it began.
    pub hour: OffsetDateTime,
    /// What there was in it.
    pub counts: Counts,
}

/// The last 24 hours, of which the one that runs is the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayView {
    /// Each of them, also those without calls.
    pub hours: Vec<HourView>,
}

/// A tenant, and its last 24 hours together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantCounts {
    /// Its public ID.
    pub cust_space_id: String,
    /// Its name for people.
    pub name: String,
    /// What it had.
    pub counts: Counts,
}

impl Counts {
    /// All that went wrong.
    pub fn errors(self) -> i64 {
        self.refused + self.failed
    }
}

impl DayView {
    /// All hours together.
    pub fn total(&self) -> Counts {
        self.hours.iter().fold(Counts::default(), |sum, hour| Counts {
            calls: sum.calls + hour.counts.calls,
            refused: sum.refused + hour.counts.refused,
            failed: sum.failed + hour.counts.failed,
        })
    }
}

/// The last day of a tenant, or of all that the caller may see together.
///
/// # Errors
/// [`AdminError::Store`]
pub async fn of_day(ctx: &AdminContext, tenant: Option<&CustSpaceId>) -> Result<DayView, AdminError> {
    let seen = match tenant {
        Some(tenant) => Some(vec![tenant.to_string()]),
        None => seen(ctx),
    };
    let hours = ctx.store().traffic_by_hour(seen.as_deref()).await?;
    Ok(DayView { hours: hours.into_iter().map(HourView::from).collect() })
}

/// The last day of each of these tenants that had calls.
///
/// # Errors
/// [`AdminError::Store`]
pub async fn of_tenants(ctx: &AdminContext, ids: &[String]) -> Result<HashMap<String, Counts>, AdminError> {
    let most = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    let tenants = ctx.store().traffic_by_tenant(Some(ids), TrafficOrder::Calls, most).await?;
    Ok(tenants.into_iter().map(|tenant| (tenant.cust_space_id, tenant.traffic.into())).collect())
}

/// Up to `most` tenants that the caller may see, with their last day.
///
/// # Errors
/// [`AdminError::Store`]
pub async fn first(ctx: &AdminContext, order: TrafficOrder, most: i64) -> Result<Vec<TenantCounts>, AdminError> {
    let tenants = ctx.store().traffic_by_tenant(seen(ctx).as_deref(), order, most).await?;
    Ok(tenants.into_iter().map(TenantCounts::from).collect())
}

/// The tenants that the caller may see; `None` for all.
pub(super) fn seen(ctx: &AdminContext) -> Option<Vec<String>> {
    ctx.caller.named_tenants(Scope::AdminRead)
}

impl From<Traffic> for Counts {
    fn from(Traffic { calls, refused, failed }: Traffic) -> Self {
        Self { calls, refused, failed }
    }
}

impl From<TrafficHour> for HourView {
    fn from(TrafficHour { hour, traffic }: TrafficHour) -> Self {
        Self { hour, counts: traffic.into() }
    }
}

impl From<TenantTraffic> for TenantCounts {
    fn from(TenantTraffic { cust_space_id, name, traffic }: TenantTraffic) -> Self {
        Self { cust_space_id, name, counts: traffic.into() }
    }
}
