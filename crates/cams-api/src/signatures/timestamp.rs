//! The time that a request was signed at.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::{CLOCK_DIFFERENCE, SignatureError};

const FORM: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// Checks a time of the header or parameter `name` against ours.
pub(super) fn check(name: &'static str, written: &str, now: OffsetDateTime) -> Result<(), SignatureError> {
    let parsed = PrimitiveDateTime::parse(written, FORM).map_err(|_| SignatureError::TimestampFormat { name })?;
    if (parsed.assume_utc() - now).abs() > CLOCK_DIFFERENCE {
        let now = now.to_offset(time::UtcOffset::UTC).format(FORM).unwrap_or_default();
        return Err(SignatureError::TimestampExpired { name, now });
    }
    Ok(())
}
