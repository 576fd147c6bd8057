//! Durations as people write them: `500ms`, `2s`, `15m`, `12h`, `30d`.

use std::time::Duration;

const EXPECTED: &str = "a duration above zero and up to a year such as 500ms, 2s, 15m, 12h or 30d";
const EXPECTED_RETENTION: &str = "a duration from a day to a year such as 1d, 30d or 36h";
const EXPECTED_SECONDS: &str = "a whole number of seconds such as 900, or a duration such as 15m, up to a year";
/// Events are kept and dropped by the day.
const DAY: Duration = Duration::from_hours(24);
/// No setting means more, and clocks overflow far beyond it.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// A whole number and its unit, without a space between; `None` for anything else.
///
/// ```
/// # use gateway::config::parse_duration;
/// # use std::time::Duration;
/// assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
/// assert_eq!(parse_duration("30"), None);
/// ```
pub fn parse_duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(unit_at);
    let count: u64 = count.parse().ok()?;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(count)),
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    count.checked_mul(seconds).map(Duration::from_secs)
}

/// A pause, or `off` for none.
pub(super) fn pause(text: &str) -> Result<Duration, String> {
    match text {
        "off" => Ok(Duration::ZERO),
        text => duration(text).map_err(|expected| format!("{expected}; or off")),
    }
}

/// A setting's duration; zero is refused, since as a deadline it would fail every call.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let fits = |duration: &Duration| !duration.is_zero() && *duration <= LONGEST;
    parse_duration(text).filter(fits).ok_or_else(|| EXPECTED.to_owned())
}

/// A setting whose name counts seconds: a bare number is good too, and so is zero.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let bare = text.parse().ok().map(Duration::from_secs);
    let given = bare.or_else(|| parse_duration(text));
    given.filter(|duration| *duration <= LONGEST).ok_or_else(|| EXPECTED_SECONDS.to_owned())
}

/// How long something is kept that is dropped by the day.
pub(super) fn retention(text: &str) -> Result<Duration, String> {
    let retention = parse_duration(text).filter(|retention| (DAY..=LONGEST).contains(retention));
    retention.ok_or_else(|| EXPECTED_RETENTION.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_read() {
        let day = Duration::from_hours(24);
        let cases =
            [("500ms", day / 172_800), ("2s", day / 43_200), ("1m", day / 1_440), ("24h", day), ("30d", day * 30)];
        for (text, expected) in cases {
            assert_eq!(parse_duration(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in
            ["", "2", "s", "-2s", "2 s", "2.5s", "2S", "2weeks", "99999999999999999999s", "18446744073709551615d"]
        {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_deadline_of_zero_is_refused_and_a_drain_of_zero_is_not() {
        assert_eq!(duration("200000000000000d"), Err(EXPECTED.to_owned()));
        assert_eq!(seconds("200000000000000"), Err(EXPECTED_SECONDS.to_owned()));
        assert_eq!(duration("0s"), Err(EXPECTED.to_owned()));
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
    }

    #[test]
    fn seconds_may_have_a_unit() {
        assert_eq!(seconds("900"), Ok(Duration::from_mins(15)));
        assert_eq!(seconds("15m"), Ok(Duration::from_mins(15)));
        assert_eq!(seconds("soon"), Err(EXPECTED_SECONDS.to_owned()));
    }

    #[test]
    fn what_is_kept_is_kept_for_a_day_at_least() {
        assert_eq!(retention("1d"), Ok(DAY));
        assert_eq!(retention("36h"), Ok(Duration::from_hours(36)));
        for text in ["23h", "0s", "367d", "30"] {
            assert_eq!(retention(text), Err(EXPECTED_RETENTION.to_owned()), "{text}");
        }
    }
}
