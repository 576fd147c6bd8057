//! What is open, what is about to end and what is prepared, over all tenants: for the metrics.

use std::time::Duration;

use time::OffsetDateTime;

use crate::{Store, StoreError, across_tenants};

/// How long before its end a token is told of: as long as it counts as expiring.
const SOON: Duration = Duration::from_hours(7 * 24);

/// How all tenants' changes, tokens and days of events stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upkeep {
    /// Asynchronous changes whose outcome is not known yet, counted up to 100,000.
    pub changes_open: i64,
    /// When the oldest of them was made.
    pub oldest_change_at: Option<OffsetDateTime>,
    /// Tokens that Meta refuses, of tenants that are not suspended.
    pub credentials_refused: i64,
    /// Tokens that end within a week, of tenants that are not suspended.
    pub credentials_expiring: i64,
    /// For how many days from tomorrow on there are partitions of events.
    pub partitions_ahead: i32,
}

impl Store {
    /// How all tenants' changes, tokens and days of events stand.
    pub async fn upkeep(&self) -> Result<Upkeep, StoreError> {
        across_tenants::upkeep(self.pool(), SOON).await
    }
}
