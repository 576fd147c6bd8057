//! Calls of a tenant that are in flight at the same time, on this replica.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Counts calls that have not ended.
#[derive(Debug, Clone)]
pub(super) struct InFlight {
    most: Option<NonZeroU32>,
    now: Arc<AtomicU32>,
}

/// A call that is counted until this is dropped.
#[derive(Debug)]
pub struct Seat(Arc<AtomicU32>);

impl InFlight {
    /// At most `most`; the calls that are counted by `before` go on being counted.
    pub(super) fn new(most: Option<NonZeroU32>, before: Option<&Self>) -> Self {
        Self { most, now: before.map(|before| before.now.clone()).unwrap_or_default() }
    }

    /// Counts a call; `None` where there are as many as may be.
    pub(super) fn enter(&self) -> Option<Seat> {
        let most = self.most.map_or(u32::MAX, NonZeroU32::get);
        let more = |now: u32| now.checked_add(1).filter(|after| *after <= most);
        self.now.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Seat(self.now.clone()))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::InFlight;

    #[test]
    fn there_are_no_more_calls_than_may_be() {
        let two = InFlight::new(NonZeroU32::new(2), None);
        let first = two.enter().unwrap();
        let _second = two.enter().unwrap();
        assert!(two.enter().is_none());
        drop(first);
        assert!(two.enter().is_some());
    }

    #[test]
    fn calls_that_have_not_ended_count_under_a_new_limit() {
        let before = InFlight::new(None, None);
        let _seats = [before.enter().unwrap(), before.enter().unwrap()];
        let now = InFlight::new(NonZeroU32::new(2), Some(&before));
        assert!(now.enter().is_none());
    }
}
