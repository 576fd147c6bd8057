//! What is to be routed still, and when numbers were last heard of: for the metrics.

use time::OffsetDateTime;

use crate::{Store, StoreError, across_tenants};

/// How many numbers are told of at the most.
const NUMBERS: i64 = 5_000;

/// How far routing is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBacklog {
    /// Events of known tenants that are not published yet.
    pub unrouted: i64,
    /// When the oldest of them was received.
    pub oldest_unrouted_at: Option<OffsetDateTime>,
    /// Events of numbers that no tenant has, counted up to 100,000.
    pub of_unknown_numbers: i64,
    /// Up to 5,000 numbers, always the same ones where there are more.
    pub numbers: Vec<NumberActivity>,
}

/// When a number's groups were last heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberActivity {
    /// The tenant.
    pub cust_space_id: String,
    /// Meta's ID of the number.
    pub phone_number_id: String,
    /// When the newest event about one of its groups happened.
    pub last_group_event_at: OffsetDateTime,
}

impl Store {
    /// How far routing is behind, of all tenants.
    pub async fn event_backlog(&self) -> Result<EventBacklog, StoreError> {
        let backlog = across_tenants::unrouted_backlog(self.pool()).await?;
        Ok(EventBacklog { numbers: across_tenants::number_activity(self.pool(), NUMBERS).await?, ..backlog })
    }
}
