//! Deliveries: what an endpoint gets, and how its tries ended.

use std::collections::HashMap;

use cams_api::events::{EventId, TypeFilter};
use cams_api::identifiers::CustSpaceId;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tenant_store::{Delivery, DeliveryFilter, DeliveryId, DeliveryState, EndpointId, EndpointProgress};
use time::OffsetDateTime;
use time::serde::rfc3339;
use utoipa::{IntoParams, ToSchema};

use super::endpoints::space;
use super::filters::{instant, parsed};
use super::tenants::refuse;
use super::view::{Listed, Paging, View};
use super::{AdminContext, AdminError, FieldError};

/// A delivery: an event on its way to an endpoint.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    /// Its ID.
    #[schema(example = "dlv_0199f3c2a7b07c3e8a51d2f04e6b9c19")]
    pub delivery_id: String,
    /// Where it goes.
    #[schema(example = "ep_0199f3c2a7b07c3e8a51d2f04e6b9c17")]
    pub endpoint_id: String,
    /// The event, by the ID that its receiver knows it by.
    #[schema(example = "evt_0199f3c2a7b07c3e8a51d2f04e6b9c18")]
    pub event_id: String,
    /// The event's type.
    #[schema(example = "group.created")]
    pub event_type: String,
    /// Whose the event is; `null` where it is nobody's.
    pub cust_space_id: Option<String>,
    /// The event's place among the tenant's.
    pub sequence: Option<i64>,
    /// The event's group.
    pub group_id: Option<String>,
    /// `waiting`, `in_flight`, `done`, or `dead`: it is not tried again.
    #[schema(value_type = String, example = "done")]
    pub state: State,
    /// When it is due to be tried; `null` where it ended.
    #[serde(with = "rfc3339::option")]
    pub due_at: Option<OffsetDateTime>,
    /// Why it is dead.
    pub reason: Option<String>,
    /// Its tries, oldest first.
    pub tries: Vec<Try>,
    /// When the event was published, or replayed.
    #[serde(with = "rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was done or dead.
    #[serde(with = "rfc3339::option")]
    pub ended_at: Option<OffsetDateTime>,
}

/// One try of a delivery.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryTry)]
pub struct Try {
    /// When it began.
    #[serde(with = "rfc3339")]
    pub at: OffsetDateTime,
    /// How long it took.
    pub milliseconds: u64,
    /// The HTTP status; `null` where none came.
    pub status: Option<u16>,
    /// Why none came.
    pub error: Option<String>,
    /// The first KiB of the answer.
    pub answer: String,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for a try.
    Waiting,
    /// It is being tried.
    InFlight,
    /// It was delivered.
    Done,
    /// It is not tried again.
    Dead,
}

impl State {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InFlight => "in_flight",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }
}

/// Which deliveries, and which page of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListDeliveries {
    /// How many at the most: 1 to 1000, 100 where it is absent.
    limit: Option<i64>,
    /// The `next` of the page before.
    after: Option<String>,
    /// Those that stand so: `waiting`, `in_flight`, `done` or `dead`.
    #[param(value_type = Option<String>)]
    state: Option<State>,
    /// Those of this event, `evt_…`.
    event_id: Option<String>,
    /// Those of events of this type, such as `group.created`, or of a family of types, such as `group.*`.
    event_type: Option<String>,
    /// Those that were made then or later, in RFC 3339.
    since: Option<String>,
    /// Those that were made then or before, in RFC 3339.
    until: Option<String>,
}

/// How the deliveries of an endpoint go.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    /// How many are neither done nor dead; counted up to 10,000.
    pub open: i64,
    /// When one was last done, among the last 100 that ended.
    pub last_done_at: Option<OffsetDateTime>,
    /// When one was last given up.
    pub last_dead_at: Option<OffsetDateTime>,
}

/// A test event on its way.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestSent {
    /// The event, of the type `endpoint.test`.
    #[schema(example = "evt_0199f3c2a7b07c3e8a51d2f04e6b9c18")]
    pub event_id: String,
    /// Its delivery, which tells how it ended.
    #[schema(example = "dlv_0199f3c2a7b07c3e8a51d2f04e6b9c19")]
    pub delivery_id: String,
}

impl View for DeliveryView {}
impl View for TestSent {}

