//! One limit, and what is left of it.

use std::convert::Infallible;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use tenant_store::Rate;

/// A limit that is in force. It is shared by reference: all takers count.
pub struct Limiter<C: Clock = MonotonicClock> {
    rate: Rate,
    quota: Quota,
    clock: C,
    gcra: RateLimiter<Test, State, C, StateInformationMiddleware>,
}

/// What a limiter has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// So many calls get through now.
    pub remaining: u32,
    /// After this time, the whole burst gets through.
    pub full_in: Duration,
}

/// Whether a test of the limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Test {
    Take,
    Look,
}

/// governor's state, which can be looked at without counting.
#[derive(Default)]
struct State(InMemoryState);

impl StateStore for State {
    type Key = Test;

    fn measure_and_replace<T, F, E>(&self, test: &Test, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        match test {
            Test::Take => self.0.measure_and_replace(&NotKeyed::NonKey, decide),
            // A decision that fails leaves the state as it is, so what was seen leaves as a failure.
            Test::Look => {
                let look = |state| Err(decide(state).map(|(seen, _)| seen));
                match self.0.measure_and_replace::<Infallible, _, _>(&NotKeyed::NonKey, look) {
                    Err(seen) => seen,
                    Ok(never) => match never {},
                }
            }
        }
    }
}

impl Limiter {
    /// A limiter for `rate`; `None` where that is no limit.
    pub fn new(rate: Rate) -> Option<Self> {
        Self::with_clock(rate, MonotonicClock)
    }

    /// The limiter for `rate`: `before`, where that has the same rate, since what it has counted holds.
    pub fn keep(before: Option<&Arc<Self>>, rate: Rate) -> Option<Arc<Self>> {
        let same = before.filter(|before| before.rate == rate);
        same.cloned().or_else(|| Self::new(rate).map(Arc::new))
    }
}

impl<C: Clock> Limiter<C> {
    /// A limiter whose time is `clock`'s.
    pub fn with_clock(rate: Rate, clock: C) -> Option<Self>
    where
        C: Clone,
    {
        let quota = quota(rate)?;
        Some(Self { rate, quota, gcra: RateLimiter::new(quota, State::default(), clock.clone()), clock })
    }

    /// What it was made for.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// How many calls get through at once after a pause.
    pub fn burst(&self) -> NonZeroU32 {
        self.quota.burst_size()
    }

    /// How long it takes until a limiter that is used up has its whole burst again.
    pub fn window(&self) -> Duration {
        self.quota.burst_size_replenished_in()
    }

    /// Counts a call.
    ///
    /// # Errors
    /// How long to wait until one gets through, where it does not now. It is not counted.
    pub fn take(&self) -> Result<(), Duration> {
        self.test(Test::Take).map(drop)
    }

    /// Counts a call that can wait: it leaves half of the burst to others.
    ///
    /// # Errors
    /// How long to wait until there may be that much again.
    pub fn take_spare(&self) -> Result<(), Duration> {
        let kept = self.burst().get() / 2;
        match self.look().remaining {
            remaining if remaining > kept => self.take(),
            remaining => Err(self.quota.replenish_interval() * (kept + 1 - remaining)),
        }
    }

    /// How long to wait until a call gets through, where it does not now.
    pub fn wait(&self) -> Option<Duration> {
        self.test(Test::Look).err()
    }

    /// What is left. Both figures err on the side of too little.
    pub fn look(&self) -> Standing {
        let remaining = self.test(Test::Look).map_or(0, |after_one_more| after_one_more + 1);
        let used = self.burst().get().saturating_sub(remaining);
        Standing { remaining, full_in: self.quota.replenish_interval() * used }
    }

    /// How many calls get through after this one, or how long until this one does.
    fn test(&self, test: Test) -> Result<u32, Duration> {
        match self.gcra.check_key(&test) {
            Ok(snapshot) => Ok(snapshot.remaining_burst_capacity()),
            Err(refused) => Err(refused.wait_time_from(self.clock.now())),
        }
    }
}

impl<C: Clock> fmt::Debug for Limiter<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Limiter({})", self.rate)
    }
}

