//! For the fuzz targets: what an event means.

use tenant_store::{InboxEvent, Routing};

/// What the router makes of an event of the inbox.
pub fn meaning(event: &InboxEvent) -> Routing {
    super::meaning::meaning(event)
}
