//! One limit, and what is left of it.

use std::convert::Infallible;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock, Reference};
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
    state: State,
    /// From where the state counts its time.
    start: C::Instant,
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

/// governor's state, which can be looked at without counting, and set.
#[derive(Clone, Default)]
struct State(Arc<InMemoryState>);

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

impl State {
    /// Sets when the whole burst is there again, in nanoseconds; not where `next` has nothing for it.
    fn replace(&self, next: impl Fn(u64) -> Option<u64>) {
        let next = |state: Option<Nanos>| match next(state.map_or(0, Nanos::as_u64)) {
            Some(next) => Ok(((), Nanos::new(next))),
            None => Err(()),
        };
        // That it stays as it is is no failure.
        let _ = self.0.measure_and_replace(&NotKeyed::NonKey, next);
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
        let (quota, state, start) = (quota(rate)?, State::default(), clock.now());
        Some(Self { rate, quota, gcra: RateLimiter::new(quota, state.clone(), clock.clone()), state, start, clock })
    }

    /// What it was made for.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// How it counts.
    pub(super) fn quota(&self) -> Quota {
        self.quota
    }

    /// How long it takes until one more call comes back.
    pub(super) fn interval(&self) -> Duration {
        self.quota.replenish_interval()
    }

    /// How many calls come back in this time.
    pub(super) fn back_in(&self, time: Duration) -> u32 {
        // A quota's interval is never zero.
        let calls = time.as_nanos().checked_div(self.interval().as_nanos()).unwrap_or_default();
        u32::try_from(calls).unwrap_or(u32::MAX)
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

    /// Gives a call back that was counted a moment ago, where nothing else has happened since that would let two through
    /// for it.
    pub(super) fn give_back(&self) {
        let (now, interval) = (self.now(), Nanos::from(self.interval()));
        self.state.replace(|full_at| full_at.checked_sub(interval.as_u64()).filter(|before| *before >= now.as_u64()));
    }

    /// What another keeper of the same limit says: the whole burst is there again after `full_in`. What is known here
    /// already is never forgotten for it.
    pub(super) fn learn(&self, full_in: Duration) {
        let told = self.now() + Nanos::from(full_in);
        self.state.replace(|full_at| Some(told.as_u64()).filter(|told| *told > full_at));
    }

    /// The same: no call gets through before `wait` is over.
    pub(super) fn learn_refusal(&self, wait: Duration) {
        self.learn(wait + self.window().saturating_sub(self.interval()));
    }

    /// How long a call has to wait that leaves half of the burst to others.
    pub fn wait_for_spare(&self) -> Option<Duration> {
        let (kept, remaining) = (self.burst().get() / 2, self.look().remaining);
        (remaining <= kept).then(|| self.interval() * (kept + 1 - remaining))
    }

    fn now(&self) -> Nanos {
        self.clock.now().duration_since(self.start)
    }

    /// How long to wait until a call gets through, where it does not now.
    pub fn wait(&self) -> Option<Duration> {
        self.test(Test::Look).err()
    }

    /// What is left. Both figures err on the side of too little.
    pub fn look(&self) -> Standing {
        let interval = self.interval();
        match self.test(Test::Look) {
            Ok(after_one_more) => {
                let remaining = after_one_more + 1;
                Standing { remaining, full_in: interval * self.burst().get().saturating_sub(remaining) }
            }
            // It may be more than the window: another keeper may have counted by another rate.
            Err(wait) => {
                let full_in = wait + self.window().saturating_sub(interval);
                Standing { remaining: 0, full_in: full_in.max(self.window()) }
            }
        }
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

/// How long a burst that is used up takes at the most to be whole again, in nanoseconds: 73 years. Times up to twice as long
/// are reckoned with, and have to fit into 64 bits here and in Redis.
const LONGEST_WINDOW: u64 = 1 << 61;

/// How a rate is counted, here and in Redis: with no more calls at once than come back in [`LONGEST_WINDOW`].
pub(super) fn quota(rate: Rate) -> Option<Quota> {
    let Rate::Limited { calls, per, burst } = rate else { return None };
    let interval = per.duration() / calls.get();
    let most = LONGEST_WINDOW.checked_div(u64::try_from(interval.as_nanos()).ok()?)?;
    let most = u32::try_from(most).ok().and_then(NonZeroU32::new);
    Quota::with_period(interval).map(|quota| quota.allow_burst(most.map_or(burst, |most| burst.min(most))))
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
        let spare = |limiter: &Limiter<_>| limiter.wait_for_spare().is_none() && limiter.take().is_ok();
        assert_eq!((0..20).filter(|_| spare(&limiter)).count(), 5);
        let wait = limiter.wait_for_spare().unwrap();
        assert_eq!(burst(&limiter), 5, "the rest is for callers");
        clock.advance(wait * 6);
        assert!(spare(&limiter));
        let (single, _clock) = self::limiter("1/s");
        assert!(spare(&single), "a burst of one can still be used");
    }

    #[test]
    fn a_call_that_is_given_back_was_never_counted() {
        let (limiter, clock) = limiter("10/s;burst=10");
        burst(&limiter);
        clock.advance(Duration::from_millis(200));
        limiter.take().unwrap();
        limiter.give_back();
        assert_eq!(burst(&limiter), 2);
        limiter.give_back();
        clock.advance(Duration::from_hours(1));
        limiter.give_back();
        assert_eq!(burst(&limiter), 10, "there is never more than the burst");
    }

    #[test]
    fn what_another_keeper_says_holds_here_and_is_never_less_than_what_is_known() {
        let (limiter, clock) = limiter("10/s;burst=10");
        limiter.learn(Duration::from_millis(350));
        assert_eq!(limiter.look().remaining, 6, "three and a half are used");
        limiter.learn(Duration::from_millis(50));
        assert_eq!(limiter.look().remaining, 6);
        let wait = Duration::from_millis(70);
        limiter.learn_refusal(wait);
        assert_eq!(limiter.take(), Err(wait));
        clock.advance(wait);
        assert_eq!(burst(&limiter), 1);
    }

    #[test]
    fn a_burst_of_centuries_is_counted_without_an_overflow() {
        for rate in
            ["1/h;burst=640511", "1/h;burst=640512", "1/h;burst=5124096", "1/h;burst=9999999", "3/m;burst=9999999"]
        {
            let (limiter, clock) = limiter(rate);
            let full = limiter.look();
            assert_eq!((full.remaining, full.full_in), (limiter.burst().get(), Duration::ZERO), "{rate}");
            assert_eq!(burst(&limiter), 1_000, "{rate}");
            assert_eq!(limiter.look().remaining, limiter.burst().get() - 1_000, "{rate}");
            limiter.learn_refusal(limiter.window());
            assert!(limiter.wait().is_some_and(|wait| wait >= limiter.window()), "{rate}");
            let used_up = limiter.look();
            assert_eq!(used_up.remaining, 0, "{rate}");
            clock.advance(used_up.full_in);
            assert_eq!(limiter.look().remaining, limiter.burst().get(), "{rate}");
        }
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
