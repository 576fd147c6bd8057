//! Events of numbers that no tenant has: kept, shown, announced once a day, and routed when the number is added.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Store, StoreError, across_tenants};

/// An event of a number that no tenant has.
#[derive(Clone, PartialEq, Eq)]
pub struct UnroutedEvent {
    /// Our ID of it, a UUID of version 7.
    pub id: Uuid,
    /// The change's `field`.
    pub field: String,
    /// The WhatsApp Business Account.
    pub waba_id: Option<String>,
    /// Meta's ID of the number.
    pub phone_number_id: Option<String>,
    /// The change's value with this element alone, as Meta sent it.
    pub value: String,
    /// When it was committed.
    pub received_at: OffsetDateTime,
}

impl Store {
    /// Up to `limit` events of unknown numbers after the one of the ID `after`, oldest first.
    pub async fn unrouted_events(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<UnroutedEvent>, StoreError> {
        across_tenants::unrouted_events(self.pool(), after.unwrap_or_default(), limit).await
    }

    /// Gives events that came for nobody to the tenant that their number or account has by now. Returns how many.
    pub async fn adopt_strays(&self) -> Result<u64, StoreError> {
        across_tenants::adopt_strays(self.pool()).await
    }

    /// Sends `number.unknown` to the ISV's endpoints, for each unknown number that was heard of since it was last
    /// announced, once a day at the most. Replicas may do so at once. Returns how many were announced.
    pub async fn announce_unknown_numbers(&self) -> Result<u64, StoreError> {
        across_tenants::announce_unknown_numbers(self.pool()).await
    }
}
