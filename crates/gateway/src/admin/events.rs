//! Events as administrators look at them: a tenant's, and those of numbers that no tenant has.

use std::borrow::Cow;

use cams_api::events::{Event, EventId};
use cams_api::identifiers::{BusinessNumber, CustSpaceId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tenant_store::{EventFilter, EventOrder, PublishedEvent, UnroutedEvent};
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::filters::{instant, parsed};
use super::view::{Listed, Paging, View};
use super::{AdminContext, AdminError};
use crate::events::render;

/// An event, as it is delivered.
#[derive(Serialize)]
#[serde(transparent)]
pub struct EventView(Box<RawValue>);

impl PartialSchema for EventView {
    fn schema() -> RefOr<Schema> {
        Event::schema()
    }
}

impl ToSchema for EventView {
    fn name() -> Cow<'static, str> {
        Event::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Event::schemas(schemas);
    }
}

/// An event of a number that no tenant has. It becomes a tenant's when that gets the number.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UnroutedEvent)]
pub struct UnroutedView {
    /// Its ID.
    #[schema(example = "evt_0199f3c2a7b07c3e8a51d2f04e6b9c18")]
    pub event_id: String,
    /// Meta's word for what it is about.
    #[schema(example = "messages")]
    pub field: String,
    /// The number, where Meta told it.
    #[schema(example = "15550000009")]
    pub business_number: Option<String>,
    /// Meta's ID of the number.
    pub phone_number_id: Option<String>,
    /// The WhatsApp Business Account.
    pub waba_id: Option<String>,
    /// When it was committed.
    #[serde(with = "rfc3339")]
    pub received_at: OffsetDateTime,
}

impl EventView {
    /// Its JSON, as it is delivered.
    pub fn json(&self) -> &str {
        self.0.get()
    }
}

impl View for EventView {}
impl View for UnroutedView {}

/// Which events, in which order, and which page of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListEvents {
    /// How many at the most: 1 to 1000, 100 where it is absent.
    limit: Option<i64>,
    /// A sequence: the `next` of the page before.
    after: Option<String>,
    /// `oldest` first where it is absent, or `newest`.
    #[param(value_type = Option<String>, example = "newest")]
    order: Option<Order>,
    /// Of this type, such as `group.created`.
    #[serde(rename = "type")]
    event_type: Option<String>,
    /// Of this number, in digits.
    business_number: Option<String>,
    /// About this group.
    group_id: Option<String>,
    /// Received from this time on, in RFC 3339.
    since: Option<String>,
    /// Received before this time, in RFC 3339.
    until: Option<String>,
}

/// From which end events are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// In the order of their sequence.
    #[default]
    Oldest,
    /// In the opposite order.
    Newest,
}

impl ListEvents {
    /// The same, newest first where nothing else was asked for.
    #[must_use]
    pub fn newest_first(self) -> Self {
        Self { order: self.order.or(Some(Order::Newest)), ..self }
    }

    fn filter(&self) -> Result<EventFilter, AdminError> {
        let mut wrong = Vec::new();
        let after =
            parsed(&mut wrong, "after", self.after.as_deref(), "a sequence, such as 1742", |text| text.parse().ok());
        let filter = EventFilter {
            event_type: self.event_type.clone(),
            business_number: self.business_number.clone(),
            group_id: self.group_id.clone(),
            since: instant(&mut wrong, "since", self.since.as_deref()),
            until: instant(&mut wrong, "until", self.until.as_deref()),
            order: self.order.unwrap_or_default().into(),
            after,
        };
        super::tenants::refuse(wrong)?;
        Ok(filter)
    }
}

/// A tenant's events that are kept; `after` is a sequence.
///
/// # Errors
/// [`AdminError`]
pub async fn list(
    ctx: &AdminContext,
    tenant: &CustSpaceId,
    asked: ListEvents,
) -> Result<Listed<EventView>, AdminError> {
    super::tenants::get(ctx, tenant).await?;
    let (limit, filter) = (Paging::limited(asked.limit)?, asked.filter()?);
    let mut events = ctx.space(tenant).list_events(&filter, limit.saturating_add(1)).await?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_more = events.len() > most;
    events.truncate(most);
    let next = events.last().and_then(|event| event.sequence).filter(|_| is_more).map(|last| last.to_string());
    // One that another version of groupgate filed is told to the log, and keeps nobody from the others.
    Ok(Listed { data: events.iter().filter_map(view).collect(), next })
}

/// One event of a tenant.
///
/// # Errors
/// [`AdminError::NotFound`]
pub async fn get(ctx: &AdminContext, tenant: &CustSpaceId, event: EventId) -> Result<EventView, AdminError> {
    let found = ctx.space(tenant).event(event.0).await?;
    found.as_ref().and_then(view).ok_or(AdminError::NotFound { what: "event".into() })
}

/// Events of numbers that no tenant has, oldest first.
///
/// # Errors
/// [`AdminError`]
pub async fn unrouted(ctx: &AdminContext, page: Paging) -> Result<Listed<UnroutedView>, AdminError> {
    let limit = page.limit()?;
    let after = page.after.map(|text| text.parse::<EventId>()).transpose();
    let after = after.map_err(|_| AdminError::field("after", "`evt_` and 32 hex digits"))?;
    let found = ctx.store().unrouted_events(after.map(|event| event.0), limit.saturating_add(1)).await?;
    Ok(Paging::page(limit, found, |event| EventId(event.id).to_string(), UnroutedView::from))
}

fn view(event: &PublishedEvent) -> Option<EventView> {
    let rendered = render(event).inspect_err(|error| tracing::error!(%error, "an event cannot be shown")).ok()?;
    serde_json::from_slice(&rendered).ok().map(EventView)
}

/// Meta tells it beside the number's ID.
fn display_number(value: &str) -> Option<String> {
    let value: Value = serde_json::from_str(value).ok()?;
    let number: BusinessNumber = value["metadata"]["display_phone_number"].as_str()?.parse().ok()?;
    Some(number.as_str().to_owned())
}

impl From<UnroutedEvent> for UnroutedView {
    fn from(event: UnroutedEvent) -> Self {
        let UnroutedEvent { id, field, waba_id, phone_number_id, received_at, value } = event;
        let business_number = display_number(&value);
        Self { event_id: EventId(id).to_string(), field, business_number, phone_number_id, waba_id, received_at }
    }
}

impl From<Order> for EventOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Oldest => Self::Oldest,
            Order::Newest => Self::Newest,
        }
    }
}
