//! The one place where calls are counted: against all of their limits, or against none.

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::cmp::Reverse;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cams_api::Class;
use smallvec::SmallVec;
use tokio::runtime::Handle;

use super::allowance::{Allowance, Bucket, Reserved};
use super::in_flight::Seat;
use super::shared::{SharedLimits, Test, Verdict};
use super::{DefaultLimits, Standing, Throttled};

/// The limits of this gateway.
pub struct Limits {
    defaults: DefaultLimits,
    shared: Arc<SharedLimits>,
}

/// A call of an access key that is in flight and still being read, so that it is not counted yet. Where it is dropped
/// without being [counted](Self::count), since its caller broke off, it is counted against the key alone.
#[must_use = "the call is counted against its key alone when this is dropped"]
pub struct Begun {
    limits: Arc<Limits>,
    key: Arc<Allowance>,
    class: Option<Class>,
    /// Until it is counted.
    held: RefCell<Option<(Seat, Reserved)>>,
}

/// A call that was counted. It is in flight until this is dropped.
#[derive(Debug)]
#[must_use = "the call is no longer in flight when this is dropped"]
pub struct Taken {
    _seats: Seats,
    tightest: Option<Told>,
}

/// Of the one or two whose limits a call is counted against: its key and its tenant, or its number.
type Seats = SmallVec<[Seat; 2]>;

/// What is left of a limit, and its name in headers.
pub(super) type Told = (&'static str, Standing);

/// For whom a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// A caller waits for it.
    Caller,
    /// Nobody waits for it: it leaves half of each burst, and of what may be in flight, to callers.
    Nobody,
}

impl Limits {
    /// Limits that are counted by this replica alone where they are not `shared`. `defaults` hold for tenants without
    /// limits of their own.
    pub(crate) fn new(defaults: DefaultLimits, shared: Arc<SharedLimits>) -> Self {
        Self { defaults, shared }
    }

    /// The limits of who has none of its own.
    pub fn defaults(&self) -> &DefaultLimits {
        &self.defaults
    }

    /// Begins a call of this key, whose class may not be known yet. Until it is counted, it leaves one call less to others.
    ///
    /// # Errors
    /// [`Throttled::InFlight`], or [`Throttled::Rate`] where as many calls are being read here as the key has left.
    pub fn begin(self: &Arc<Self>, class: Option<Class>, key: &Arc<Allowance>) -> Result<Begun, Throttled> {
        let held = (key.enter(class)?, key.reserve(class)?);
        Ok(Begun { limits: self.clone(), key: key.clone(), class, held: RefCell::new(Some(held)) })
    }

    /// Counts a call of this class against each of the `allowances`. What one of their limits refuses is counted by none.
    ///
    /// # Errors
    /// [`Throttled::InFlight`], or [`Throttled::Rate`] of the limit that refuses it for the longest time.
    pub async fn take(&self, class: Option<Class>, allowances: &[&Allowance]) -> Result<Taken, Throttled> {
        self.enter(Waiting::Caller, class, allowances).await
    }

    /// The same for a call for which nobody waits: it leaves half of each burst, and of what may be in flight, to callers.
    ///
    /// # Errors
    /// The same, with the time after which it may be tried again.
    pub async fn take_spare(&self, class: Class, allowance: &Allowance) -> Result<Taken, Throttled> {
        self.enter(Waiting::Nobody, Some(class), &[allowance]).await
    }

    async fn enter(
        &self,
        waiting: Waiting,
        class: Option<Class>,
        allowances: &[&Allowance],
    ) -> Result<Taken, Throttled> {
        let enter = |allowance: &&Allowance| match waiting {
            Waiting::Caller => allowance.enter(class),
            Waiting::Nobody => allowance.enter_spare(class),
        };
        let seats = allowances.iter().map(enter).collect::<Result<Seats, _>>()?;
        let tightest = self.count(waiting, class, allowances).await?;
        Ok(Taken { _seats: seats, tightest })
    }

    /// Counts a call that is in flight; what is left of the tightest limit after it.
    async fn count(
        &self,
        waiting: Waiting,
        class: Option<Class>,
        allowances: &[&Allowance],
    ) -> Result<Option<Told>, Throttled> {
        let buckets: SmallVec<[&Bucket; 4]> = allowances.iter().flat_map(|allowance| allowance.of(class)).collect();
        let now = Instant::now();
        // What is known here to be used up is used up everywhere, and costs no round trip.
        check(waiting, buckets.iter().copied(), now)?;
        if buckets.is_empty() || !self.shared.is_asked() {
            return take_here(&buckets, now);
        }
        // Boxed, so that calls that are counted here alone are none the larger for it.
        let counted = Box::pin(self.count_shared(waiting, &buckets)).await;
        counted.unwrap_or_else(|| take_here(&buckets, Instant::now()))
    }

