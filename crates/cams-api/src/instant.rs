//! Times, as callers read them: RFC 3339 in UTC, each of one length, so that they can be compared as texts, too.

use time::{OffsetDateTime, UtcOffset};

/// To the second: `2026-11-21T08:15:00Z`.
pub fn in_seconds(instant: OffsetDateTime) -> String {
    let mut text = date_and_time(instant);
    text.push('Z');
    text
}

/// To the millisecond: `2026-11-21T08:15:00.412Z`.
pub fn in_milliseconds(instant: OffsetDateTime) -> String {
    format!("{}.{:03}Z", date_and_time(instant), instant.millisecond())
}

fn date_and_time(instant: OffsetDateTime) -> String {
    let utc = instant.to_offset(UtcOffset::UTC);
    let ((hour, minute, second), month) = (utc.to_hms(), u8::from(utc.month()));
    format!("{:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}", utc.year(), utc.day())
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::{in_milliseconds, in_seconds};

    #[test]
    fn a_time_is_told_in_utc_and_cut_to_what_is_asked_for() {
        let instant = OffsetDateTime::from_unix_timestamp_nanos(1_763_712_900_412_987_654).unwrap();
        let elsewhere = instant.to_offset(time::UtcOffset::from_hms(5, 30, 0).unwrap());
        for instant in [instant, elsewhere] {
            assert_eq!(in_seconds(instant), "2025-11-21T08:15:00Z");
            assert_eq!(in_milliseconds(instant), "2025-11-21T08:15:00.412Z");
        }
    }
}
