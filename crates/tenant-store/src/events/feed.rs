//! A tenant's published events, in the order of their sequence.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Space, Store, StoreError, UniqueCode, across_tenants};

/// A published event: what deliveries, pulls and the stream are made from.
#[derive(Clone, PartialEq, Eq)]
pub struct PublishedEvent {
    /// Our ID of it, a UUID of version 7; the same however often it is delivered.
    pub id: Uuid,
    /// Its place among the tenant's events, from 1 without gaps; `None` for the gateway's own.
    pub sequence: Option<i64>,
    /// Its type, such as `group.created`.
    pub event_type: String,
    /// The tenant; `None` for events of the gateway's own that are about none.
    pub cust_space_id: Option<String>,
    /// The tenant's number, in digits.
    pub business_number: Option<String>,
    /// Meta's ID of that number.
    pub phone_number_id: Option<String>,
    /// The WhatsApp Business Account.
    pub waba_id: Option<String>,
    /// The group.
    pub group_id: Option<String>,
    /// The change that it settled.
    pub unique_code: Option<UniqueCode>,
    /// The change's `field`; `groupgate` for the gateway's own.
    pub field: String,
    /// The change's value with this element alone, as Meta sent it; of the gateway's own, their detail.
    pub value: String,
    /// When it happened.
    pub occurred_at: OffsetDateTime,
    /// When it was committed.
    pub received_at: OffsetDateTime,
}

/// Some of a tenant's events, and what there is of them at the same moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    /// The events, in the order of their sequence.
    pub events: Vec<PublishedEvent>,
    /// The first sequence that is still kept; one more than `last` where none is.
    pub oldest: i64,
    /// The last sequence that was given; 0 where none was.
    pub last: i64,
}

impl Space<'_> {
    /// Up to `limit` events whose sequence is higher than `after`. Where one is seen, all before it were visible:
    /// whoever asks for what comes after the last one that they saw misses none.
    /// [`StoreError::NotFound`] where there is no such tenant.
    pub async fn events_after(&self, after: Option<i64>, limit: i64) -> Result<EventPage, StoreError> {
        let mut transaction = self.snapshot().await?;
        let (oldest, last) = self.bounds(&mut transaction).await?;
        let events = self.page(&mut transaction, after.unwrap_or_default(), limit).await?;
        Ok(EventPage { events, oldest, last })
    }

    /// One published event of this tenant; `None` where it has none of this ID, or no more.
    pub async fn event(&self, id: Uuid) -> Result<Option<PublishedEvent>, StoreError> {
        let mut transaction = self.begin().await?;
        let event = sqlx::query_as!(
            PublishedEvent,
            r#"select id, sequence, type as "event_type!", cust_space_id, business_number, phone_number_id,
                      nullif(waba_id, '') as waba_id, group_id, unique_code as "unique_code: UniqueCode", field,
                      value::text as "value!", coalesce(occurred_at, received_at) as "occurred_at!", received_at
               from events where cust_space_id = $1 and id = $2 and type is not null"#,
            self.cust_space_id,
            id,
        );
        Ok(event.fetch_optional(&mut *transaction).await?)
    }

    /// The first sequence that is kept, and the last that was given.
    async fn bounds(&self, transaction: &mut PgConnection) -> Result<(i64, i64), StoreError> {
        let bounds = sqlx::query!(
            "select c.last_sequence as last,
                    (select e.sequence from events e
                     where e.cust_space_id = c.cust_space_id and e.sequence is not null
                     order by e.sequence limit 1) as oldest
             from event_counters c where c.cust_space_id = $1",
            self.cust_space_id,
        );
        let bounds = bounds.fetch_optional(transaction).await?.ok_or(StoreError::NotFound { what: "tenant" })?;
        Ok((bounds.oldest.unwrap_or(bounds.last + 1), bounds.last))
    }

    async fn page(
        &self,
        transaction: &mut PgConnection,
        after: i64,
        limit: i64,
    ) -> Result<Vec<PublishedEvent>, StoreError> {
        let events = sqlx::query_as!(
            PublishedEvent,
            r#"select id, sequence, type as "event_type!", cust_space_id, business_number, phone_number_id,
                      nullif(waba_id, '') as waba_id, group_id, unique_code as "unique_code: UniqueCode", field,
                      value::text as "value!", coalesce(occurred_at, received_at) as "occurred_at!", received_at
               from events where cust_space_id = $1 and sequence > $2 and sequence is not null
               order by sequence limit $3"#,
            self.cust_space_id,
            after,
            limit,
        );
        Ok(events.fetch_all(transaction).await?)
    }
}

impl Store {
    /// A published event, whosever it is; for administrators.
    pub async fn find_event(&self, id: Uuid) -> Result<Option<PublishedEvent>, StoreError> {
        across_tenants::find_event(self.pool(), id).await
    }

    /// How far the sequences of these tenants have come, in one statement for all who wait for more. Tenants that do not
    /// exist are left out.
    pub async fn last_sequences(&self, cust_space_ids: &[String]) -> Result<Vec<(String, i64)>, StoreError> {
        across_tenants::last_sequences(self.pool(), cust_space_ids).await
    }
}