fn quota(rate: Rate) -> Option<Quota> {
    match rate {
        Rate::Off => None,
        Rate::Limited { calls, per, burst } => {
            Quota::with_period(per.duration() / calls.get()).map(|quota| quota.allow_burst(burst))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::Limiter;

    fn limiter(rate: &str) -> (Limiter<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        // A clock that is not at its very beginning, as no clock of a running gateway is.
        clock.advance(Duration::from_hours(1));
        (Limiter::with_clock(rate.parse().unwrap(), clock.clone()).unwrap(), clock)
    }

    /// How many get through at once.
    fn burst(limiter: &Limiter<FakeRelativeClock>) -> u32 {
        (0..1_000).take_while(|_| limiter.take().is_ok()).count().try_into().unwrap()
    }

    #[test]
    fn what_remains_is_exactly_what_gets_through() {
        for rate in ["100/s;burst=200", "3/s;burst=7", "20/m", "7/h;burst=1", "9999999/s;burst=50", "3/m;burst=5"] {
            let (limiter, clock) = limiter(rate);
            for pause in [0, 1, 333, 1_000, 1_001, 61_000, 10_000_000] {
                clock.advance(Duration::from_millis(pause));
                let promised = limiter.look().remaining;
                assert_eq!(burst(&limiter), promised, "{rate} after {pause} ms");
            }
        }
    }

    #[test]
    fn a_caller_who_waits_as_long_as_told_gets_through_and_no_earlier() {
        for rate in ["100/s;burst=200", "3/s;burst=7", "20/m", "7/h;burst=1", "7/h"] {
            let (limiter, clock) = limiter(rate);
            burst(&limiter);
            for _ in 0..50 {
                let wait = limiter.take().unwrap_err();
                assert_eq!(limiter.wait(), Some(wait), "{rate}");
                clock.advance(wait.checked_sub(Duration::from_nanos(1)).unwrap());
                assert!(limiter.take().is_err(), "{rate}");
                clock.advance(Duration::from_nanos(1));
                assert_eq!((limiter.wait(), limiter.take()), (None, Ok(())), "{rate}");
            }
        }
    }

    #[test]
    fn after_the_time_that_is_told_the_whole_burst_gets_through() {
        for (rate, whole) in [("100/s;burst=200", 200), ("3/s;burst=7", 7), ("20/m", 20), ("7/h;burst=1", 1)] {
            let (limiter, clock) = limiter(rate);
            for used in [1, whole / 2, whole] {
                for _ in 0..used {
                    limiter.take().unwrap();
                }
                clock.advance(limiter.look().full_in);
                assert_eq!(limiter.look().remaining, whole, "{rate} after {used}");
                assert_eq!(burst(&limiter), whole, "{rate} after {used}");
                clock.advance(limiter.window());
            }
        }
    }

    #[test]
    fn to_look_is_not_to_take() {
        let (limiter, _clock) = limiter("5/s");
        (0..100).for_each(|_| assert_eq!(limiter.look().remaining, 5));
        assert_eq!(limiter.look().full_in, Duration::ZERO);
        assert_eq!(burst(&limiter), 5);
    }

    #[test]
    fn a_refused_call_is_not_counted() {
        let (limiter, clock) = limiter("1/s;burst=1");
        limiter.take().unwrap();
        (0..100).for_each(|_| assert!(limiter.take().is_err()));
        clock.advance(Duration::from_secs(1));
        assert_eq!(limiter.take(), Ok(()));
    }

    #[test]
    fn what_can_wait_leaves_half_of_the_burst_to_others() {
        let (limiter, clock) = limiter("10/s;burst=10");
        assert_eq!((0..20).filter(|_| limiter.take_spare().is_ok()).count(), 5);
        let wait = limiter.take_spare().unwrap_err();
        assert_eq!(burst(&limiter), 5, "the rest is for callers");
        clock.advance(wait * 6);
        assert_eq!(limiter.take_spare(), Ok(()));
        let (single, _clock) = self::limiter("1/s");
        assert_eq!(single.take_spare(), Ok(()), "a burst of one can still be used");
    }

    #[test]
    fn a_limiter_is_kept_as_long_as_its_rate_is_the_same() {
        let rate = "5/s".parse().unwrap();
        let first = Limiter::keep(None, rate).unwrap();
        assert!(Arc::ptr_eq(&first, &Limiter::keep(Some(&first), rate).unwrap()));
        let other = Limiter::keep(Some(&first), "6/s".parse().unwrap()).unwrap();
        assert!(!Arc::ptr_eq(&first, &other));
        assert!(Limiter::keep(Some(&first), "off".parse().unwrap()).is_none());
    }
}
