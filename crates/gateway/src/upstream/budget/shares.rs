//! Who made how many of the last minute's calls.

use std::time::Duration;

use tokio::time::Instant;

const MINUTE: Duration = Duration::from_mins(1);

/// How many calls somebody made in the last minute, and how many the others did in the mean who made any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shares {
    /// The calls of whoever is asked about.
    pub(super) own: u32,
    /// The mean of the others'; as many as `own` where there are no others.
    pub(super) others: u32,
}

impl Shares {
    /// What `own` has of `whole`.
    pub(super) fn of(own: Count, whole: Count) -> Self {
        let others = match whole.parties.saturating_sub(1) {
            0 => own.calls,
            parties => whole.calls.saturating_sub(own.calls) / parties,
        };
        Self { own: own.calls, others }
    }
}

/// What was counted within a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Calls that were let through.
    pub(super) calls: u32,
    /// How many of those who share it made them.
    pub(super) parties: u32,
}

/// The calls of about the last minute: this minute's, and of the minute before as much as still lies within sixty seconds,
/// as if they had come evenly. Takes the same time and room whatever it counts.
#[derive(Debug, Default)]
pub(super) struct Window {
    since: Option<Instant>,
    current: Count,
    before: Count,
}

impl Window {
    /// Counts a call. True where it is the first of its minute.
    pub(super) fn add(&mut self, now: Instant) -> bool {
        self.roll(now);
        self.current.calls = self.current.calls.saturating_add(1);
        self.current.calls == 1
    }

    /// Counts a call of one of those who share this, `is_first` where it is that one's first of a minute.
    pub(super) fn add_of(&mut self, is_first: bool, now: Instant) {
        self.add(now);
        self.current.parties = self.current.parties.saturating_add(u32::from(is_first));
    }

    /// What was counted in the last minute.
    pub(super) fn count(&mut self, now: Instant) -> Count {
        self.roll(now);
        let passed = self.since.map_or(MINUTE, |since| now.saturating_duration_since(since));
        let left = MINUTE.saturating_sub(passed).as_millis();
        let of = |before: u32| {
            let within = (u128::from(before) * left).div_ceil(MINUTE.as_millis());
            u32::try_from(within).unwrap_or(before)
        };
        Count {
            calls: self.current.calls.saturating_add(of(self.before.calls)),
            // Whoever goes on is in both minutes.
            parties: self.current.parties.max(of(self.before.parties)),
        }
    }

    fn roll(&mut self, now: Instant) {
        let since = *self.since.get_or_insert(now);
        let passed = now.saturating_duration_since(since);
        if passed >= 2 * MINUTE {
            *self = Self { since: Some(now), ..Self::default() };
        } else if passed >= MINUTE {
            *self = Self { since: Some(since + MINUTE), current: Count::default(), before: self.current };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_count_for_a_minute_or_so_and_then_no_longer() {
        let (mut window, start) = (Window::default(), Instant::now());
        for _ in 0..60 {
            window.add(start);
        }
        let mut after = |seconds| window.count(start + Duration::from_secs(seconds)).calls;
        assert_eq!([0, 59, 60, 90, 119, 120, 10_000].map(&mut after), [60, 60, 60, 30, 1, 0, 0]);
    }

    #[test]
    fn whoever_goes_on_counts_once_a_minute() {
        let (mut own, mut whole, start) = (Window::default(), Window::default(), Instant::now());
        for second in 0..600 {
            let now = start + Duration::from_secs(second);
            whole.add_of(own.add(now), now);
            assert_eq!(whole.count(now).parties, 1, "{second}");
        }
    }

    #[test]
    fn whoever_stopped_leaves_with_the_calls_that_it_made() {
        let (mut own, mut whole, start) = (Window::default(), Window::default(), Instant::now());
        for _ in 0..100 {
            whole.add_of(own.add(start), start);
        }
        let mut other = Window::default();
        for second in 0..180 {
            let now = start + Duration::from_secs(second);
            whole.add_of(other.add(now), now);
            let shares = Shares::of(other.count(now), whole.count(now));
            assert!(shares.own <= shares.others.max(65), "{second}: {shares:?}");
            assert!(shares.others >= 40, "{second}: {shares:?}");
        }
    }

    #[test]
    fn shares_are_own_calls_beside_the_mean_of_the_others() {
        let of = |own, calls, parties| {
            let shares = Shares::of(Count { calls: own, parties: 0 }, Count { calls, parties });
            (shares.own, shares.others)
        };
        assert_eq!(of(90, 100, 2), (90, 10));
        assert_eq!(of(90, 140, 6), (90, 10));
        assert_eq!(of(90, 90, 1), (90, 90), "nobody else is there");
        assert_eq!(of(0, 100, 1), (0, 0), "whoever comes anew uses nothing yet");
        assert_eq!(of(0, 0, 0), (0, 0));
    }
}
