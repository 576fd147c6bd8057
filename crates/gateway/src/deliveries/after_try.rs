//! What follows from a try.

use std::time::{Duration, SystemTime};

use tenant_store::AfterTry;

use super::{Retries, retry_after};
use crate::egress::Answer;

const GONE: u16 = 410;
/// The statuses whose `Retry-After` counts.
const LATER: [u16; 2] = [429, 503];

/// What becomes of a delivery that was answered so, or not at all; `before` tries had been made before this one, which
/// ended `now`. `chance`, between 0 and 1, spreads the tries of what failed together.
///
/// No status but 410 gives up at once: one wrong 401 must not lose events.
pub(super) fn after_try(
    retries: &Retries,
    before: u16,
    answer: Option<&Answer>,
    now: SystemTime,
    chance: f64,
) -> AfterTry {
    match answer.map(|answer| answer.status) {
        Some(200..=299) => AfterTry::Done,
        Some(GONE) => AfterTry::Gone,
        status => match retries.pause(before, chance) {
            Some(pause) => AfterTry::Again { after: pause.max(asked(answer, now)) },
            None => AfterTry::Dead { reason: reason(u32::from(before) + 1, status) },
        },
    }
}

/// How long the answer asks to be left alone.
fn asked(answer: Option<&Answer>, now: SystemTime) -> Duration {
    let later = answer.filter(|answer| LATER.contains(&answer.status));
    let header = later.and_then(|answer| answer.retry_after.as_deref());
    header.and_then(|header| retry_after::parse(header, now)).unwrap_or_default()
}

fn reason(tries: u32, status: Option<u16>) -> String {
    match status {
        Some(status) => format!("{tries} tries have failed, the last one with HTTP status {status}"),
        None => format!("{tries} tries have failed, the last one without an answer"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use bytes::Bytes;

    use super::*;

    fn answer(status: u16, retry_after: Option<&str>) -> Answer {
        Answer { status, retry_after: retry_after.map(str::to_owned), beginning: Bytes::new() }
    }

    /// After the first try, which is followed by a pause of 10 seconds.
    fn then(answer: Option<&Answer>) -> AfterTry {
        after_try(&"10s".parse().unwrap(), 0, answer, UNIX_EPOCH, 0.5)
    }

    fn again(seconds: u64) -> AfterTry {
        AfterTry::Again { after: Duration::from_secs(seconds) }
    }

    #[test]
    fn every_2xx_is_done_and_410_alone_ends_it() {
        for status in [200, 201, 202, 204, 226, 299] {
            assert_eq!(then(Some(&answer(status, Some("7")))), AfterTry::Done, "{status}");
        }
        assert_eq!(then(Some(&answer(410, Some("7")))), AfterTry::Gone);
    }

    #[test]
    fn all_else_is_tried_again() {
        assert_eq!(then(None), again(10));
        for status in [100, 301, 307, 400, 401, 403, 404, 409, 418, 429, 500, 501, 503, 999] {
            assert_eq!(then(Some(&answer(status, None))), again(10), "{status}");
        }
    }

    #[test]
    fn whoever_is_busy_says_how_much_later() {
        for status in LATER {
            assert_eq!(then(Some(&answer(status, Some("60")))), again(60));
            assert_eq!(then(Some(&answer(status, Some("5")))), again(10));
            assert_eq!(then(Some(&answer(status, Some("soon")))), again(10));
            assert_eq!(then(Some(&answer(status, Some("Thu, 01 Jan 1970 00:00:30 GMT")))), again(30));
            assert_eq!(then(Some(&answer(status, Some("9999999")))), again(24 * 60 * 60));
        }
        assert_eq!(then(Some(&answer(500, Some("60")))), again(10));
    }

    #[test]
    fn a_delivery_that_is_given_up_says_why() {
        let dead = |answer| after_try(&"1s,2s".parse().unwrap(), 2, answer, UNIX_EPOCH, 0.0);
        let reason = |reason: &str| AfterTry::Dead { reason: reason.to_owned() };
        assert_eq!(dead(None), reason("3 tries have failed, the last one without an answer"));
        let busy = answer(503, Some("60"));
        assert_eq!(dead(Some(&busy)), reason("3 tries have failed, the last one with HTTP status 503"));
    }
}
