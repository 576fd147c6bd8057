//! What one holder of limits may use: an access key, a tenant, or a number.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cams_api::Class;
use tenant_store::{Limit, PerClass, Rate};

use super::in_flight::{Full, InFlight, Seat};
use super::{Limiter, Standing, Throttled, of_class};
use crate::bounds;

/// Whose limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// An access key's, or those of whom an external issuer's token names.
    Key,
    /// A tenant's.
    Tenant,
    /// A number's, towards Meta.
    Number,
}

/// A holder's limits, in force: on all of its calls, and on those of each class beside it. They are shared by reference:
/// all takers count.
pub struct Allowance {
    holder: Holder,
    buckets: PerClass<Option<Bucket>>,
    in_flight: InFlight,
}

/// One limit on a rate.
pub(super) struct Bucket {
    pub(super) holder: Holder,
    /// Of which calls; `None` is of all of them.
    pub(super) class: Option<Class>,
    /// Its name among all limits of all replicas, such as `t:write:cams-x`.
    pub(super) key: Box<str>,
    pub(super) limiter: Arc<Limiter>,
    /// Calls that have begun here and are not counted yet: they are still being read.
    begun: AtomicU32,
}

/// What calls that are being read leave to no other, until this is dropped.
pub(super) struct Reserved {
    allowance: Arc<Allowance>,
    class: Option<Class>,
}

impl Allowance {
    /// The `limits` of the holder of this ID. What `before` has counted holds where the rate is the same; calls in flight
    /// go on being counted whatever the limit was.
    pub fn new(holder: Holder, id: &str, limits: &PerClass<Limit>, before: Option<&Self>) -> Self {
        let bucket = |(class, limit): (Option<Class>, &Limit)| {
            let before = before.and_then(|before| of_class(&before.buckets, class).as_ref());
            let limiter = Limiter::keep(before.map(|before| &before.limiter), limit.rate)?;
            Some(Bucket { holder, class, key: key(holder, id, class).into(), limiter, begun: AtomicU32::new(0) })
        };
        let in_flight = limits.map(|limit| limit.in_flight);
        Self {
            holder,
            buckets: CLASSES.zip(limits.as_ref()).map(bucket),
            in_flight: InFlight::new(in_flight, before.map(|before| &before.in_flight)),
        }
    }

    /// No limits.
    pub fn unlimited(holder: Holder) -> Self {
        Self::new(holder, "", &NO_LIMITS, None)
    }

    /// The limit on all calls together, or that on those of a class.
    pub fn limit(&self, class: Option<Class>) -> Limit {
        let rate = of_class(&self.buckets, class).as_ref().map_or(Rate::Off, |bucket| bucket.limiter.rate());
        Limit { rate, in_flight: self.in_flight.most(class) }
    }

    /// How many calls of this class may be in flight: of all together, and of their class.
    pub fn most_in_flight(&self, class: Class) -> Option<NonZeroU32> {
        let most = [self.in_flight.most(None), self.in_flight.most(Some(class))];
        most.into_iter().flatten().min()
    }

    /// What is left of that limit; `None` where its rate is off.
    pub fn look(&self, class: Option<Class>) -> Option<Standing> {
        of_class(&self.buckets, class).as_ref().map(|bucket| bucket.look_at(Instant::now()))
    }

    /// Keeps a call of this class for one that is not counted before it is read, so that no more are read at the same time
    /// than can get through by the time that the last of them is, by what is known here.
    ///
    /// # Errors
    /// [`Throttled::Rate`]
    pub(super) fn reserve(self: &Arc<Self>, class: Option<Class>) -> Result<Reserved, Throttled> {
        let now = Instant::now();
        let refused = self.of(class).filter_map(|bucket| Some(bucket.throttled(bucket.limiter.wait_at(now)?)));
        refused.max_by_key(Throttled::retry_after).map_or(Ok(()), Err)?;
        for (reserved, bucket) in self.of(class).enumerate() {
            if let Err(wait) = bucket.reserve(now) {
                self.of(class).take(reserved).for_each(Bucket::release);
                return Err(bucket.throttled(wait));
            }
        }
        Ok(Reserved { allowance: self.clone(), class })
    }

    /// The limits on rates that a call of this class is counted against.
    pub(super) fn of(&self, class: Option<Class>) -> impl Iterator<Item = &Bucket> {
        let of_class = class.and_then(|_| of_class(&self.buckets, class).as_ref());
        self.buckets.all.as_ref().into_iter().chain(of_class)
    }

    /// Counts a call as in flight.
    ///
    /// # Errors
    /// [`Throttled::InFlight`]
    pub(super) fn enter(&self, class: Option<Class>) -> Result<Seat, Throttled> {
        self.in_flight.enter(class).map_err(|full| self.full(full))
    }

    /// The same for a call that leaves half of what may be in flight to others.
    ///
    /// # Errors
    /// [`Throttled::InFlight`]
    pub(super) fn enter_spare(&self, class: Option<Class>) -> Result<Seat, Throttled> {
        self.in_flight.enter_spare(class).map_err(|full| self.full(full))
    }

    /// Counts a call that is in flight among those of its class, which is known now.
    ///
    /// # Errors
    /// [`Throttled::InFlight`]
    pub(super) fn of_class(&self, seat: Seat, class: Option<Class>) -> Result<Seat, Throttled> {
        self.in_flight.of_class(seat, class).map_err(|full| self.full(full))
    }

