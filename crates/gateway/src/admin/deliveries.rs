//! Deliveries: what an endpoint gets, how its tries ended, and what it gets once more.

use cams_api::events::EventId;
use cams_api::identifiers::CustSpaceId;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tenant_store::{
    Delivery, DeliveryFilter, DeliveryId, DeliveryState, EndpointId, EndpointState, Replay, ReplayOnly, ReplaySpan,
    StoreError,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::serde::rfc3339;
use utoipa::{IntoParams, ToSchema};

use super::endpoints::space;
use super::view::{Listed, Paging, View};
use super::{AdminContext, AdminError};

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
#[derive(Debug, Deserialize, IntoParams)]
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

/// Which events are delivered once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayEvents {
    /// The first: its sequence, or the time at which it was received, in RFC 3339. To an endpoint of the ISV's own, a time.
    #[schema(example = "2026-11-20T00:00:00Z")]
    since: Point,
    /// The last, in the form of `since`; all up to now where it is absent.
    until: Option<Point>,
    /// Only events whose last delivery to this endpoint is dead.
    #[serde(default)]
    only_failed: bool,
}

/// A place among the events of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Point {
    /// By its sequence.
    Sequence(i64),
    /// By its time, in RFC 3339.
    Time(String),
}

/// How much is delivered once more.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replayed {
    /// So many events, under the IDs that they had.
    pub replayed: u64,
}

impl View for DeliveryView {}
impl View for TestSent {}
impl View for Replayed {}

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
    let after = asked.after.map(|text| text.parse::<DeliveryId>()).transpose();
    let after = after.map_err(|error| AdminError::field("after", error.to_string()))?;
    let event = asked.event_id.map(|text| text.parse::<EventId>()).transpose();
    let event = event.map_err(|_| AdminError::field("event_id", "`evt_` and 32 hex digits"))?;
    let filter = DeliveryFilter { state: asked.state.map(Into::into), event_id: event.map(|event| event.0) };
    let found = space(ctx, owner).deliveries(endpoint, &filter, after, limit.saturating_add(1)).await?;
    Ok(Paging::page(limit, found, |delivery| delivery.delivery_id.to_string(), DeliveryView::from))
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

/// Delivers events once more.
///
/// # Errors
/// [`AdminError::Unfit`] where the endpoint is disabled.
pub async fn replay(
    ctx: &AdminContext,
    owner: Option<&CustSpaceId>,
    id: EndpointId,
    asked: ReplayEvents,
) -> Result<Replayed, AdminError> {
    let only = if asked.only_failed { ReplayOnly::Failed } else { ReplayOnly::All };
    let replay = Replay { span: span(owner, asked.since, asked.until)?, only };
    let space = space(ctx, owner);
    let endpoint = space.endpoint(id).await?.ok_or(StoreError::NotFound { what: "endpoint" })?;
    if endpoint.state == EndpointState::Disabled {
        let why = "The endpoint is disabled, so nothing is delivered to it: enable it first.".to_owned();
        return Err(AdminError::Unfit { why });
    }
    Ok(Replayed { replayed: space.replay(id, &replay, &ctx.actor).await? })
}

fn span(owner: Option<&CustSpaceId>, since: Point, until: Option<Point>) -> Result<ReplaySpan, AdminError> {
    match (since, until) {
        (Point::Sequence(since), None) => sequences(owner, since, None),
        (Point::Sequence(since), Some(Point::Sequence(until))) => sequences(owner, since, Some(until)),
        (Point::Time(since), None) => Ok(ReplaySpan::Times { since: time("since", &since)?, until: None }),
        (Point::Time(since), Some(Point::Time(until))) => {
            Ok(ReplaySpan::Times { since: time("since", &since)?, until: Some(time("until", &until)?) })
        }
        _ => Err(AdminError::field("until", "in the form of `since`: both sequences, or both times")),
    }
}

fn sequences(owner: Option<&CustSpaceId>, since: i64, until: Option<i64>) -> Result<ReplaySpan, AdminError> {
    let tenant = owner.ok_or_else(|| {
        AdminError::field("since", "a time: each tenant has sequences of its own, and this endpoint hears of them all")
    })?;
    Ok(ReplaySpan::Sequences { cust_space_id: tenant.to_string(), since, until })
}

fn time(field: &str, text: &str) -> Result<OffsetDateTime, AdminError> {
    let rule = "a sequence such as 1742, or a time such as \"2026-11-20T08:00:00Z\"";
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| AdminError::field(field, rule))
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
