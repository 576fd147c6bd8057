//! Which failed call is sent again, and after what pause: the one rule for all calls.
//!
//! A call is sent again only where Meta cannot have acted on it, and where the next try may well end otherwise. Who asks
//! for a change that Meta may have made gets the failure as it is. How many calls of all are sent again, the
//! [`Guard`](crate::Guard) says; nothing here knows of other calls.

use std::time::Duration;

use aws_lc_rs::rand;

use crate::{
    codes::RefusalKind,
    error::{Acted, Effect, GraphError, Unreadable},
};

/// How often a call is sent at the most.
pub(crate) const TRIES: u8 = 3;

/// The longest first pause.
const BASE: Duration = Duration::from_millis(100);

/// The longest pause of all. Where Meta asks for a longer one, the caller is told of it and waits by himself.
const LONGEST: Duration = Duration::from_secs(2);

/// How a failed call is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// Over another connection: the first had been closed by the server while it lay idle, as a rule.
    Reconnected,
    /// After a pause, each up to twice as long as the one before.
    BackedOff,
    /// After the time that was named.
    After(Duration),
}

/// Whether a call that failed like this is sent again, and how; `None` where it is not.
pub(crate) fn again(error: &GraphError) -> Option<Again> {
    if error.acted() == Acted::Unknown {
        return None;
    }
    match error {
        GraphError::Disconnected { .. } => Some(Again::Reconnected),
        GraphError::Connect { .. } => Some(Again::BackedOff),
        GraphError::Refused(refusal) => match refusal.kind() {
            RefusalKind::Transient => backed_off(error),
            RefusalKind::Throttled => after(error),
            _ => None,
        },
        // A proxy's throttle is none of Meta's quotas, and passes as theirs do.
        GraphError::Unreadable { status: 429, .. } => after(error),
        GraphError::Unreadable { status, why, effect: Effect::Read, .. } if is_passing(*status, why) => {
            backed_off(error)
        }
        GraphError::Unreadable { .. }
        | GraphError::Timeout { .. }
        | GraphError::Held(_)
        | GraphError::NotDone { .. }
        | GraphError::Unsendable { .. } => None,
    }
}

/// After the time that was named, where that is short.
fn after(error: &GraphError) -> Option<Again> {
    error.retry_after().filter(|wait| *wait <= LONGEST).map(Again::After)
}

/// After a pause of ours, where no time was named.
fn backed_off(error: &GraphError) -> Option<Again> {
    if error.retry_after().is_some() { after(error) } else { Some(Again::BackedOff) }
}

/// Whether the next answer may well be a better one: this one broke off, or says that its server is out of order.
fn is_passing(status: u16, why: &Unreadable) -> bool {
    status >= 500 || *why == Unreadable::CutOff
}

/// The pause after so many tries have failed, where `drawn` is a random number between 0 and 1.
///
/// Full jitter, so that callers who failed together do not come back together
/// ([AWS: exponential backoff and jitter](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)).
fn pause(again: Again, failed: u8, drawn: f64) -> Duration {
    let doubled = BASE.saturating_mul(1 << failed.saturating_sub(1).min(16)).min(LONGEST);
    match again {
        Again::Reconnected if failed == 1 => Duration::ZERO,
        Again::Reconnected | Again::BackedOff => doubled.mul_f64(drawn),
        Again::After(wait) => wait + BASE.mul_f64(drawn),
    }
}

