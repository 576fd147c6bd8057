//! Which calls are traced.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use governor::clock::MonotonicClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use uuid::Uuid;

/// How many traces a second a replica tells because callers wish so, and at once at the most. A trace costs a few
/// microseconds, so that this is less than a thousandth of a core's time.
const WISHES: NonZeroU32 = NonZeroU32::MIN.saturating_add(49);

/// Which part of the calls is traced: from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio(f64);

/// A text that is no ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number from 0 to 1, such as 0.01")]
pub struct InvalidRatio;

impl Ratio {
    /// Whether the call of this ID is among them, by the ID's last 32 bits, which are
    /// [random](https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7).
    pub(super) fn draws(self, request_id: Uuid) -> bool {
        const ALL: f64 = 4_294_967_296.0;
        let [.., a, b, c, d] = *request_id.as_bytes();
        f64::from(u32::from_be_bytes([a, b, c, d])) < self.0 * ALL
    }
}

impl FromStr for Ratio {
    type Err = InvalidRatio;

    fn from_str(text: &str) -> Result<Self, InvalidRatio> {
        let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        ratio.map(Self).ok_or(InvalidRatio)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Bounds the traces that callers wish for, so that none of them has a replica trace all that it does.
pub(super) struct Wishes(RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware>);

impl Default for Wishes {
    fn default() -> Self {
        Self(RateLimiter::direct_with_clock(Quota::per_second(WISHES), MonotonicClock))
    }
}

impl Wishes {
    /// Whether one more is granted.
    pub(super) fn grant(&self) -> bool {
        self.0.check().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_ratio_is_a_number_from_0_to_1() {
        for text in ["0", "1", "0.01", "1e-3", "1.0"] {
            assert!(text.parse::<Ratio>().is_ok(), "{text}");
        }
        for text in ["", "-0.1", "1.01", "NaN", "inf", "1%", "a hundredth"] {
            assert_eq!(text.parse::<Ratio>(), Err(InvalidRatio), "{text}");
        }
    }

    #[test]
    fn about_as_many_are_drawn_as_the_ratio_says() {
        let drawn = |ratio: &str| {
            let ratio: Ratio = ratio.parse().unwrap();
            (0..10_000).filter(|_| ratio.draws(Uuid::now_v7())).count()
        };
        assert_eq!((drawn("0"), drawn("1")), (0, 10_000));
        // 20 deviations from 1,000.
        assert!((400..1_600).contains(&drawn("0.1")));
        assert!("1".parse::<Ratio>().unwrap().draws(Uuid::max()));
    }

    #[test]
    fn callers_wishes_are_granted_up_to_so_many_a_second() {
        let (wishes, begun) = (Wishes::default(), Instant::now());
        let granted = u32::try_from((0..10_000).filter(|_| wishes.grant()).count()).unwrap();
        let seconds = u32::try_from(begun.elapsed().as_secs()).unwrap() + 1;
        let most = WISHES.get() * (1 + seconds);
        assert!((WISHES.get()..=most).contains(&granted), "{granted}");
    }
}
