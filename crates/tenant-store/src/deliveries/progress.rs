//! How deliveries go, endpoint by endpoint.

use super::EndpointProgress;
use crate::{EndpointId, Space, StoreError};

/// How many open deliveries of an endpoint are counted of each kind.
const MOST_COUNTED: i64 = 10_000;

impl Space<'_> {
    /// How the deliveries of each endpoint of this space go, or of one of them.
    pub async fn delivery_progress(&self, id: Option<EndpointId>) -> Result<Vec<EndpointProgress>, StoreError> {
        let mut transaction = self.begin().await?;
        // Each kind of open deliveries has an index of its own.
        let progress = sqlx::query_as!(
            EndpointProgress,
            r#"select n.endpoint_id as "endpoint_id: EndpointId",
                      least(
                          (select count(*) from (select 1 from open_deliveries o
                               where o.endpoint_id = n.endpoint_id and o.claim is not null limit $3) claimed)
                          + (select count(*) from (select 1 from open_deliveries o
                               where o.endpoint_id = n.endpoint_id and o.is_ready and o.claim is null limit $3) ready)
                          + (select count(*) from (select 1 from open_deliveries o
                               where o.endpoint_id = n.endpoint_id and o.attempts = 0 and o.lane is not null
                                 and not o.is_ready and o.claim is null limit $3) behind),
                          $3) as "open!",
                      (select max(d.ended_at) filter (where d.state = 'done')
                       from (select e.state, e.ended_at from deliveries e where e.endpoint_id = n.endpoint_id
                             order by e.delivery_id desc limit 100) d) as last_done_at,
                      (select d.ended_at from deliveries d where d.endpoint_id = n.endpoint_id and d.state = 'dead'
                       order by d.delivery_id desc limit 1) as last_dead_at
               from endpoints n where n.cust_space_id = $1 and ($2::uuid is null or n.endpoint_id = $2)"#,
            self.cust_space_id,
            id.map(|id| id.0),
            MOST_COUNTED,
        );
        Ok(progress.fetch_all(&mut *transaction).await?)
    }
}
