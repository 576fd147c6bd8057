//! What the handlers of one worker work with.

use std::rc::Rc;
use std::sync::Arc;

use cams_api::Class;
use cams_api::wait::WaitSeconds;
use graph_client::GraphClient;

use crate::auth::Authenticator;
use crate::egress::Egress;
use crate::events::Inbox;
use crate::health::Health;
use crate::limits::{OpenStreams, Taken};
use crate::operations::{Context, Services};
use crate::tenants::{Number, Tenant};

/// One worker's share: everything is shared with the others but the clients, whose connections stay on their
/// thread.
pub struct Worker {
    /// What operations work with.
    pub services: Arc<Services>,
    /// Who calls.
    pub authenticator: Arc<Authenticator>,
    /// Webhooks from Meta.
    pub inbox: Arc<Inbox>,
    /// Streams of events that are open, of all workers.
    pub streams: Arc<OpenStreams>,
    /// What Meta's verification challenge must carry; without it the challenge is refused.
    pub verify_token: Option<secrecy::SecretString>,
    /// How the gateway is.
    pub health: Arc<Health>,
    /// Whether the gateway's own address is one of TLS.
    pub is_over_tls: bool,
    /// The gateway's own address, without a slash at its end.
    pub public_url: String,
    /// This worker's client of the Graph API.
    pub graph: GraphClient,
    /// This worker's door to addresses that callers choose.
    pub egress: Egress,
}

impl Worker {
    /// A call for a tenant, whose caller has all the time there is, and waits as long as one over REST does.
    pub(super) fn context(
        &self,
        tenant: Arc<Tenant>,
        number: Option<Arc<Number>>,
        class: Class,
        taken: Rc<Taken>,
    ) -> Context {
        Context {
            services: self.services.clone(),
            graph: self.graph.clone(),
            egress: self.egress.clone(),
            tenant,
            number,
            deadline: None,
            repeat_until: None,
            default_wait: WaitSeconds::REST_DEFAULT,
            attempt: None,
            class,
            taken,
            trace: None,
        }
    }
}
