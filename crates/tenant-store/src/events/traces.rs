//! The traces behind events: what was done before for whose sake an event came.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{Store, StoreError, across_tenants};

/// The traces behind an event, each as [`traceparent`](https://www.w3.org/TR/trace-context/#traceparent-header) has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventTraces {
    /// Of the webhook that the event came with.
    pub of_webhook: Option<String>,
    /// Of the call that asked for the change which the event ended.
    pub of_call: Option<String>,
}

impl Store {
    /// The traces of those of these events that have any, by the events' IDs.
    pub async fn traces_of_events(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, EventTraces>, StoreError> {
        Ok(across_tenants::traces_of_events(self.pool(), ids).await?.into_iter().collect())
    }
}
