//! Endpoints: the addresses that events are delivered to. One belongs to a tenant, or, in the space `_system`, to the
//! ISV, which hears of all tenants.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{DeliveryId, EndpointId, EndpointSecret, Revision};

mod managing;
mod secrets;
mod switching;

pub(crate) use secrets::{SealedSecrets, open_all};

/// Whether events are delivered to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum EndpointState {
    /// They are.
    Enabled,
    /// They are not: an administrator, five days of failures or a 410 ended it. Tests are sent all the same.
    Disabled,
}

/// An endpoint to make.
#[derive(Clone, Default)]
pub struct NewEndpoint {
    /// Where to deliver to; checked by the caller.
    pub url: String,
    /// Which types of events it gets: `group.created`, or `group.*`; all where empty.
    pub types: Vec<String>,
    /// A note for people.
    pub description: Option<String>,
    /// Its secret; made at random where absent.
    pub secret: Option<EndpointSecret>,
}

/// What to change of an endpoint; what is `None` stays.
#[derive(Clone, Default)]
pub struct EndpointChange {
    /// Where to deliver to; checked by the caller. Tries that are under way go to the old address.
    pub url: Option<String>,
    /// Which types of events it gets from now on; all where empty.
    pub types: Option<Vec<String>>,
    /// A note for people; `Some(None)` takes it away.
    pub description: Option<Option<String>>,
}

/// An endpoint, as administrators see it.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its ID.
    pub endpoint_id: EndpointId,
    /// Whose it is; `None` for the ISV's own.
    pub cust_space_id: Option<String>,
    /// Where events are delivered to.
    pub url: String,
    /// Which types of events it gets; all where empty.
    pub types: Vec<String>,
    /// A note for people.
    pub description: Option<String>,
    /// Whether events are delivered to it.
    pub state: EndpointState,
    /// Why they are not.
    pub disabled_reason: Option<String>,
    /// Since when they are not.
    pub disabled_at: Option<OffsetDateTime>,
    /// Since when every try has failed; `None` where the last one did not.
    pub failing_since: Option<OffsetDateTime>,
    /// How many tries have failed since the last one that did not.
    pub failures: i32,
    /// Until when the secret before the last rotation signs, too; `None` where it no longer does.
    pub previous_until: Option<OffsetDateTime>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When an administrator last changed it.
    pub updated_at: OffsetDateTime,
    /// Which state of it this is.
    pub revision: Revision,
}

/// An endpoint that was just made: the only time its secret is shown.
#[derive(Debug, Clone)]
pub struct CreatedEndpoint {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// What its deliveries are signed with.
    pub secret: EndpointSecret,
}

/// A secret that was just made or set: the only time it is shown.
#[derive(Debug, Clone)]
pub struct RotatedSecret {
    /// What deliveries are signed with from now on.
    pub secret: EndpointSecret,
    /// Until when they are signed with the secret before, too; `None` where they no longer are.
    pub previous_until: Option<OffsetDateTime>,
    /// The endpoint, as it is from then on.
    pub endpoint: Endpoint,
}

/// An endpoint that was just enabled.
#[derive(Debug, Clone)]
pub struct EnabledEndpoint {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// From when on it may have missed events, for [`crate::Replay::missed`]; `None` where it was enabled already.
    pub missed_since: Option<OffsetDateTime>,
}

/// A test event on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestSent {
    /// The event, of the type `endpoint.test`.
    pub event_id: Uuid,
    /// Its delivery.
    pub delivery_id: DeliveryId,
}
