//! From what Meta wrote to what tenants are told. Pure, and done twice: when an event is routed, for what it is filed
//! under, and when it is rendered, for what it says.
//!
//! One file a family of types. What cannot be read, or is of a field that has no family, is `account.<field>`: it
//! carries what Meta sent, and costs nothing beside it.

mod account;
mod groups;
mod join_requests;
mod messages;
pub(super) mod ours;
mod participants;
mod statuses;

use cams_api::events::{EventData, EventError, EventType};
use graph_client::webhooks::{Element, UpdateError};
use time::OffsetDateTime;

/// The last second that RFC 3339 can write: 9999-12-31T23:59:59Z.
const LAST_SECOND: i64 = 253_402_300_799;

/// What tenants are told of one change.
pub(super) struct Translated<'a> {
    /// What kind of event it is.
    pub(super) event_type: EventType,
    /// The group that it is about.
    pub(super) group_id: Option<String>,
    /// When it happened, where the element itself says so.
    pub(super) occurred_at: Option<OffsetDateTime>,
    /// What it tells.
    pub(super) data: EventData<'a>,
    /// What went wrong.
    pub(super) errors: Vec<EventError>,
}

/// Translates what a change in Meta's `field` tells.
pub(super) fn translate<'a>(field: &str, told: Element<'a>) -> Translated<'a> {
    match told {
        Element::Group(event) => groups::translate(field, event),
        Element::Message(message) => messages::translate(message),
        Element::Status(status) => statuses::translate(status),
        Element::Other(change) => account::translate(field, change),
    }
}

/// An instant of Meta's, which is in Unix seconds; `None` where it cannot be one.
pub(super) fn instant(seconds: i64) -> Option<OffsetDateTime> {
    let is_told = (0..=LAST_SECOND).contains(&seconds);
    is_told.then(|| OffsetDateTime::from_unix_timestamp(seconds).ok()).flatten()
}

fn errors(told: Vec<UpdateError>) -> Vec<EventError> {
    let error = |UpdateError { code, title, message, details }| EventError { code, title, message, details };
    told.into_iter().map(error).collect()
}

#[cfg(test)]
mod tests;
