//! A circuit breaker: after failures calls are refused at once, until a trial shows that they work again
//! ([Fowler: circuit breaker](https://martinfowler.com/bliki/CircuitBreaker.html)).
//!
//! It is closed while calls pass, open while they do not, and half-open by trial: of an open one, a single try is let
//! through from time to time. Its success closes the breaker; its failure doubles the pause to the next. A closed one costs
//! a look at one atomic and the count of the end.

mod window;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use graph_client::{Held, Try, Urgency};
use tokio::time::Instant;

use super::signs::Sign;
use crate::chance::chance;
use window::{Tally, Window};

pub(super) use window::Parties;

/// The pause before the first trial, of which jitter takes up to a half.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// So many tries of the last ten seconds must there be for their part to say something.
const ENOUGH_TRIES: u32 = 20;
/// So many parties must have failed: what only one meets may be its own doing.
const ENOUGH_PARTIES: u32 = 2;
/// So many failures in a row. A read is tried three times, so that it takes four calls and not two.
const STREAK: u32 = 10;

/// A breaker.
pub(super) struct Breaker {
    trip: Trip,
    is_open: AtomicBool,
    state: Mutex<State>,
}

/// What opens a breaker.
enum Trip {
    /// Half of the tries of the last ten seconds failed, of [`ENOUGH_TRIES`] at least, and half of those who made any met
    /// a failure, [`ENOUGH_PARTIES`] at least; or half of the tries found nobody at all, whoever made them.
    Half(Box<Window>),
    /// The last [`STREAK`] tries failed.
    Streak(AtomicU32),
    /// Nothing.
    Never,
}

#[derive(Default)]
struct State {
    /// Boxed, since there is a breaker for each number and hardly one is open.
    open: Option<Box<Open>>,
    /// When it last closed.
    closed_at: Option<Instant>,
}

/// What is known while a breaker is open.
struct Open {
    since: Instant,
    /// When the next trial may begin.
    until: Instant,
    pause: Duration,
    /// When the trial began that is on its way.
    trial: Option<Instant>,
}

/// What the end of a try made of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turned {
    /// It has opened.
    Open,
    /// It has closed.
    Closed,
}

impl Breaker {
    /// For what many share: it opens when half of their tries fail, and half of them meet failures.
    pub(super) fn by_half() -> Self {
        Self::new(Trip::Half(Box::new(Window::new())))
    }

    /// For what has few calls: it opens when ten in a row fail.
    pub(super) fn by_streak() -> Self {
        Self::new(Trip::Streak(AtomicU32::new(0)))
    }

    /// For an operator who wants none.
    pub(super) fn never() -> Self {
        Self::new(Trip::Never)
    }

    fn new(trip: Trip) -> Self {
        Self { trip, is_open: AtomicBool::new(false), state: Mutex::default() }
    }

    /// Whether it is open.
    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    /// Whether a try may be made. An open breaker's trial is whoever comes first when it is due; what nobody waits for
    /// only where no caller has come for as long again.
    ///
    /// # Errors
    /// [`Held::Broken`]
    pub(super) fn admit(&self, this: &Try) -> Result<(), Held> {
        if !self.is_open() {
            return Ok(());
        }
        self.locked(|state| state.open.as_mut().map_or(Ok(()), |open| open.admit(this)))
    }

    /// What the end of a try of this party says that was admitted, where that turns the breaker.
    pub(super) fn ended(&self, this: &Try, sign: Sign, party: Parties, now: Instant) -> Option<Turned> {
        if !self.is_open() {
            return self.count(this, sign, party, now);
        }
        self.locked(|state| {
            let open = state.open.as_mut()?;
            // Nothing that began before says how it is now.
            if sign == Sign::Well && this.at >= open.since {
                *state = State { open: None, closed_at: Some(now) };
                self.trip.reset();
                self.is_open.store(false, Ordering::Release);
                return Some(Turned::Closed);
            }
            open.trial_ended(this, sign, now);
            None
        })
    }

    fn count(&self, this: &Try, sign: Sign, party: Parties, now: Instant) -> Option<Turned> {
        if sign.is_ill() && self.has_closed_since(this.at) || !self.trip.counts(sign, party, now) {
            return None;
        }
        self.locked(|state| {
            if state.open.is_some() {
                return None;
            }
            let until = now + jittered(FIRST_PAUSE);
            state.open = Some(Box::new(Open { since: now, until, pause: FIRST_PAUSE, trial: None }));
            self.is_open.store(true, Ordering::Release);
            Some(Turned::Open)
        })
    }

    /// Whether a try that began then has met what was over when the breaker closed: an outage by silence goes on telling
    /// of itself for as long as calls may take.
    fn has_closed_since(&self, began: Instant) -> bool {
        self.locked(|state| state.closed_at.is_some_and(|closed_at| began < closed_at))
    }

    fn locked<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        // Nothing panics while it is locked.
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Open {
    fn admit(&mut self, this: &Try) -> Result<(), Held> {
        let until = match this.urgency {
            Urgency::Caller => self.until,
            Urgency::Background | Urgency::Overdue => self.until + self.pause,
        };
        if this.at < until {
            return Err(Held::Broken { until });
        }
        // A trial that hangs does not keep everybody waiting until its end: another one is made, and its silence until then
        // counts as a failure.
        if self.trial.replace(this.at).is_some() {
            self.lengthen();
        }
        self.until = this.at + self.pause;
        Ok(())
    }

    fn trial_ended(&mut self, this: &Try, sign: Sign, now: Instant) {
        if self.trial != Some(this.at) {
            return;
        }
        self.trial = None;
        if sign.is_ill() {
            self.lengthen();
            self.until = now + jittered(self.pause);
        } else {
            self.until = self.until.min(now);
        }
    }

    fn lengthen(&mut self) {
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}

impl Trip {
    /// Counts the end of a try; whether it is one failure too many.
    fn counts(&self, sign: Sign, party: Parties, now: Instant) -> bool {
        match (self, sign) {
            (Self::Never, _) | (_, Sign::None) => false,
            (Self::Half(window), Sign::Well) => {
                window.well(party, now);
                false
            }
            (Self::Half(window), Sign::Ill) => {
                window.ill(party, now);
                is_half(window.tally(now))
            }
            (Self::Half(window), Sign::Unreachable) => {
                window.unreachable(party, now);
                is_half(window.tally(now))
            }
            (Self::Streak(streak), Sign::Well) => {
                // Most tries find it at 0 already, and then nothing is written that other threads read.
                if streak.load(Ordering::Relaxed) > 0 {
                    streak.store(0, Ordering::Relaxed);
                }
                false
            }
            (Self::Streak(streak), Sign::Ill | Sign::Unreachable) => {
                streak.fetch_add(1, Ordering::Relaxed) + 1 >= STREAK
            }
        }
    }

    fn reset(&self) {
        match self {
            Self::Half(window) => window.clear(),
            Self::Streak(streak) => streak.store(0, Ordering::Relaxed),
            Self::Never => {}
        }
    }
}

fn is_half(Tally { tries, failed, unreachable, parties, failing }: Tally) -> bool {
    let (parties, failing) = (parties.count(), failing.count());
    let is_many_parties = failing >= ENOUGH_PARTIES && failing * 2 >= parties;
    tries >= ENOUGH_TRIES && failed * 2 >= tries && (unreachable * 2 >= tries || is_many_parties)
}

/// From half of the pause to all of it, so that replicas do not come back together.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(f64::midpoint(1.0, chance()))
}

#[cfg(test)]
mod tests;