impl Again {
    /// The pause after so many tries have failed.
    pub(crate) fn pause(self, failed: u8) -> Duration {
        let mut bytes = [0; 4];
        // Without randomness the pause is as long as it can be.
        let drawn = rand::fill(&mut bytes).map(|()| f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX));
        pause(self, failed, drawn.unwrap_or(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        guard::Held,
        refusal::{Circumstances, Refusal},
        token::Token,
        usage::Usage,
    };
    use Again::{After, BackedOff, Reconnected};
    use Effect::{Change, Read};

    fn refused(effect: Effect, code: i64, told_wait: Option<Duration>, is_transient: bool) -> GraphError {
        let token = Token::new(&"EAAGabcdefghijkl".into(), None).unwrap();
        let usage = Usage { told_wait, ..Usage::default() };
        let body = format!(r#"{{"error":{{"code":{code},"message":"m","is_transient":{is_transient}}}}}"#);
        let met = Circumstances { status: 400, usage, effect, token: &token };
        GraphError::Refused(Box::new(Refusal::read(body.as_bytes(), met).unwrap()))
    }

    fn code(code: i64) -> impl Fn(Effect) -> GraphError {
        move |effect| refused(effect, code, None, false)
    }

    fn throttled(seconds: u64) -> impl Fn(Effect) -> GraphError {
        move |effect| refused(effect, 130_429, Some(Duration::from_secs(seconds)), false)
    }

    fn unreadable(status: u16, why: Unreadable) -> impl Fn(Effect) -> GraphError {
        unreadable_and(status, why, None)
    }

    fn unreadable_and(status: u16, why: Unreadable, seconds: Option<u64>) -> impl Fn(Effect) -> GraphError {
        let usage = Usage { told_wait: seconds.map(Duration::from_secs), ..Usage::default() };
        move |effect| GraphError::Unreadable { status, why: why.clone(), effect, usage: Box::new(usage.clone()) }
    }

    fn no_object() -> Unreadable {
        Unreadable::NoErrorObject { content_type: String::new(), length: 0 }
    }

    #[test]
    fn what_is_sent_again_is_what_meta_cannot_have_acted_on_and_what_may_pass() {
        type Failure = Box<dyn Fn(Effect) -> GraphError>;
        let now = tokio::time::Instant::now();
        let table: Vec<(&str, Failure, Option<Again>, Option<Again>)> = vec![
            // failure, of a read, of a change
            (
                "no connection",
                Box::new(|_| GraphError::Connect { why: String::new() }),
                Some(BackedOff),
                Some(BackedOff),
            ),
            ("no time left", Box::new(|effect| GraphError::Timeout { sent: false, effect }), None, None),
            (
                "broken off before anything left",
                Box::new(|effect| GraphError::Disconnected { sent: false, effect, why: String::new() }),
                Some(Reconnected),
                Some(Reconnected),
            ),
            (
                "broken off later",
                Box::new(|effect| GraphError::Disconnected { sent: true, effect, why: String::new() }),
                Some(Reconnected),
                None,
            ),
            ("1", Box::new(code(1)), Some(BackedOff), None),
            ("2", Box::new(code(2)), Some(BackedOff), None),
            ("131000", Box::new(code(131_000)), Some(BackedOff), None),
            ("131016", Box::new(code(131_016)), Some(BackedOff), None),
            ("133004", Box::new(code(133_004)), Some(BackedOff), None),
            (
                "an unknown code that Meta calls transient",
                Box::new(|effect| refused(effect, 999_999, None, true)),
                Some(BackedOff),
                None,
            ),
            (
                "2 with a short time",
                Box::new(|effect| refused(effect, 2, Some(Duration::from_secs(2)), false)),
                Some(After(Duration::from_secs(2))),
                None,
            ),
            (
                "2 with a long time",
                Box::new(|effect| refused(effect, 2, Some(Duration::from_secs(30)), false)),
                None,
                None,
            ),
            ("throttled for an unknown time", Box::new(code(130_429)), None, None),
            (
                "throttled for a short time",
                Box::new(throttled(1)),
                Some(After(Duration::from_secs(1))),
                Some(After(Duration::from_secs(1))),
            ),
            ("throttled for long", Box::new(throttled(3)), None, None),
            ("refused for the request", Box::new(code(100)), None, None),
            ("refused for the token", Box::new(code(190)), None, None),
            ("done in part", Box::new(code(131_201)), None, None),
            ("500 of a proxy", Box::new(unreadable(500, no_object())), Some(BackedOff), None),
            ("503 of a proxy", Box::new(unreadable(503, no_object())), Some(BackedOff), None),
            (
                "503 of a proxy, with a short time",
                Box::new(unreadable_and(503, no_object(), Some(1))),
                Some(After(Duration::from_secs(1))),
                None,
            ),
            ("503 of a proxy, with a long time", Box::new(unreadable_and(503, no_object(), Some(30))), None, None),
            (
                "half an answer, with a long time",
                Box::new(unreadable_and(200, Unreadable::CutOff, Some(30))),
                None,
                None,
            ),
            ("429 of a proxy, without a time", Box::new(unreadable(429, no_object())), None, None),
            (
                "429 of a proxy, with a short time",
                Box::new(unreadable_and(429, no_object(), Some(2))),
                Some(After(Duration::from_secs(2))),
                Some(After(Duration::from_secs(2))),
            ),
            ("429 of a proxy, with a long time", Box::new(unreadable_and(429, no_object(), Some(3))), None, None),
            ("404 of a proxy", Box::new(unreadable(404, no_object())), None, None),
            ("half an answer", Box::new(unreadable(200, Unreadable::CutOff)), Some(BackedOff), None),
            ("half a refusal", Box::new(unreadable(404, Unreadable::CutOff)), Some(BackedOff), None),
            ("an endless answer", Box::new(unreadable(200, Unreadable::TooLarge { limit: 1 })), None, None),
            ("another shape", Box::new(unreadable(200, Unreadable::Shape(String::new()))), None, None),
            ("held", Box::new(move |_| Held::Broken { until: now }.into()), None, None),
            ("not done", Box::new(|_| GraphError::NotDone { status: 200 }), None, None),
            ("unsendable", Box::new(|_| GraphError::Unsendable { why: String::new() }), None, None),
        ];
        for (name, failure, of_a_read, of_a_change) in table {
            assert_eq!(again(&failure(Read)), of_a_read, "{name}, of a read");
            assert_eq!(again(&failure(Change)), of_a_change, "{name}, of a change");
        }
    }

    #[test]
    fn pauses_grow_have_a_bound_and_are_drawn_from_nothing_to_the_whole() {
        for (again, failed, shortest, longest) in [
            (Reconnected, 1, 0, 0),
            (Reconnected, 2, 0, 200),
            (BackedOff, 1, 0, 100),
            (BackedOff, 2, 0, 200),
            (BackedOff, 6, 0, 2000),
            (BackedOff, u8::MAX, 0, 2000),
            (After(Duration::from_secs(1)), 1, 1000, 1100),
            (After(Duration::from_secs(1)), 2, 1000, 1100),
        ] {
            assert_eq!(pause(again, failed, 0.0), Duration::from_millis(shortest), "{again:?} {failed}");
            assert_eq!(pause(again, failed, 1.0), Duration::from_millis(longest), "{again:?} {failed}");
            let drawn = again.pause(failed);
            assert!(drawn >= Duration::from_millis(shortest) && drawn <= Duration::from_millis(longest));
        }
    }
}
