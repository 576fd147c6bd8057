//! One limit, and what is left of it.

use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::Quota;
use governor::clock::{Clock, MonotonicClock, Reference};
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use tenant_store::Rate;

#[cfg(test)]
mod tests;

/// A limit that is in force. It is shared by reference: all takers count.
///
/// `governor`'s own `RateLimiter` decides the same, and keeps quota, clock and start of its own: there are several limiters for
/// each tenant in memory, and each call looks at all of them.
pub struct Limiter<C: Clock = MonotonicClock> {
    rate: Rate,
    quota: Quota,
    clock: C,
    state: State,
    /// By how many nanoseconds the whole burst may be back later than the state says, since another keeper told of it.
    doubt: AtomicU64,
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

/// governor's state: when the whole burst is there again, in nanoseconds from the limiter's start. GCRA calls that the
/// theoretical arrival time.
#[derive(Default)]
struct State(InMemoryState);

impl State {
    fn full_at(&self) -> u64 {
        let seen = Cell::new(0);
        // That it stays as it is is no failure.
        let _ = self.replace(|full_at| {
            seen.set(full_at);
            Err(())
        });
        seen.get()
    }

    /// Sets it, unless `next` refuses.
    fn replace<E>(&self, next: impl Fn(u64) -> Result<u64, E>) -> Result<(), E> {
        let next = |state: Option<Nanos>| next(state.map_or(0, Nanos::as_u64)).map(|next| ((), Nanos::new(next)));
        self.0.measure_and_replace(&NotKeyed::NonKey, next)
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
    pub fn with_clock(rate: Rate, clock: C) -> Option<Self> {
        let (quota, start) = (quota(rate)?, clock.now());
        Some(Self { rate, quota, state: State::default(), doubt: AtomicU64::new(0), start, clock })
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
        u32::try_from(how_often(self.interval(), time)).unwrap_or(u32::MAX)
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
        self.take_at(self.clock.now())
    }

    /// The same where it is `now`.
    pub(super) fn take_at(&self, now: C::Instant) -> Result<(), Duration> {
        let (now, interval) = (now.duration_since(self.start).as_u64(), Nanos::from(self.interval()).as_u64());
        // A call gets through while no more than this is missing of the burst.
        let most = Nanos::from(self.window()).as_u64() - interval;
        self.state.replace(|full_at| match full_at.saturating_sub(now + most) {
            0 => Ok(full_at.max(now) + interval),
            wait => Err(Duration::from_nanos(wait)),
        })
    }

    /// Gives a call back that was counted a moment ago, where nothing else has happened since that would let two through
    /// for it.
    pub(super) fn give_back(&self) {
        let (now, interval) = (self.now(), Nanos::from(self.interval()));
        let before = |full_at: u64| full_at.checked_sub(interval.as_u64()).filter(|before| *before >= now.as_u64());
        let _ = self.state.replace(|full_at| before(full_at).ok_or(()));
    }

    /// What another keeper of the same limit says: the whole burst is there again after `full_in`. Its answer took so long,
    /// and was given somewhere in between. What is known here already is never forgotten for it, and what is remembered of
    /// it refuses no call that would get through there.
    pub(super) fn learn(&self, full_in: Duration, took: Duration) {
        let (told, took) = (self.now() + Nanos::from(full_in), Nanos::from(took.min(full_in)));
        let earliest = told.as_u64() - took.as_u64();
        let _ = self.state.replace(|full_at| {
            let is_news = earliest > full_at;
            if is_news {
                self.doubt.store(took.as_u64(), Ordering::Relaxed);
            }
            is_news.then_some(earliest).ok_or(())
        });
    }

    /// The same: no call gets through before `wait` is over.
    pub(super) fn learn_refusal(&self, wait: Duration, took: Duration) {
        // What it says of the next call it says of the whole burst, too; only the wait itself may be over by now.
        self.learn(wait + self.window().saturating_sub(self.interval()), took.min(wait));
    }

    /// How long a call has to wait that leaves half of the burst to others.
    pub fn wait_for_spare(&self) -> Option<Duration> {
        self.wait_for_spare_at(self.clock.now())
    }

    /// The same where it is `now`.
    pub(super) fn wait_for_spare_at(&self, now: C::Instant) -> Option<Duration> {
        let full_in = self.full_in(now, Duration::ZERO);
        let (kept, remaining) = (self.burst().get() / 2, self.standing(full_in).remaining);
        (remaining <= kept).then(|| self.interval() * (kept + 1 - remaining))
    }

    /// In how long the whole burst is there again, where that may be so much later than the state says.
    fn full_in(&self, now: C::Instant, doubt: Duration) -> Duration {
        (Duration::from_nanos(self.state.full_at()) + doubt).saturating_sub(now.duration_since(self.start).into())
    }

    fn doubt(&self) -> Duration {
        Duration::from_nanos(self.doubt.load(Ordering::Relaxed))
    }

    fn now(&self) -> Nanos {
        self.clock.now().duration_since(self.start)
    }

    /// How long to wait until a call gets through, where it does not now: for as long as that may be where another keeper has
    /// told of it.
    pub fn wait(&self) -> Option<Duration> {
        self.wait_at(self.clock.now())
    }

    /// The same where it is `now`: who looks at many limits asks for the time once.
    pub(super) fn wait_at(&self, now: C::Instant) -> Option<Duration> {
        let wait = self.full_in(now, Duration::ZERO).saturating_sub(self.window().saturating_sub(self.interval()));
        (!wait.is_zero()).then(|| wait + self.doubt())
    }

    /// What is left. Both figures err on the side of too little.
    pub fn look(&self) -> Standing {
        self.look_at(self.clock.now())
    }

    /// The same where it is `now`.
    pub(super) fn look_at(&self, now: C::Instant) -> Standing {
        self.standing(self.full_in(now, self.doubt()))
    }

    /// What is left where the whole burst is there after this time.
    fn standing(&self, full_in: Duration) -> Standing {
        let (window, interval, burst) = (self.window(), self.interval(), self.burst().get());
        let left = how_often(interval, window.saturating_sub(full_in));
        match u32::try_from(left).unwrap_or(burst).min(burst) {
            // It may be more than the window: another keeper may have counted by another rate.
            0 => Standing { remaining: 0, full_in: full_in.max(window) },
            remaining => Standing { remaining, full_in: interval * (burst - remaining) },
        }
    }
}

impl<C: Clock> fmt::Debug for Limiter<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Limiter({})", self.rate)
    }
}

/// How often an interval, which is never zero in a quota, goes into a time. Longer ones than 584 years count as that: numbers
/// of 64 bits are divided in less time than those of 128, and each call does it several times.
fn how_often(interval: Duration, time: Duration) -> u64 {
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    nanoseconds(time).checked_div(nanoseconds(interval)).unwrap_or_default()
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
