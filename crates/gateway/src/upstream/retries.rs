//! How many calls may be sent again: a tenth of all, so that who is in trouble is not met with three times the load.
//!
//! Which failure may be repeated at all, and after what pause, is decided in `graph-client`; this is what that may cost
//! together ([Google: handling overload](https://sre.google/sre-book/handling-overload/)). Of this replica alone: a part
//! of its own calls needs no agreement with others.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// What a repetition costs, in what a call brings in.
const PRICE: u32 = 10;
/// The most that is saved up: 100 repetitions.
const MOST: u32 = 100 * PRICE;
/// Where few calls are made, repetitions that may follow each other.
const FEW: NonZeroU32 = NonZeroU32::new(10).unwrap();
const ONE_A_SECOND: Quota = Quota::per_second(NonZeroU32::MIN).allow_burst(FEW);

/// What is kept for those who have not had their own part yet.
const KEPT: u32 = MOST / 2;

/// The budget of repetitions: one for each ten calls, and besides one a second, of which ten may come together, since a
/// tenth of few calls would be none.
pub(super) struct Retries {
    /// What calls have brought in, and repetitions have not cost yet.
    pub(super) saved: AtomicU32,
    few: DefaultDirectRateLimiter,
}

/// The part of one of those who share the budget: ten repetitions at once, and one a second. Whoever wants more gets it
/// of the upper half of what is saved, so that one number's failing calls leave something to the others.
pub(super) struct Own(DefaultDirectRateLimiter);

impl Default for Retries {
    fn default() -> Self {
        Self { saved: AtomicU32::new(0), few: RateLimiter::direct(ONE_A_SECOND) }
    }
}

impl Default for Own {
    fn default() -> Self {
        Self(RateLimiter::direct(ONE_A_SECOND))
    }
}

impl Retries {
    /// A call is made for the first time.
    pub(super) fn called(&self) {
        self.change(|saved| (saved < MOST).then_some(saved + 1));
    }

    /// Takes a repetition, where there is one left for whoever asks.
    pub(super) fn take(&self, own: &Own) -> bool {
        let kept = if own.0.check().is_ok() { 0 } else { KEPT };
        self.take_above(kept) || self.few.check().is_ok()
    }

    /// Takes back one that was granted, and could not be made.
    pub(super) fn give_back(&self) {
        self.change(|saved| Some((saved + PRICE).min(MOST)));
    }

    fn take_above(&self, kept: u32) -> bool {
        self.change(|saved| saved.checked_sub(PRICE).filter(|left| *left >= kept))
    }

    fn change(&self, change: impl FnMut(u32) -> Option<u32>) -> bool {
        self.saved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(retries: &Retries, own: &Own, wanted: usize) -> usize {
        (0..wanted).filter(|_| retries.take(own)).count()
    }

    fn after_calls(count: usize) -> Retries {
        let retries = Retries::default();
        (0..count).for_each(|_| retries.called());
        retries
    }

    #[test]
    fn a_quiet_gateway_may_repeat_a_few_calls() {
        let taken = taken(&Retries::default(), &Own::default(), 1_000);
        assert!((10..200).contains(&taken), "{taken}: one a second more, however long the machine took");
    }

    #[test]
    fn of_many_calls_a_tenth_may_be_repeated() {
        let retries = after_calls(500);
        assert_eq!((0..100).filter(|_| retries.take_above(0)).count(), 50, "a tenth, and no more");
    }

    #[test]
    fn what_is_saved_in_quiet_times_has_a_bound() {
        assert_eq!(after_calls(100_000).saved.load(Ordering::Relaxed), MOST);
    }

    #[test]
    fn one_numbers_failing_calls_leave_repetitions_to_the_others() {
        let retries = after_calls(100_000);
        let greedy = taken(&retries, &Own::default(), 1_000);
        assert!((50..).contains(&greedy), "{greedy}");
        let left = retries.saved.load(Ordering::Relaxed) / PRICE;
        assert!(left >= 40, "half of all, but for its own part: {left}");
        assert!(retries.take(&Own::default()), "another's");
    }

    #[test]
    fn what_was_granted_in_vain_is_not_spent() {
        let retries = after_calls(500);
        for _ in 0..1_000 {
            assert!(retries.take_above(0));
            retries.give_back();
        }
        (0..1_000).for_each(|_| retries.give_back());
        assert_eq!(retries.saved.load(Ordering::Relaxed), MOST);
    }
}
