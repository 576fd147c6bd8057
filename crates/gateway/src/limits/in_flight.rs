//! Calls of one holder that are in flight at the same time, on this replica.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cams_api::Class;
use tenant_store::PerClass;

use super::of_class;

/// Counts calls that have not ended: all, and those of each class.
#[derive(Debug, Clone)]
pub(super) struct InFlight {
    most: PerClass<Option<NonZeroU32>>,
    now: Arc<PerClass<AtomicU32>>,
}

/// A call that is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    now: Arc<PerClass<AtomicU32>>,
    class: Option<Class>,
}

/// There are as many calls as may be: of a class, or of all together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full {
    /// Of which class.
    pub(super) class: Option<Class>,
}

impl InFlight {
    /// At most `most`; the calls that are counted by `before` go on being counted.
    pub(super) fn new(most: PerClass<Option<NonZeroU32>>, before: Option<&Self>) -> Self {
        Self { most, now: before.map(|before| before.now.clone()).unwrap_or_default() }
    }

    /// How many there may be.
    pub(super) fn most(&self, class: Option<Class>) -> Option<NonZeroU32> {
        *of_class(&self.most, class)
    }

    /// Counts a call; one that has no class counts among all of them alone.
    ///
    /// # Errors
    /// [`Full`]; it is not counted.
    pub(super) fn enter(&self, class: Option<Class>) -> Result<Seat, Full> {
        self.enter_beside(class, NonZeroU32::get)
    }

    /// The same for a call that leaves half of what may be to others; where that is a single one, it can be this.
    ///
    /// # Errors
    /// [`Full`]; it is not counted.
    pub(super) fn enter_spare(&self, class: Option<Class>) -> Result<Seat, Full> {
        self.enter_beside(class, |most| (most.get() / 2).max(1))
    }

    fn enter_beside(&self, class: Option<Class>, share: fn(NonZeroU32) -> u32) -> Result<Seat, Full> {
        self.count(None, share)?;
        if class.is_some()
            && let Err(full) = self.count(class, share)
        {
            leave(&self.now, None);
            return Err(full);
        }
        Ok(Seat { now: self.now.clone(), class })
    }

    /// Counts a call among those of its class, too, where that was not known when it came.
    ///
    /// # Errors
    /// [`Full`]; it is no longer counted at all.
    pub(super) fn of_class(&self, mut seat: Seat, class: Option<Class>) -> Result<Seat, Full> {
        if seat.class.is_none() && class.is_some() {
            self.count(class, NonZeroU32::get)?;
            seat.class = class;
        }
        Ok(seat)
    }

    /// Counts a call where there are fewer than its `share` of what may be.
    fn count(&self, class: Option<Class>, share: fn(NonZeroU32) -> u32) -> Result<(), Full> {
        let most = self.most(class).map_or(u32::MAX, share);
        let more = |now: u32| now.checked_add(1).filter(|after| *after <= most);
        let counted = of_class(&self.now, class).fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        counted.map(drop).map_err(|_| Full { class })
    }
}

fn leave(now: &PerClass<AtomicU32>, class: Option<Class>) {
    of_class(now, class).fetch_sub(1, Ordering::AcqRel);
}

impl Drop for Seat {
    fn drop(&mut self) {
        leave(&self.now, None);
        if self.class.is_some() {
            leave(&self.now, self.class);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use cams_api::Class;
    use tenant_store::PerClass;

    use super::{Full, InFlight};

    fn most(all: u32, write: u32) -> PerClass<Option<NonZeroU32>> {
        PerClass { all: NonZeroU32::new(all), write: NonZeroU32::new(write), ..PerClass::default() }
    }

    #[test]
    fn there_are_no_more_calls_than_may_be() {
        let two = InFlight::new(most(2, 0), None);
        let first = two.enter(Some(Class::Read)).unwrap();
        let _second = two.enter(None).unwrap();
        assert_eq!(two.enter(Some(Class::Read)).err(), Some(Full { class: None }));
        drop(first);
        assert!(two.enter(Some(Class::Read)).is_ok());
    }

    #[test]
    fn a_class_that_is_full_keeps_no_other_out_and_what_it_refuses_is_not_counted() {
        let two = InFlight::new(most(2, 1), None);
        let write = two.enter(Some(Class::Write)).unwrap();
        for _ in 0..10 {
            assert_eq!(two.enter(Some(Class::Write)).err(), Some(Full { class: Some(Class::Write) }));
        }
        let _read = two.enter(Some(Class::Read)).unwrap();
        drop(write);
        assert!(two.enter(Some(Class::Write)).is_ok());
    }

    #[test]
    fn a_call_whose_class_becomes_known_counts_among_those_of_the_class() {
        let most = InFlight::new(most(2, 1), None);
        let unread = || most.enter(None).unwrap();
        let write = most.of_class(unread(), Some(Class::Write)).unwrap();
        assert_eq!(most.of_class(unread(), Some(Class::Write)).err(), Some(Full { class: Some(Class::Write) }));
        let _read = most.of_class(unread(), Some(Class::Read)).unwrap();
        assert!(most.enter(None).is_err(), "both count among all");
        drop(write);
        assert!(most.of_class(unread(), Some(Class::Write)).is_ok());
    }

    #[test]
    fn what_can_wait_leaves_half_of_what_may_be_in_flight_to_others() {
        let five = InFlight::new(most(5, 0), None);
        let _spare = [five.enter_spare(None).unwrap(), five.enter_spare(Some(Class::Read)).unwrap()];
        assert_eq!(five.enter_spare(None).err(), Some(Full { class: None }));
        let _others = [(); 3].map(|()| five.enter(None).unwrap());
        let single = InFlight::new(most(0, 1), None);
        let spare = single.enter_spare(Some(Class::Write)).unwrap();
        assert_eq!(single.enter_spare(Some(Class::Write)).err(), Some(Full { class: Some(Class::Write) }));
        drop(spare);
        assert!(single.enter(Some(Class::Write)).is_ok());
    }

    #[test]
    fn calls_that_have_not_ended_count_under_a_new_limit() {
        let before = InFlight::new(most(0, 0), None);
        let _seats = [before.enter(Some(Class::Write)).unwrap(), before.enter(None).unwrap()];
        let now = InFlight::new(most(2, 0), Some(&before));
        assert!(now.enter(Some(Class::Read)).is_err());
    }
}
