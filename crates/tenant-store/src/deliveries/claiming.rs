//! Claims: which deliveries this process tries next, and what becomes of those of a process that died.

use std::{collections::HashMap, sync::Arc, time::Duration};

use uuid::Uuid;

use super::{ClaimedDelivery, ClaimedEndpoint, DeliveryBacklog};
use crate::{
    EndpointId, Store, StoreError,
    across_tenants::{self, ClaimedRow, SealedEndpoint},
    endpoints,
};

/// How long nothing is claimed for an endpoint whose secret did not open.
const UNREADABLE: Duration = Duration::from_mins(1);

/// How many deliveries to stopped endpoints end in one transaction.
const ENDED_AT_ONCE: i64 = 5_000;

impl Store {
    /// Claims up to `limit` deliveries that are due, in turn from many endpoints, for as long as `lease`: of an endpoint at
    /// most 8 at a time, 2 while this process holds 256 claims and more, and one where the endpoint failed five times and
    /// more; 128 in all of endpoints that did; of a tenant about 64. The claims are committed when this returns. Replicas
    /// may do so at once.
    ///
    /// Where an endpoint's secret does not open, the log says so, and nothing is claimed for it for a minute.
    pub async fn claim_deliveries(&self, limit: i64, lease: Duration) -> Result<Vec<ClaimedDelivery>, StoreError> {
        let rows = across_tenants::claim_deliveries(self.pool(), limit, lease, self.owner().0).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let endpoints = match self.open_endpoints(&rows).await {
            Ok(endpoints) => endpoints,
            Err(error) => {
                // Where that fails, too, they are free when the lease is over.
                let _ = self.release_claims(&claims(&rows)).await;
                return Err(error);
            }
        };
        let (readable, unreadable): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| endpoints.contains_key(&row.endpoint_id));
        if !unreadable.is_empty() {
            self.pause(&unreadable).await?;
        }
        Ok(readable.into_iter().filter_map(|row| claimed(row, &endpoints)).collect())
    }

    /// Gives claims back that were not tried, each by its delivery's ID and the claim. Returns how many were held still.
    pub async fn release_claims(&self, claims: &[(Uuid, Uuid)]) -> Result<u64, StoreError> {
        self.put_off_claims(claims, Duration::ZERO).await
    }

    /// [`Store::release_claims`] of deliveries that are due again after `pause`.
    pub async fn put_off_claims(&self, claims: &[(Uuid, Uuid)], pause: Duration) -> Result<u64, StoreError> {
        let (deliveries, claims): (Vec<_>, Vec<_>) = claims.iter().copied().unzip();
        across_tenants::release_claims(self.pool(), &deliveries, &claims, pause).await
    }

    /// Gives back the claims whose lease is over, and those older than five seconds of processes that no longer live (as
    /// far as [`Store::listen`] showed it). Returns how many.
    pub async fn release_dead_claims(&self) -> Result<u64, StoreError> {
        across_tenants::release_dead_claims(self.pool(), self.owner().0).await
    }

    /// Ends what is open for endpoints that were disabled or removed, where it was too much to be ended with them, or came
    /// at that moment; at most 5,000 of it at once. Returns how many.
    pub async fn end_stopped_deliveries(&self) -> Result<u64, StoreError> {
        across_tenants::end_stopped_deliveries(self.pool(), ENDED_AT_ONCE).await
    }

    /// How much waits to be delivered.
    pub async fn delivery_backlog(&self) -> Result<DeliveryBacklog, StoreError> {
        across_tenants::delivery_backlog(self.pool()).await
    }

    async fn pause(&self, unreadable: &[ClaimedRow]) -> Result<(), StoreError> {
        across_tenants::pause_endpoints(self.pool(), &endpoint_ids(unreadable), UNREADABLE).await?;
        self.release_claims(&claims(unreadable)).await?;
        Ok(())
    }

    async fn open_endpoints(
        &self,
        rows: &[ClaimedRow],
    ) -> Result<HashMap<EndpointId, Arc<ClaimedEndpoint>>, StoreError> {
        let sealed = across_tenants::claimed_endpoints(self.pool(), &endpoint_ids(rows)).await?;
        Ok(sealed.into_iter().filter_map(|endpoint| self.open_endpoint(endpoint)).collect())
    }

    fn open_endpoint(&self, sealed: SealedEndpoint) -> Option<(EndpointId, Arc<ClaimedEndpoint>)> {
        let SealedEndpoint { endpoint_id: id, cust_space_id: space, url, secrets } = sealed;
        match endpoints::open_all(self, &space, id, &secrets) {
            Ok(secrets) => Some((id, Arc::new(ClaimedEndpoint { id, space, url, secrets }))),
            Err(error) => {
                tracing::error!(endpoint = %id, %error, "nothing can be delivered: the endpoint's secret cannot be read");
                None
            }
        }
    }
}

fn endpoint_ids(rows: &[ClaimedRow]) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = rows.iter().map(|row| row.endpoint_id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn claims(rows: &[ClaimedRow]) -> Vec<(Uuid, Uuid)> {
    rows.iter().map(|row| (row.delivery_id, row.claim)).collect()
}

fn claimed(row: ClaimedRow, endpoints: &HashMap<EndpointId, Arc<ClaimedEndpoint>>) -> Option<ClaimedDelivery> {
    Some(ClaimedDelivery {
        delivery_id: row.delivery_id,
        claim: row.claim,
        endpoint: Arc::clone(endpoints.get(&row.endpoint_id)?),
        attempts: u16::try_from(row.attempts).unwrap_or_default(),
        enqueued_at: row.enqueued_at,
        event: row.event,
    })
}
