//! An endpoint's deliveries, as administrators look at them.

use std::cmp::Reverse;

use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Delivery, DeliveryFilter, DeliveryState, Try};
use crate::{DeliveryId, EndpointId, Space, StoreError};

/// A delivery as it is stored, open or ended.
struct Row {
    delivery_id: DeliveryId,
    endpoint_id: EndpointId,
    event_id: Uuid,
    event_type: String,
    event_tenant: Option<String>,
    sequence: Option<i64>,
    group_id: Option<String>,
    state: DeliveryState,
    due_at: Option<OffsetDateTime>,
    reason: Option<String>,
    tries: Json<Vec<Try>>,
    created_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
}

/// Up to which ID a page goes that begins with the newest.
const NEWEST: DeliveryId = DeliveryId(Uuid::max());

impl Space<'_> {
    /// Up to `limit` deliveries to an endpoint of this space, newest first; those older than `after`, where that is given.
    pub async fn deliveries(
        &self,
        id: EndpointId,
        filter: &DeliveryFilter,
        after: Option<DeliveryId>,
        limit: i64,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut transaction = self.begin().await?;
        let before = after.unwrap_or(NEWEST);
        let mut rows = self.ended(&mut transaction, id, filter, before, limit).await?;
        rows.extend(self.open(&mut transaction, id, filter, before, limit).await?);
        rows.sort_unstable_by_key(|row| Reverse(row.delivery_id));
        rows.truncate(usize::try_from(limit).unwrap_or_default());
        Ok(rows.into_iter().map(Delivery::from).collect())
    }

    /// One delivery to an endpoint of this space.
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query_as!(
            Row,
            r#"select delivery_id as "delivery_id!: DeliveryId", endpoint_id as "endpoint_id!: EndpointId",
                      event_id as "event_id!", event_type as "event_type!", event_tenant, sequence, lane as group_id,
                      case when claim is null then 'waiting' else 'in_flight' end as "state!: DeliveryState",
                      due_at, null as reason, tries as "tries!: Json<Vec<Try>>", created_at as "created_at!",
                      null::timestamptz as ended_at
               from open_deliveries where cust_space_id = $1 and delivery_id = $2
               union all
               select delivery_id, endpoint_id, event_id, event_type, event_tenant, sequence, lane, state, null, reason,
                      tries, created_at, ended_at
               from deliveries where cust_space_id = $1 and delivery_id = $2"#,
            self.cust_space_id,
            id.0,
        );
        Ok(row.fetch_optional(&mut *transaction).await?.map(Delivery::from))
    }

    async fn open(
        &self,
        transaction: &mut PgConnection,
        id: EndpointId,
        filter: &DeliveryFilter,
        before: DeliveryId,
        limit: i64,
    ) -> Result<Vec<Row>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            r#"select delivery_id as "delivery_id: DeliveryId", endpoint_id as "endpoint_id: EndpointId", event_id,
                      event_type, event_tenant, sequence, lane as group_id,
                      case when claim is null then 'waiting' else 'in_flight' end as "state!: DeliveryState",
                      due_at as "due_at?", null as reason, tries as "tries: Json<Vec<Try>>", created_at,
                      null::timestamptz as ended_at
               from open_deliveries
               where cust_space_id = $1 and endpoint_id = $2 and delivery_id < $3
                 and ($4::text is null or (case when claim is null then 'waiting' else 'in_flight' end) = $4)
                 and ($5::uuid is null or event_id = $5)
               order by delivery_id desc limit $6"#,
            self.cust_space_id,
            id.0,
            before.0,
            filter.state as Option<DeliveryState>,
            filter.event_id,
            limit,
        );
        Ok(rows.fetch_all(transaction).await?)
    }

    async fn ended(
        &self,
        transaction: &mut PgConnection,
        id: EndpointId,
        filter: &DeliveryFilter,
        before: DeliveryId,
        limit: i64,
    ) -> Result<Vec<Row>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            r#"select delivery_id as "delivery_id: DeliveryId", endpoint_id as "endpoint_id: EndpointId", event_id,
                      event_type, event_tenant, sequence, lane as group_id, state as "state: DeliveryState",
                      null::timestamptz as due_at, reason, tries as "tries: Json<Vec<Try>>", created_at,
                      ended_at as "ended_at?"
               from deliveries
               where cust_space_id = $1 and endpoint_id = $2 and delivery_id < $3
                 and ($4::text is null or state = $4) and ($5::uuid is null or event_id = $5)
               order by delivery_id desc limit $6"#,
            self.cust_space_id,
            id.0,
            before.0,
            filter.state as Option<DeliveryState>,
            filter.event_id,
            limit,
        );
        Ok(rows.fetch_all(transaction).await?)
    }
}

impl From<Row> for Delivery {
    fn from(row: Row) -> Self {
        Self {
            delivery_id: row.delivery_id,
            endpoint_id: row.endpoint_id,
            event_id: row.event_id,
            event_type: row.event_type,
            event_tenant: row.event_tenant,
            sequence: row.sequence,
            group_id: row.group_id,
            state: row.state,
            due_at: row.due_at,
            reason: row.reason,
            tries: row.tries.0,
            created_at: row.created_at,
            ended_at: row.ended_at,
        }
    }
}
