//! Which IDs what was made in a span of time can have, so that only the days are looked at that the span touches.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How much later than a row's time its ID may be: it is made within the transaction that the time is of.
const LONGEST_TRANSACTION: Duration = Duration::HOUR;

/// The lowest ID, and the one that is beyond the highest.
pub(crate) fn ids_between(since: Option<OffsetDateTime>, until: Option<OffsetDateTime>) -> (Uuid, Uuid) {
    let beyond = until.and_then(|until| until.checked_add(LONGEST_TRANSACTION)).map_or(Uuid::max(), first_id);
    (since.map_or(Uuid::nil(), first_id), beyond)
}

/// The lowest ID of version 7 of this time.
fn first_id(at: OffsetDateTime) -> Uuid {
    let milliseconds = u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}
