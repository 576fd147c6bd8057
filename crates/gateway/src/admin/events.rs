//! Events as administrators look at them: a tenant's, and those of numbers that no tenant has.

use std::borrow::Cow;

use cams_api::events::{Event, EventId};
use cams_api::identifiers::CustSpaceId;
use serde::Serialize;
use serde_json::value::RawValue;
use tenant_store::{PublishedEvent, UnroutedEvent};
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

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
    /// Meta's ID of the number.
    pub phone_number_id: Option<String>,
    /// The WhatsApp Business Account.
    pub waba_id: Option<String>,
    /// When it was committed.
    #[serde(with = "rfc3339")]
    pub received_at: OffsetDateTime,
}

impl View for EventView {}
impl View for UnroutedView {}

/// A tenant's events in the order of their sequence, from the oldest that is kept; `after` is a sequence.
///
/// # Errors
/// [`AdminError`]
pub async fn list(ctx: &AdminContext, tenant: &CustSpaceId, page: Paging) -> Result<Listed<EventView>, AdminError> {
    let limit = page.limit()?;
    let after = page.after.map(|text| text.parse::<i64>()).transpose();
    let after = after.map_err(|_| AdminError::field("after", "a sequence, such as 1742"))?;
    let mut events = ctx.space(tenant).events_after(after, limit.saturating_add(1)).await?.events;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_more = events.len() > most;
    events.truncate(most);
    let next = events.last().and_then(|event| event.sequence).filter(|_| is_more).map(|last| last.to_string());
    // One that another version of groupgate filed is told to the log, and keeps nobody from the others.
    Ok(Listed { data: events.iter().filter_map(view).collect(), next })
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

impl From<UnroutedEvent> for UnroutedView {
    fn from(event: UnroutedEvent) -> Self {
        let UnroutedEvent { id, field, waba_id, phone_number_id, received_at, .. } = event;
        Self { event_id: EventId(id).to_string(), field, phone_number_id, waba_id, received_at }
    }
}
