//! How long an answer asks to be left alone: the header `Retry-After`.

use std::time::{Duration, SystemTime};

use awc::http::header::HttpDate;

/// Nobody may keep a delivery open for longer than this by asking.
const LONGEST: Duration = Duration::from_hours(24);

/// The time from `now` on, a day at the most, that a `Retry-After` says: by seconds or by a date
/// ([RFC 9110, 10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)). `None` where it says neither. A date that
/// is over is no time.
pub(super) fn parse(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    let asked = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are more than enough.
        text.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        let date: HttpDate = text.parse().ok()?;
        SystemTime::from(date).duration_since(now).unwrap_or_default()
    };
    Some(asked.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT, the date of the RFC's examples.
    const NOW: Duration = Duration::from_secs(784_111_777);

    fn seconds(text: &str) -> Option<u64> {
        parse(text, UNIX_EPOCH + NOW).map(|asked| asked.as_secs())
    }

    #[test]
    fn seconds_are_read_and_no_more_than_a_day() {
        for (text, asked) in
            [("0", 0), ("120", 120), (" 7 ", 7), ("86401", 86_400), ("99999999999999999999999", 86_400)]
        {
            assert_eq!(seconds(text), Some(asked), "{text}");
        }
    }

    #[test]
    fn a_date_is_read_in_each_form_of_http() {
        for text in ["Sun, 06 Nov 1994 08:50:37 GMT", "Sunday, 06-Nov-94 08:50:37 GMT", "Sun Nov  6 08:50:37 1994"] {
            assert_eq!(seconds(text), Some(60), "{text}");
        }
        assert_eq!(seconds("Sun, 06 Nov 1994 08:48:37 GMT"), Some(0));
        assert_eq!(seconds("Fri, 06 Nov 2054 08:49:37 GMT"), Some(86_400));
    }

    #[test]
    fn what_says_nothing_is_passed_over() {
        for text in ["", "soon", "-5", "1.5", "12 s", "Sun, 06 Nov 1994"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
