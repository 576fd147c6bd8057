//! How many tries there were in the last seconds, how many of them failed, and of how many parties.

use std::array;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

/// How long a try counts, in seconds.
const SECONDS: usize = 10;

/// Tries of the last ten seconds, four numbers for each second. Nothing waits for a lock: every call of the replica is
/// counted here.
pub(super) struct Window {
    epoch: Instant,
    seconds: [Second; SECONDS],
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Tries.
    pub(super) tries: u32,
    /// How many of them failed.
    pub(super) failed: u32,
    /// How many of those found nobody at all.
    pub(super) unreachable: u32,
    /// Whose tries they were.
    pub(super) parties: Parties,
    /// Whose tries failed.
    pub(super) failing: Parties,
}

/// A set of parties, each of them one of 32 by its hash: two may look like one, and never one like two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::upstream) struct Parties(u32);

/// What happened in a second.
struct Second {
    /// How many tries, and how many of them failed, in 16 bits each.
    counts: Stamped,
    unreachable: Stamped,
    parties: Stamped,
    failing: Stamped,
}

/// A number, and which second it is of.
struct Stamped(AtomicU64);

impl Parties {
    /// None.
    pub(in crate::upstream) const NOBODY: Self = Self(0);

    /// A party alone, by its name.
    pub(in crate::upstream) fn of(name: &str) -> Self {
        Self::one(BuildHasherDefault::<DefaultHasher>::default().hash_one(name))
    }

    /// A party alone, by its hash.
    pub(super) fn one(hash: u64) -> Self {
        Self(1 << (hash % u64::from(u32::BITS)))
    }

    /// How many.
    pub(super) fn count(self) -> u32 {
        self.0.count_ones()
    }
}

impl Window {
    pub(super) fn new() -> Self {
        Self { epoch: Instant::now(), seconds: array::from_fn(|_| Second::new()) }
    }

    /// Counts a try of this party.
    pub(super) fn well(&self, party: Parties, now: Instant) {
        let at = self.second(now);
        let second = self.slot(at);
        second.counts.change(at, |counts| counted(counts, false));
        second.parties.change(at, |parties| parties | party.0);
    }

    /// Counts a failed try of this party.
    pub(super) fn ill(&self, party: Parties, now: Instant) {
        let at = self.second(now);
        let second = self.slot(at);
        second.counts.change(at, |counts| counted(counts, true));
        second.parties.change(at, |known| known | party.0);
        second.failing.change(at, |known| known | party.0);
    }

    /// Counts a try of this party that failed, and found nobody at all.
    pub(super) fn unreachable(&self, party: Parties, now: Instant) {
        let at = self.second(now);
        // First, so that whoever looks at the failure sees it, too.
        self.slot(at).unreachable.change(at, |count| (count + 1).min(u32::from(u16::MAX)));
        self.ill(party, now);
    }

    /// What was counted in the last ten seconds.
    pub(super) fn tally(&self, now: Instant) -> Tally {
        let now = self.second(now);
        self.seconds.iter().fold(Tally::default(), |tally, second| {
            let counts = second.counts.as_of(now);
            Tally {
                tries: tally.tries + (counts >> 16),
                failed: tally.failed + (counts & 0xffff),
                unreachable: tally.unreachable + second.unreachable.as_of(now),
                parties: Parties(tally.parties.0 | second.parties.as_of(now)),
                failing: Parties(tally.failing.0 | second.failing.as_of(now)),
            }
        })
    }

    /// Forgets all of it.
    pub(super) fn clear(&self) {
        self.seconds.iter().for_each(Second::clear);
    }

    fn slot(&self, at: u32) -> &Second {
        &self.seconds[at as usize % SECONDS]
    }

    fn second(&self, now: Instant) -> u32 {
        u32::try_from(now.saturating_duration_since(self.epoch).as_secs()).unwrap_or(u32::MAX)
    }
}

impl Second {
    fn new() -> Self {
        let [counts, unreachable, parties, failing] = array::from_fn(|_| Stamped::new());
        Self { counts, unreachable, parties, failing }
    }

