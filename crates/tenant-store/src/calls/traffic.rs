//! Traffic: how many calls there were in each of the last 24 hours, and how many of them went wrong.

use std::ops::Add;

use time::OffsetDateTime;

use crate::{Store, StoreError, across_tenants};

/// How many calls there were, and how many of them went wrong. Those whose callers hung up did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// All.
    pub calls: i64,
    /// Those that the caller can mend: wrong, or too many.
    pub refused: i64,
    /// Those that no caller can mend: the gateway's and Meta's errors, and the tenant's token.
    pub failed: i64,
}

/// The traffic of an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrafficHour {
    /// When it began.
    pub hour: OffsetDateTime,
    /// How many calls there were in it.
    pub traffic: Traffic,
}

/// The traffic of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantTraffic {
    /// Its public ID.
    pub cust_space_id: String,
    /// Its name for people.
    pub name: String,
    /// How many calls it had.
    pub traffic: Traffic,
}

/// Which tenants come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrafficOrder {
    /// Those with most calls.
    Calls,
    /// Those with most errors; those without any are left out.
    Errors,
}

impl Store {
    /// The last 24 hours in UTC, of which the one that runs is the last: of these tenants together, or of all.
    pub async fn traffic_by_hour(&self, tenants: Option<&[String]>) -> Result<Vec<TrafficHour>, StoreError> {
        across_tenants::traffic_by_hour(self.pool(), tenants).await
    }

    /// The traffic of these hours, tenant by tenant: up to `limit` of these tenants, or of all, that had any.
    pub async fn traffic_by_tenant(
        &self,
        tenants: Option<&[String]>,
        order: TrafficOrder,
        limit: i64,
    ) -> Result<Vec<TenantTraffic>, StoreError> {
        across_tenants::traffic_by_tenant(self.pool(), tenants, order, limit).await
    }
}

impl Add for Traffic {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            refused: self.refused + other.refused,
            failed: self.failed + other.failed,
        }
    }
}
