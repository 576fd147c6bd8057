//! The keeper: finds numbers of which something is due to be compared, and has it done. Every replica runs one; they
//! share the work.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use graph_client::GraphClient;
use tokio::time::Instant;

use super::job::Job;
use crate::events::Nudge;
use crate::operations::Services;
use crate::telemetry::metrics::Pulse;

/// How often the keeper looks by itself, in case it was not told.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How many numbers it is at together; nearly all of them wait for their next second.
const AT_ONCE: usize = 64;

/// The loop that compares mirrors with Meta's word.
pub(crate) struct Keeper {
    services: Arc<Services>,
    graph: GraphClient,
    nudge: Nudge,
}

impl Keeper {
    /// A keeper with a client of its own, that looks whenever `nudge` says so.
    pub(crate) fn new(services: Arc<Services>, graph: GraphClient, nudge: Nudge) -> Self {
        Self { services, graph, nudge }
    }

    /// Compares, for ever.
    pub(crate) async fn run(&self, pulse: &Pulse) {
        let mut jobs = FuturesUnordered::new();
        let mut next_look = Instant::now();
        loop {
            tokio::select! {
                () = self.nudge.wait_until(next_look), if jobs.len() < AT_ONCE => {
                    jobs.extend(self.claim(AT_ONCE - jobs.len(), pulse).await.into_iter().map(Job::run));
                    next_look = Instant::now() + LOOK_AGAIN;
                }
                // Whoever ends may have left something that is due in a second.
                Some(()) = jobs.next() => next_look = next_look.min(Instant::now() + super::pace::STEP),
            }
        }
    }

    async fn claim(&self, most: usize, pulse: &Pulse) -> Vec<Job> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        match self.services.store.claim_mirrors(most).await {
            Ok(claims) => {
                pulse.succeeded();
                claims.into_iter().map(|claim| self.job(claim)).collect()
            }
            Err(error) => {
                tracing::warn!(%error, "mirrors wait to be compared with Meta's lists");
                Vec::new()
            }
        }
    }

    fn job(&self, claim: tenant_store::MirrorClaim) -> Job {
        Job::new(self.services.clone(), self.graph.clone(), claim)
    }
}