    /// Counts a call for all replicas; `None` where nobody answers who counts for them.
    async fn count_shared(&self, waiting: Waiting, buckets: &[&Bucket]) -> Option<Result<Option<Told>, Throttled>> {
        let spare = waiting == Waiting::Nobody;
        let tests: Vec<_> =
            buckets.iter().map(|bucket| Test { key: &bucket.key, quota: bucket.limiter.quota(), spare }).collect();
        let asked = Instant::now();
        let verdict = self.shared.take(&tests).await?;
        let took = asked.elapsed();
        match verdict {
            Verdict::Taken(left) => {
                let told = buckets.iter().zip(left).map(|(bucket, left)| {
                    bucket.limiter.learn(left.full_in, took);
                    (bucket.name(), left)
                });
                Some(Ok(told.min_by_key(tightness)))
            }
            Verdict::Refused { index, wait } => {
                let bucket = buckets.get(index)?;
                // What leaves room to callers is not used up.
                if waiting == Waiting::Caller {
                    bucket.limiter.learn_refusal(wait, took);
                }
                Some(Err(bucket.throttled(wait)))
            }
        }
    }
}

impl Begun {
    /// Whether it was counted, or refused so that it is not.
    pub fn is_counted(&self) -> bool {
        self.held.borrow().is_none()
    }

    /// Lets go of a call that was refused and counts against nobody.
    pub fn forget(&self) {
        drop(self.held.take());
    }

    /// Refuses a call that would be counted against `other`, too, where that is known here to be used up. It is then
    /// counted by none.
    ///
    /// # Errors
    /// [`Throttled::Rate`] of the limit that refuses it for the longest time.
    pub fn look_ahead(&self, class: Option<Class>, other: &Allowance) -> Result<(), Throttled> {
        check(Waiting::Caller, other.of(class), Instant::now()).inspect_err(|_| self.forget())
    }

    /// Counts the call against its key and the `others`. What one of their limits refuses is counted by none.
    ///
    /// # Errors
    /// As [`Limits::take`].
    pub async fn count(&self, class: Option<Class>, others: &[&Allowance]) -> Result<Taken, Throttled> {
        // From here on the limits themselves know of it.
        let seat = self.held.take().map(|(seat, _)| self.key.of_class(seat, class)).transpose()?;
        let others_seats = others.iter().map(|other| other.enter(class));
        let seats = seat.map(Ok).into_iter().chain(others_seats).collect::<Result<Seats, _>>()?;
        let allowances: SmallVec<[&Allowance; 2]> = std::iter::once(&*self.key).chain(others.iter().copied()).collect();
        let tightest = self.limits.count(Waiting::Caller, class, &allowances).await?;
        Ok(Taken { _seats: seats, tightest })
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let (Some((seat, _)), Ok(runtime)) = (self.held.take(), Handle::try_current()) else { return };
        let (limits, key, class) = (self.limits.clone(), self.key.clone(), self.class);
        runtime.spawn(async move {
            // Nobody is there to be told where it is refused.
            let _ = limits.count(Waiting::Caller, class, &[&key]).await;
            drop(seat);
        });
    }
}

impl Taken {
    /// What was left of the tightest of the limits that it was counted against, right after it.
    pub(super) fn tightest(&self) -> Option<Told> {
        self.tightest
    }
}

/// The fewer calls are left, the tighter; of two that have as many, that which takes longer to be whole again.
pub(super) fn tightness((_, left): &Told) -> (u32, Reverse<Duration>) {
    (left.remaining, Reverse(left.full_in))
}

/// Whether none refuses the call.
fn check<'a>(waiting: Waiting, buckets: impl Iterator<Item = &'a Bucket>, now: Instant) -> Result<(), Throttled> {
    let wait = |bucket: &Bucket| -> Option<Duration> {
        match waiting {
            Waiting::Caller => bucket.limiter.wait_at(now),
            Waiting::Nobody => bucket.limiter.wait_for_spare_at(now),
        }
    };
    let refused = buckets.filter_map(|bucket| Some(bucket.throttled(wait(bucket)?)));
    refused.max_by_key(Throttled::retry_after).map_or(Ok(()), Err)
}

/// Counts a call that none refused a moment ago. Where another call was faster, it is given back.
fn take_here(buckets: &[&Bucket], now: Instant) -> Result<Option<Told>, Throttled> {
    for (taken, bucket) in buckets.iter().enumerate() {
        if let Err(wait) = bucket.limiter.take_at(now) {
            buckets[..taken].iter().for_each(|bucket| bucket.limiter.give_back());
            return Err(bucket.throttled(wait));
        }
    }
    Ok(buckets.iter().map(|bucket| (bucket.name(), bucket.limiter.look_at(now))).min_by_key(tightness))
}
