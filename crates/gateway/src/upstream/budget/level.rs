//! How much of a quota Meta has said is used.

use std::time::Duration;

use graph_client::{AppUsage, BusinessUsage};
use tokio::time::Instant;

/// Meta's percentages are of a rolling hour
/// ([Meta: rate limits](https://developers.facebook.com/docs/graph-api/overview/rate-limiting)).
const HOUR: Duration = Duration::from_hours(1);
/// How many use cases of one account are told apart. Meta has a handful.
const MOST_USE_CASES: usize = 8;

/// What was heard once. It wears off evenly, and is gone when the hour that it was said of has passed: what was used when
/// in that hour is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    percent: u8,
    heard_at: Instant,
}

impl Level {
    /// The greatest of Meta's percentages. More than 100 is as good as 100: nothing is left.
    fn heard(percentages: [Option<i64>; 3], now: Instant) -> Option<Self> {
        let greatest = percentages.into_iter().flatten().max()?;
        Some(Self { percent: u8::try_from(greatest.clamp(0, 100)).ok()?, heard_at: now })
    }

    /// What of it still counts, in percent, rounded up.
    fn now(self, now: Instant) -> u8 {
        let left = HOUR.saturating_sub(now.saturating_duration_since(self.heard_at)).as_millis();
        let worn = (u128::from(self.percent) * left).div_ceil(HOUR.as_millis());
        u8::try_from(worn).unwrap_or(self.percent)
    }

    /// When it has worn off so far that it is below `percent`.
    fn is_below_at(self, percent: u8) -> Instant {
        let kept = percent.saturating_sub(1);
        if kept >= self.percent {
            return self.heard_at;
        }
        self.heard_at + HOUR * u32::from(self.percent - kept) / u32::from(self.percent)
    }
}

/// The levels of one quota's use cases.
#[derive(Debug, Default)]
pub(super) struct Levels(Vec<(Option<String>, Level)>);

impl Levels {
    /// Hears of the app, which has no use cases.
    pub(super) fn hear_app(&mut self, usage: &AppUsage, now: Instant) {
        self.note(None, Level::heard([usage.call_count, usage.total_time, usage.total_cputime], now));
    }

    /// Hears of one use case of an account.
    pub(super) fn hear_account(&mut self, usage: &BusinessUsage, now: Instant) {
        let level = Level::heard([usage.call_count, usage.total_time, usage.total_cputime], now);
        self.note(usage.use_case.as_deref(), level);
    }

    fn note(&mut self, use_case: Option<&str>, level: Option<Level>) {
        let Some(level) = level else { return };
        match self.0.iter().position(|(known, _)| known.as_deref() == use_case) {
            Some(at) => self.0[at].1 = level,
            None if self.0.len() < MOST_USE_CASES => self.0.push((use_case.map(ToOwned::to_owned), level)),
            None => {}
        }
    }

    /// The greatest of them, in percent: a call does not say to which use case Meta counts it.
    pub(super) fn greatest(&self, now: Instant) -> u8 {
        self.0.iter().map(|(_, level)| level.now(now)).max().unwrap_or_default()
    }

    /// When all of them are below `percent`, if nothing more is heard; `None` where they are.
    pub(super) fn are_below_at(&self, percent: u8, now: Instant) -> Option<Instant> {
        if self.greatest(now) < percent {
            return None;
        }
        self.0.iter().map(|(_, level)| level.is_below_at(percent)).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(percent: i64, now: Instant) -> Levels {
        let mut levels = Levels::default();
        levels.hear_app(&AppUsage { call_count: Some(percent), total_time: Some(-9), total_cputime: None }, now);
        levels
    }

    #[test]
    fn what_was_heard_wears_off_over_the_hour() {
        let start = Instant::now();
        let levels = heard(80, start);
        let after = |minutes| levels.greatest(start + Duration::from_mins(minutes));
        assert_eq!([0, 15, 30, 45, 60, 600].map(after), [80, 60, 40, 20, 0, 0]);
        assert_eq!(levels.greatest(start + Duration::from_secs(1)), 80, "it is rounded up");
    }

    #[test]
    fn more_than_all_is_all_and_less_than_nothing_is_nothing() {
        let now = Instant::now();
        assert_eq!([250, 100, 0, -5].map(|percent| heard(percent, now).greatest(now)), [100, 100, 0, 0]);
        assert_eq!(Levels::default().greatest(now), 0);
    }

    #[test]
    fn it_is_below_a_percentage_exactly_when_it_says_so() {
        let start = Instant::now();
        for (percent, below) in [(100, 100), (100, 95), (96, 95), (75, 75), (50, 50), (99, 50)] {
            let levels = heard(percent, start);
            let at = levels.are_below_at(below, start).unwrap();
            let before = at.checked_sub(Duration::from_millis(2)).unwrap();
            assert!(levels.are_below_at(below, before).is_some(), "{percent} {below}");
            assert_eq!(levels.are_below_at(below, at), None, "{percent} {below}");
        }
        assert_eq!(heard(49, start).are_below_at(50, start), None);
    }

    #[test]
    fn the_greatest_of_an_accounts_use_cases_counts_until_it_is_heard_of_anew() {
        let now = Instant::now();
        let mut levels = Levels::default();
        let mut hear = |use_case: &str, percent| {
            let usage = BusinessUsage {
                use_case: Some(use_case.to_owned()),
                total_cputime: Some(percent),
                ..BusinessUsage::default()
            };
            levels.hear_account(&usage, now);
            levels.greatest(now)
        };
        assert_eq!(hear("management", 90), 90);
        assert_eq!(hear("messages", 10), 90);
        assert_eq!(hear("management", 20), 20);
        (0..100).for_each(|at| assert_eq!(hear(&format!("case {at}"), 20), 20, "and their number is bounded"));
    }
}