    fn full(&self, Full { class }: Full) -> Throttled {
        Throttled::InFlight { holder: self.holder, class }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.allowance.of(self.class).for_each(Bucket::release);
    }
}

impl Bucket {
    /// Its name in headers.
    pub(super) fn name(&self) -> &'static str {
        name(self.holder, self.class)
    }

    /// That this limit refuses a call.
    pub(super) fn throttled(&self, wait: Duration) -> Throttled {
        Throttled::Rate { holder: self.holder, class: self.class, wait }
    }

    /// What is left, but for what calls that are being read will take.
    pub(super) fn look_at(&self, now: Instant) -> Standing {
        let Standing { remaining, full_in } = self.limiter.look_at(now);
        let unkept = self.room(remaining).saturating_sub(self.begun.load(Ordering::Acquire));
        let kept = remaining.saturating_sub(unkept);
        Standing { remaining: remaining - kept, full_in: full_in + self.limiter.interval() * kept }
    }

    /// Keeps one of the calls that are left; where all are kept already, how long until one more is left.
    fn reserve(&self, now: Instant) -> Result<(), Duration> {
        let room = self.room(self.limiter.look_at(now).remaining);
        let one_more = |begun: u32| (begun < room).then_some(begun + 1);
        let begun = self.begun.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more);
        begun.map(drop).map_err(|begun| self.limiter.interval() * (begun - room).saturating_add(1))
    }

    /// How many calls may be being read where so many are left now. Each is counted once it is read, so that those which
    /// come back by then may be read meanwhile: slow bodies take none of the rate from others.
    fn room(&self, remaining: u32) -> u32 {
        remaining.saturating_add(self.limiter.back_in(bounds::BODY))
    }

    fn release(&self) {
        self.begun.fetch_sub(1, Ordering::AcqRel);
    }
}

impl fmt::Debug for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = CLASSES.map(|class| self.limit(class).to_string());
        f.debug_struct("Allowance").field("holder", &self.holder).field("limits", &limits).finish_non_exhaustive()
    }
}

/// Which calls each is for.
pub(super) const CLASSES: PerClass<Option<Class>> =
    PerClass { all: None, read: Some(Class::Read), write: Some(Class::Write), message: Some(Class::Message) };

/// No limit on any.
pub(super) const NO_LIMITS: PerClass<Limit> =
    PerClass { all: Limit::OFF, read: Limit::OFF, write: Limit::OFF, message: Limit::OFF };

/// The name of a limit in headers, such as `tenant-write`.
pub(super) const fn name(holder: Holder, class: Option<Class>) -> &'static str {
    match (holder, class) {
        (Holder::Key, None) => "key",
        (Holder::Key, Some(Class::Read)) => "key-read",
        (Holder::Key, Some(Class::Write)) => "key-write",
        (Holder::Key, Some(Class::Message)) => "key-message",
        (Holder::Tenant, None) => "tenant",
        (Holder::Tenant, Some(Class::Read)) => "tenant-read",
        (Holder::Tenant, Some(Class::Write)) => "tenant-write",
        (Holder::Tenant, Some(Class::Message)) => "tenant-message",
        (Holder::Number, _) => "number",
    }
}

fn key(holder: Holder, id: &str, class: Option<Class>) -> String {
    let kind = match holder {
        Holder::Key => "k",
        Holder::Tenant => "t",
        Holder::Number => "n",
    };
    // The ID stands last, since it may be anybody's own words: no other holder's name can be made of it.
    format!("{kind}:{}:{id}", class.map_or("", Class::as_str))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn key_of(all: &str) -> Arc<Allowance> {
        Arc::new(Allowance::new(Holder::Key, "key", &PerClass { all: all.parse().unwrap(), ..NO_LIMITS }, None))
    }

    #[test]
    fn no_two_limits_have_one_name_whatever_their_holders_are_called() {
        let ids = ["alice", "alice:write", "write", "write:alice", ":alice", ""];
        let names: Vec<_> = ids.iter().flat_map(|id| CLASSES.map(|class| key(Holder::Key, id, class))).collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "{names:?}");
        assert_eq!(key(Holder::Tenant, "cams-x", Some(Class::Write)), "t:write:cams-x");
    }

    #[test]
    fn slow_bodies_take_none_of_the_rate_from_others() {
        let key = key_of("5/s");
        let begun: Vec<_> = (0..10).map_while(|_| key.reserve(None).ok()).collect();
        assert_eq!(begun.len(), 10);
        let single = key_of("50/s;burst=1");
        let _stalled = single.reserve(None).unwrap();
        assert!(single.reserve(None).is_ok());
    }

    #[test]
    fn no_more_calls_are_being_read_than_have_come_back_when_the_last_of_them_is_read() {
        let key = key_of("1/m;burst=3");
        let mut begun: Vec<_> = (0..10).map_while(|_| key.reserve(None).ok()).collect();
        assert_eq!(begun.len(), 3);
        let wait = Duration::from_mins(1);
        let refused = Throttled::Rate { holder: Holder::Key, class: None, wait };
        assert_eq!(key.reserve(None).err(), Some(refused));
        begun.pop();
        assert!(key.reserve(None).is_ok());
    }
}