    fn clear(&self) {
        for stamped in [&self.counts, &self.unreachable, &self.parties, &self.failing] {
            stamped.0.store(0, Ordering::Relaxed);
        }
    }
}

impl Stamped {
    fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Changes the number of second `at`; that of an earlier one is gone then. Where nothing changes, nothing is written
    /// that other threads read.
    fn change(&self, at: u32, change: impl Fn(u32) -> u32) {
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |packed| {
            let changed = pack(at, change(if second_of(packed) == at { value_of(packed) } else { 0 }));
            (changed != packed).then_some(changed)
        });
    }

    /// The number, where it is of the ten seconds that end with `now`; otherwise 0.
    fn as_of(&self, now: u32) -> u32 {
        let packed = self.0.load(Ordering::Relaxed);
        if (now.saturating_sub(second_of(packed)) as usize) < SECONDS { value_of(packed) } else { 0 }
    }
}

/// One try more. Where no more fit, what was counted says enough.
fn counted(counts: u32, has_failed: bool) -> u32 {
    if counts >> 16 == u32::from(u16::MAX) { counts } else { counts + (1 << 16) + u32::from(has_failed) }
}

fn pack(at: u32, value: u32) -> u64 {
    u64::from(at) << 32 | u64::from(value)
}

fn second_of(packed: u64) -> u32 {
    u32::try_from(packed >> 32).unwrap_or_default()
}

fn value_of(packed: u64) -> u32 {
    u32::try_from(packed & u64::from(u32::MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ONE: Parties = Parties(1);

    fn counts(window: &Window, now: Instant) -> (u32, u32) {
        let Tally { tries, failed, .. } = window.tally(now);
        (tries, failed)
    }

    #[test]
    fn tries_count_for_ten_seconds() {
        let window = Window::new();
        let at = |seconds| window.epoch + Duration::from_secs(seconds);
        window.ill(ONE, at(0));
        window.well(ONE, at(4));
        assert_eq!(counts(&window, at(9)), (2, 1));
        assert_eq!(counts(&window, at(10)), (1, 0));
        window.ill(ONE, at(10));
        assert_eq!(counts(&window, at(13)), (2, 1));
        assert_eq!(window.tally(at(20)), Tally::default());
    }

    #[test]
    fn whose_tries_they_were_is_known_for_as_long() {
        let window = Window::new();
        let at = |seconds| window.epoch + Duration::from_secs(seconds);
        let parties = |now| {
            let Tally { parties, failing, .. } = window.tally(now);
            (parties.count(), failing.count())
        };
        (0..100).for_each(|_| window.ill(Parties::one(7), at(0)));
        window.well(Parties::one(8), at(0));
        window.ill(Parties::one(9), at(5));
        assert_eq!(parties(at(5)), (3, 2));
        assert_eq!(parties(at(10)), (1, 1));
        window.unreachable(Parties::one(9), at(10));
        assert_eq!((parties(at(10)), window.tally(at(10)).unreachable), ((1, 1), 1));
        window.unreachable(Parties::one(10), at(15));
        assert_eq!((parties(at(15)), window.tally(at(15)).unreachable), ((2, 2), 2));
        assert_eq!(window.tally(at(20)).unreachable, 1);
        window.clear();
        assert_eq!(window.tally(at(20)), Tally::default());
    }

    #[test]
    fn more_tries_than_can_be_counted_do_not_begin_at_none() {
        let window = Window::new();
        (0..35_000).for_each(|_| {
            window.ill(ONE, window.epoch);
            window.well(ONE, window.epoch);
        });
        assert_eq!(counts(&window, window.epoch), (65_535, 32_768));
    }

    #[test]
    fn threads_that_count_at_once_lose_nothing() {
        let window = Window::new();
        let now = window.epoch;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| window.ill(ONE, now)));
            }
        });
        assert_eq!(counts(&window, now), (4_000, 4_000));
    }
}
