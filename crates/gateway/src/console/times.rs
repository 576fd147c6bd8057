//! Times on pages: one exact way for machines, and one for people.

use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

const READABLE: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");

/// For `datetime=`: RFC 3339 in UTC, to the second.
pub(super) fn exact(at: &OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

/// For people, in UTC, as the page does not know where they are: `22 Nov 2026, 04:10 UTC`.
pub(super) fn readable(at: &OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC).format(READABLE).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_time_of_any_zone_is_shown_in_utc() {
        let at = datetime!(2026-11-02 06:09:30.123 +2);
        assert_eq!(exact(&at), "2026-11-02T04:09:30Z");
        assert_eq!(readable(&at), "2 Nov 2026, 04:09 UTC");
    }
}