/// An endpoint's deliveries, newest first.
///
/// # Errors
/// [`AdminError`]
pub async fn list(
    ctx: &AdminContext,
    owner: Option<&CustSpaceId>,
    endpoint: EndpointId,
    asked: ListDeliveries,
) -> Result<Listed<DeliveryView>, AdminError> {
    super::endpoints::get(ctx, owner, endpoint).await?;
    let limit = Paging::limited(asked.limit)?;
    let after = asked.after.as_deref().map(str::parse::<DeliveryId>).transpose();
    let after = after.map_err(|error| AdminError::field("after", error.to_string()))?;
    let filter = asked.filter()?;
    let found = space(ctx, owner).deliveries(endpoint, &filter, after, limit.saturating_add(1)).await?;
    Ok(Paging::page(limit, found, |delivery| delivery.delivery_id.to_string(), DeliveryView::from))
}

/// How deliveries go to each endpoint of a tenant, or of the ISV's own, by their IDs; or to one of them.
///
/// # Errors
/// [`AdminError`]
pub async fn progress(
    ctx: &AdminContext,
    owner: Option<&CustSpaceId>,
    endpoint: Option<EndpointId>,
) -> Result<HashMap<String, Progress>, AdminError> {
    let told = space(ctx, owner).delivery_progress(endpoint).await?.into_iter().map(|progress| {
        let EndpointProgress { endpoint_id, open, last_done_at, last_dead_at } = progress;
        (endpoint_id.to_string(), Progress { open, last_done_at, last_dead_at })
    });
    Ok(told.collect())
}

/// One delivery to an endpoint.
///
/// # Errors
/// [`AdminError::NotFound`]
pub async fn get(
    ctx: &AdminContext,
    owner: Option<&CustSpaceId>,
    endpoint: EndpointId,
    id: DeliveryId,
) -> Result<DeliveryView, AdminError> {
    let found = space(ctx, owner).delivery(id).await?.filter(|delivery| delivery.endpoint_id == endpoint);
    found.map(Into::into).ok_or(AdminError::NotFound { what: "delivery".into() })
}

/// Sends a test event to an endpoint alone, also while it is disabled.
///
/// # Errors
/// [`AdminError::NotFound`]
pub async fn test(ctx: &AdminContext, owner: Option<&CustSpaceId>, id: EndpointId) -> Result<TestSent, AdminError> {
    let sent = space(ctx, owner).test_endpoint(id, &ctx.actor).await?;
    Ok(TestSent { event_id: EventId(sent.event_id).to_string(), delivery_id: sent.delivery_id.to_string() })
}

impl ListDeliveries {
    /// So many of the newest.
    pub fn newest(limit: i64) -> Self {
        Self { limit: Some(limit), ..Self::default() }
    }

    fn filter(&self) -> Result<DeliveryFilter, AdminError> {
        let mut wrong = Vec::new();
        let rule = "`evt_` and 32 hex digits";
        let event = parsed(&mut wrong, "event_id", self.event_id.as_deref(), rule, |text| text.parse::<EventId>().ok());
        if let Some(Err(error)) = self.event_type.as_deref().map(|text| TypeFilter::parse([text])) {
            wrong.push(FieldError::new("event_type", error.to_string()));
        }
        let since = instant(&mut wrong, "since", self.since.as_deref());
        let until = instant(&mut wrong, "until", self.until.as_deref());
        refuse(wrong)?;
        let state = self.state.map(Into::into);
        let event_type = self.event_type.as_deref().map(|text| text.trim().to_owned());
        Ok(DeliveryFilter { state, event_id: event.map(|event| event.0), event_type, since, until })
    }
}

impl From<State> for DeliveryState {
    fn from(state: State) -> Self {
        match state {
            State::Waiting => Self::Waiting,
            State::InFlight => Self::InFlight,
            State::Done => Self::Done,
            State::Dead => Self::Dead,
        }
    }
}

impl From<DeliveryState> for State {
    fn from(state: DeliveryState) -> Self {
        match state {
            DeliveryState::Waiting => Self::Waiting,
            DeliveryState::InFlight => Self::InFlight,
            DeliveryState::Done => Self::Done,
            DeliveryState::Dead => Self::Dead,
        }
    }
}

impl From<tenant_store::Try> for Try {
    fn from(tried: tenant_store::Try) -> Self {
        let tenant_store::Try { at, milliseconds, status, error, answer } = tried;
        Self { at, milliseconds, status, error, answer }
    }
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            delivery_id: delivery.delivery_id.to_string(),
            endpoint_id: delivery.endpoint_id.to_string(),
            event_id: EventId(delivery.event_id).to_string(),
            event_type: delivery.event_type,
            cust_space_id: delivery.event_tenant,
            sequence: delivery.sequence,
            group_id: delivery.group_id,
            state: delivery.state.into(),
            due_at: delivery.due_at,
            reason: delivery.reason,
            tries: delivery.tries.into_iter().map(Into::into).collect(),
            created_at: delivery.created_at,
            ended_at: delivery.ended_at,
        }
    }
}
