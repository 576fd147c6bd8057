//! Replays: events that an endpoint gets once more, under the IDs that they had.

use cams_api::events::EventId;
use cams_api::identifiers::CustSpaceId;
use serde::{Deserialize, Serialize};
use tenant_store::{EndpointId, EndpointState, Replay, ReplayOnly, ReplaySize, ReplaySpan, StoreError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;

use super::endpoints::space;
use super::view::View;
use super::{AdminContext, AdminError};

/// Which events are delivered once more: a span, or one event.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayEvents {
    /// The first: its sequence, or the time at which it was received, in RFC 3339. To an endpoint of the ISV's own, a time.
    #[schema(example = "2026-11-20T00:00:00Z")]
    since: Option<Point>,
    /// The last, in the form of `since`; all up to now where it is absent.
    until: Option<Point>,
    /// Only events whose last delivery to this endpoint is dead.
    #[serde(default)]
    only_failed: bool,
    /// Only events that were not delivered to this endpoint and are not on their way: what it missed while it was disabled.
    #[serde(default)]
    only_missed: bool,
    /// This one event, `evt_…`, whatever its type, in place of a span.
    #[schema(example = json!(null))]
    event_id: Option<String>,
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

impl View for Replayed {}

/// Delivers events once more.
///
/// # Errors
/// [`AdminError::Unfit`] where the endpoint is disabled, or the event that is named is not its to have.
pub async fn replay(
    ctx: &AdminContext,
    owner: Option<&CustSpaceId>,
    id: EndpointId,
    asked: ReplayEvents,
) -> Result<Replayed, AdminError> {
    let replay = asked.read(owner)?;
    let space = space(ctx, owner);
    let endpoint = space.endpoint(id).await?.ok_or(StoreError::NotFound { what: "endpoint" })?;
    if endpoint.state == EndpointState::Disabled {
        return Err(unfit("The endpoint is disabled, so nothing is delivered to it: enable it first."));
    }
    match space.replay(id, &replay, &ctx.actor).await {
        Err(StoreError::NotFound { what: "event" }) => Err(unfit(
            "The event is kept no longer, or is not this endpoint's to have. A test is not sent again: send another.",
        )),
        replayed => Ok(Replayed { replayed: replayed? }),
    }
}

/// How much a replay of a span would deliver now, as far as a look at its first 10,000 events tells.
///
/// # Errors
/// [`AdminError`] as [`replay`] has, but for the endpoint's state.
pub async fn size(
    ctx: &AdminContext,
    owner: Option<&CustSpaceId>,
    id: EndpointId,
    asked: ReplayEvents,
) -> Result<ReplaySize, AdminError> {
    Ok(space(ctx, owner).replay_size(id, &asked.read(owner)?).await?)
}

impl ReplayEvents {
    fn read(self, owner: Option<&CustSpaceId>) -> Result<Replay, AdminError> {
        let only = match (self.only_failed, self.only_missed) {
            (false, false) => ReplayOnly::All,
            (true, false) => ReplayOnly::Failed,
            (false, true) => ReplayOnly::Missed,
            (true, true) => return Err(AdminError::field("only_missed", "without `only_failed`")),
        };
        let Some(event) = self.event_id else {
            let since = self.since.ok_or_else(|| AdminError::field("since", "it is missing"))?;
            return Ok(Replay { span: span(owner, since, self.until)?, only });
        };
        if self.since.is_some() || self.until.is_some() || only != ReplayOnly::All {
            return Err(AdminError::field("event_id", "by itself: one event is no span"));
        }
        let event = event.parse::<EventId>().map_err(|_| AdminError::field("event_id", "`evt_` and 32 hex digits"))?;
        Ok(Replay { span: ReplaySpan::Event(event.0), only })
    }
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

fn unfit(why: &str) -> AdminError {
    AdminError::Unfit { why: why.to_owned() }
}
