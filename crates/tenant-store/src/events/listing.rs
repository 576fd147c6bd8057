//! A tenant's published events, for whoever looks for one.

use time::OffsetDateTime;

use super::PublishedEvent;
use crate::{Space, StoreError, UniqueCode, text::storable_option, times_of_ids::ids_between};

/// From which end events are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EventOrder {
    /// In the order of their sequence.
    #[default]
    Oldest,
    /// In the opposite order.
    Newest,
}

/// Which events are wanted, and in which order. What is `None` excludes none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of this type, such as `group.created`.
    pub event_type: Option<String>,
    /// Of this number, in digits.
    pub business_number: Option<String>,
    /// About this group.
    pub group_id: Option<String>,
    /// Received from this time on.
    pub since: Option<OffsetDateTime>,
    /// Received before this time.
    pub until: Option<OffsetDateTime>,
    /// From which end.
    pub order: EventOrder,
    /// Behind the one of this sequence, in that order.
    pub after: Option<i64>,
}

impl Space<'_> {
    /// Up to `limit` of the tenant's events that are kept.
    pub async fn list_events(&self, filter: &EventFilter, limit: i64) -> Result<Vec<PublishedEvent>, StoreError> {
        match filter.order {
            EventOrder::Oldest => self.events_behind(filter, filter.after.unwrap_or(i64::MIN), limit).await,
            EventOrder::Newest => self.events_before(filter, filter.after.unwrap_or(i64::MAX), limit).await,
        }
    }

    async fn events_behind(
        &self,
        filter: &EventFilter,
        after: i64,
        limit: i64,
    ) -> Result<Vec<PublishedEvent>, StoreError> {
        let mut transaction = self.begin().await?;
        let (lowest, beyond) = ids_between(filter.since, filter.until);
        let events = sqlx::query_as!(
            PublishedEvent,
            r#"select id, sequence, type as "event_type!", cust_space_id, business_number, phone_number_id,
                      nullif(waba_id, '') as waba_id, group_id, unique_code as "unique_code: UniqueCode", field,
                      value::text as "value!", coalesce(occurred_at, received_at) as "occurred_at!", received_at
               from events
               where cust_space_id = $1 and sequence is not null and sequence > $2
                 and ($3::text is null or type = $3) and ($4::text is null or business_number = $4)
                 and ($5::text is null or group_id = $5) and ($6::timestamptz is null or received_at >= $6)
                 and ($7::timestamptz is null or received_at < $7) and id >= $9 and id < $10
               order by sequence limit $8"#,
            self.cust_space_id,
            after,
            storable_option(filter.event_type.as_deref()),
            storable_option(filter.business_number.as_deref()),
            storable_option(filter.group_id.as_deref()),
            filter.since,
            filter.until,
            limit,
            lowest,
            beyond,
        );
        Ok(events.fetch_all(&mut *transaction).await?)
    }

    async fn events_before(
        &self,
        filter: &EventFilter,
        after: i64,
        limit: i64,
    ) -> Result<Vec<PublishedEvent>, StoreError> {
        let mut transaction = self.begin().await?;
        let (lowest, beyond) = ids_between(filter.since, filter.until);
        let events = sqlx::query_as!(
            PublishedEvent,
            r#"select id, sequence, type as "event_type!", cust_space_id, business_number, phone_number_id,
                      nullif(waba_id, '') as waba_id, group_id, unique_code as "unique_code: UniqueCode", field,
                      value::text as "value!", coalesce(occurred_at, received_at) as "occurred_at!", received_at
               from events
               where cust_space_id = $1 and sequence is not null and sequence < $2
                 and ($3::text is null or type = $3) and ($4::text is null or business_number = $4)
                 and ($5::text is null or group_id = $5) and ($6::timestamptz is null or received_at >= $6)
                 and ($7::timestamptz is null or received_at < $7) and id >= $9 and id < $10
               order by sequence desc limit $8"#,
            self.cust_space_id,
            after,
            storable_option(filter.event_type.as_deref()),
            storable_option(filter.business_number.as_deref()),
            storable_option(filter.group_id.as_deref()),
            filter.since,
            filter.until,
            limit,
            lowest,
            beyond,
        );
        Ok(events.fetch_all(&mut *transaction).await?)
    }
}
