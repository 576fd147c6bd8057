//! What the handlers of one worker work with.

use std::sync::Arc;

use graph_client::GraphClient;

use crate::auth::Authenticator;
use crate::egress::Egress;
use crate::events::Inbox;
use crate::health::Health;
use crate::operations::Services;

/// One worker's share: everything is shared with the others but the clients, whose connections stay on their
/// thread.
pub struct Worker {
    /// What operations work with.
    pub services: Arc<Services>,
    /// Who calls.
    pub authenticator: Arc<Authenticator>,
    /// Webhooks from Meta.
    pub inbox: Arc<Inbox>,
    /// What Meta's verification challenge must carry; without it the challenge is refused.
    pub verify_token: Option<secrecy::SecretString>,
    /// How the gateway is.
    pub health: Arc<Health>,
    /// This worker's client of the Graph API.
    pub graph: GraphClient,
    /// This worker's door to addresses that callers choose.
    pub egress: Egress,
}
