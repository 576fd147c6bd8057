//! An endpoint's deliveries, as administrators look at them.

use std::cmp::Reverse;

use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Delivery, DeliveryFilter, DeliveryState, Try};
use crate::{DeliveryId, EndpointId, Space, StoreError, times_of_ids::ids_between};

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

/// Which of an endpoint's deliveries a page may have: the filter, and between which IDs, so that only the days that the
/// filter names are looked at.
struct Page<'a> {
    endpoint: EndpointId,
    filter: &'a DeliveryFilter,
    lowest: Uuid,
    before: Uuid,
    limit: i64,
}

impl<'a> Page<'a> {
    fn new(endpoint: EndpointId, filter: &'a DeliveryFilter, after: Option<DeliveryId>, limit: i64) -> Self {
        let (lowest, beyond) = ids_between(filter.since, filter.until);
        let before = after.map_or(beyond, |after| after.0.min(beyond));
        Self { endpoint, filter, lowest, before, limit }
    }
}

impl Space<'_> {
    /// Up to `limit` deliveries to an endpoint of this space, newest first; those older than `after`, where that is given.
    pub async fn deliveries(
        &self,
        id: EndpointId,
        filter: &DeliveryFilter,
        after: Option<DeliveryId>,
        limit: i64,
    ) -> Result<Vec<Delivery>, StoreError> {
        // A delivery that ends between the two looks would stand in neither.
        let mut transaction = self.snapshot().await?;
        let page = Page::new(id, filter, after, limit);
        let mut rows = self.ended(&mut transaction, &page).await?;
        rows.extend(self.open(&mut transaction, &page).await?);
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

    async fn open(&self, transaction: &mut PgConnection, page: &Page<'_>) -> Result<Vec<Row>, StoreError> {
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
                 and ($6::text is null or event_type = $6 or $6 like '%.*' and starts_with(event_type, left($6, -1)))
                 and ($7::timestamptz is null or created_at >= $7) and ($8::timestamptz is null or created_at <= $8)
                 and delivery_id >= $9
               order by delivery_id desc limit $10"#,
            self.cust_space_id,
            page.endpoint.0,
            page.before,
            page.filter.state as Option<DeliveryState>,
            page.filter.event_id,
            page.filter.event_type,
            page.filter.since,
            page.filter.until,
            page.lowest,
            page.limit,
        );
        Ok(rows.fetch_all(transaction).await?)
    }

    async fn ended(&self, transaction: &mut PgConnection, page: &Page<'_>) -> Result<Vec<Row>, StoreError> {
        let rows = sqlx::query_as!(
            Row,
            r#"select delivery_id as "delivery_id: DeliveryId", endpoint_id as "endpoint_id: EndpointId", event_id,
                      event_type, event_tenant, sequence, lane as group_id, state as "state: DeliveryState",
                      null::timestamptz as due_at, reason, tries as "tries: Json<Vec<Try>>", created_at,
                      ended_at as "ended_at?"
               from deliveries
               where cust_space_id = $1 and endpoint_id = $2 and delivery_id < $3
                 and ($4::text is null or state = $4) and ($5::uuid is null or event_id = $5)
                 and ($6::text is null or event_type = $6 or $6 like '%.*' and starts_with(event_type, left($6, -1)))
                 and ($7::timestamptz is null or created_at >= $7) and ($8::timestamptz is null or created_at <= $8)
                 and delivery_id >= $9
               order by delivery_id desc limit $10"#,
            self.cust_space_id,
            page.endpoint.0,
            page.before,
            page.filter.state as Option<DeliveryState>,
            page.filter.event_id,
            page.filter.event_type,
            page.filter.since,
            page.filter.until,
            page.lowest,
            page.limit,
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
