//! The loop that looks at tokens: those that are due, and those that Meta refused in a call.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use graph_client::{App, GraphClient, GraphError, Urgency};
use secrecy::SecretString;
use tenant_store::{CredentialState, OpenCredential, StoreError};
use tokio::time::{Instant, timeout_at};

use super::{Suspected, Unchecked, check};
use crate::operations::Services;
use crate::telemetry::metrics::Pulse;

/// How often due ones are looked for.
const LOOK: Duration = Duration::from_secs(5);
/// How many are looked at at once.
const AT_ONCE: usize = 8;
/// When one of which nothing was learned is due again.
const LEASE: Duration = Duration::from_mins(5);
/// How long a tenant's refusals are answered for by the look before: Meta is asked once, not once a call.
const ANSWERED: Duration = Duration::from_secs(10);

/// Looks at tokens.
pub(crate) struct CredentialKeeper {
    services: Arc<Services>,
    graph: GraphClient,
    app: App,
    suspected: Suspected,
    looked: HashMap<String, Instant>,
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Unchecked(#[from] Unchecked),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Trouble {
    /// Whether nothing was found wrong: Meta was not asked.
    fn is_waiting(&self) -> bool {
        matches!(self, Self::Unchecked(Unchecked::Graph(GraphError::Held(_))))
    }
}

impl CredentialKeeper {
    pub(crate) fn new(services: Arc<Services>, graph: GraphClient, app: App, suspected: Suspected) -> Self {
        Self { services, graph, app, suspected, looked: HashMap::new() }
    }

    /// Looks at tokens for ever.
    pub(crate) async fn run(&mut self, pulse: &Pulse) {
        let mut due = Instant::now();
        loop {
            if Instant::now() >= due {
                self.look_at_due(pulse).await;
                due = Instant::now() + LOOK;
            }
            if let Ok(tenants) = timeout_at(due, self.suspected.next(AT_ONCE)).await {
                self.look_at_suspected(tenants).await;
            }
        }
    }

    async fn look_at_due(&self, pulse: &Pulse) {
        let limit = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        match self.services.store.claim_credential_checks(limit, LEASE).await {
            Ok(tenants) => {
                self.look_at(&tenants).await;
                pulse.succeeded();
            }
            Err(error) => tracing::warn!(%error, "tokens that are due could not be looked for"),
        }
    }

    async fn look_at_suspected(&mut self, mut tenants: Vec<String>) {
        self.looked.retain(|_, at| at.elapsed() < ANSWERED);
        tenants.retain(|tenant| !self.looked.contains_key(tenant));
        self.look_at(&tenants).await;
        // From after the look: what Meta refused until then, it answered for.
        self.looked.extend(tenants.into_iter().map(|tenant| (tenant, Instant::now())));
    }

    async fn look_at(&self, tenants: &[String]) {
        let looks = tenants.iter().map(async |cust_space_id| {
            let Err(error) = self.look_at_one(cust_space_id).await else { return };
            if error.is_waiting() {
                tracing::debug!(cust_space_id, %error, "the tenant's token is looked at later");
            } else {
                tracing::warn!(cust_space_id, %error, "nothing is known of the tenant's token; Meta is asked again");
            }
            self.look_again(cust_space_id).await;
        });
        join_all(looks).await;
    }

    /// Soon, also where no other call tells of the token.
    async fn look_again(&self, cust_space_id: &str) {
        if let Err(error) = self.services.store.space(cust_space_id).hasten_credential_check(LEASE).await {
            tracing::warn!(cust_space_id, %error, "when Meta is asked again is not changed");
        }
    }

    async fn look_at_one(&self, cust_space_id: &str) -> Result<(), Trouble> {
        let space = self.services.store.space(cust_space_id);
        let Some(stored) = space.stored_token().await? else { return Ok(()) };
        // One that does not open was told to the log when it was tried.
        let Some(token) = opened(&stored.token) else { return Ok(()) };
        let call = self.services.upstream.call(self.app.token(), Urgency::Background);
        let checked = check(&self.graph, call, &self.app, token).await?;
        if space.record_credential_check(stored.revision, &checked.check).await? {
            tell(cust_space_id, checked.check.state);
        }
        Ok(())
    }
}

/// The token, also one that Meta refused before.
pub(crate) fn opened(credential: &OpenCredential) -> Option<&SecretString> {
    match credential {
        OpenCredential::Open(token) | OpenCredential::Invalid(token) => Some(token),
        OpenCredential::Missing | OpenCredential::Unreadable => None,
    }
}

fn tell(cust_space_id: &str, state: CredentialState) {
    match state {
        CredentialState::Valid => tracing::debug!(cust_space_id, "Meta takes the tenant's token"),
        CredentialState::Expiring => tracing::warn!(cust_space_id, "the tenant's token will expire soon"),
        CredentialState::Invalid => tracing::warn!(cust_space_id, "Meta no longer takes the tenant's token"),
    }
}
