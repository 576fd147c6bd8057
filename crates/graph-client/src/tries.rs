//! The one way that every call takes: past its guard, within its time, and again where that is safe.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    answer::Answer,
    call::{self, Call},
    error::{Effect, GraphError},
    guard::{Admitted, Ended, Try, Urgency},
    progress::Progress,
    retry::{self, Again, TRIES},
    usage::Usage,
};

/// A try that had less time than this, and was not answered in it, says nothing of Meta: a caller may be in a hurry.
const PATIENT: Duration = Duration::from_secs(2);
/// Nor does one that had less than this part of the settings' timeout, where that is shorter.
const PART: u32 = 4;

/// What an answer of Meta's says of Meta.
pub(crate) trait Verdict {
    /// Its figures where it is a success, or else why it is none.
    fn verdict(&self) -> Result<&Usage, &GraphError>;
}

impl<T> Verdict for Answer<T> {
    fn verdict(&self) -> Result<&Usage, &GraphError> {
        Ok(&self.usage)
    }
}

/// The tries of one call.
pub(crate) struct Tries<'a> {
    call: Call<'a>,
    effect: Effect,
    /// When the call began.
    begun: Instant,
    /// When the call is over.
    until: Instant,
    /// How long a whole call may take.
    timeout: Duration,
}

impl<'a> Tries<'a> {
    /// Of a call that begins now, and takes as long as `timeout` at the most.
    pub(crate) fn new(call: Call<'a>, effect: Effect, timeout: Duration) -> Self {
        let begun = Instant::now();
        Self { call, effect, begun, until: call::latest(call.deadline, begun, timeout), timeout }
    }

    /// Makes the call, and makes it again where that is safe, worth it and within its time. All tries together have the
    /// time that one would have.
    ///
    /// A call is made again only where nothing of it can have been done (`retry::again`), be it the making of a group: what
    /// its caller has recorded of it before stays true.
    pub(crate) async fn make<T: Verdict>(
        &self,
        once: impl AsyncFn(&Progress) -> Result<T, GraphError>,
    ) -> Result<T, GraphError> {
        let mut done = self.whole(self.admit(1, self.begun)?, &once).await;
        for nth in 2..=TRIES {
            let Err(error) = verdict(&done) else { break };
            let Some(pause) = self.pause_after(error, nth - 1) else { break };
            sleep(pause).await;
            // What failed tells the caller more than that it may not be repeated now.
            let Ok(admitted) = self.admit(nth, Instant::now()) else { break };
            done = self.whole(admitted, &once).await;
        }
        done
    }

    /// Makes a call that cannot be made again, and sees to its time by itself: `None` where that was over.
    ///
    /// Its body comes from elsewhere while it is sent, so that a connection that breaks, or a silence, is that other's as
    /// likely as Meta's.
    pub(crate) async fn make_once<T: Verdict, F: Future<Output = Option<Result<T, GraphError>>>>(
        &self,
        once: impl FnOnce(Progress) -> F,
    ) -> Result<T, GraphError> {
        let (admitted, progress) = (self.admit(1, self.begun)?, Progress::new(self.effect));
        let Some(done) = once(progress.clone()).await else { return Err(progress.timeout()) };
        if !matches!(done, Err(GraphError::Disconnected { .. })) {
            admitted.ended(ended(&done));
        }
        done
    }

    async fn whole<T: Verdict>(
        &self,
        admitted: Admitted<'a>,
        once: &impl AsyncFn(&Progress) -> Result<T, GraphError>,
    ) -> Result<T, GraphError> {
        let progress = Progress::new(self.effect);
        let Ok(done) = timeout_at(self.until, once(&progress)).await else {
            let late = progress.timeout();
            if is_patient(self.until.saturating_duration_since(admitted.began()), self.timeout) {
                admitted.ended(Ended::Failed(&late));
            }
            return Err(late);
        };
        admitted.ended(ended(&done));
        done
    }

    fn admit(&self, nth: u8, at: Instant) -> Result<Admitted<'a>, GraphError> {
        if self.until <= at {
            return Err(GraphError::Timeout { sent: false, effect: self.effect });
        }
        Admitted::ask(self.call.guard, Try { effect: self.effect, urgency: self.call.urgency, nth, at })
    }

    /// How long to wait before a call is made again of which so many tries have failed, the last one like this. The guard
    /// is asked last: what it grants is to be used.
    fn pause_after(&self, error: &GraphError, failed: u8) -> Option<Duration> {
        let again = retry::again(error)?;
        // What nobody waits for is done again by who does it, in its own time.
        if self.call.urgency != Urgency::Caller && again != Again::Reconnected {
            return None;
        }
        let pause = again.pause(failed);
        let latest = self.call.repeat_until.map_or(self.until, |until| until.min(self.until));
        (Instant::now() + pause < latest && self.call.guard.may_repeat()).then_some(pause)
    }
}

/// Whether silence for so long says something, where a whole call may take as long as `timeout`.
fn is_patient(silence: Duration, timeout: Duration) -> bool {
    silence >= PATIENT.min(timeout / PART)
}

fn verdict<T: Verdict>(done: &Result<T, GraphError>) -> Result<&Usage, &GraphError> {
    done.as_ref().and_then(Verdict::verdict)
}

fn ended<T: Verdict>(done: &Result<T, GraphError>) -> Ended<'_> {
    match verdict(done) {
        Ok(usage) => Ended::Answered(usage),
        Err(error) => Ended::Failed(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_says_something_after_two_seconds_or_a_quarter_of_a_shorter_timeout() {
        for (silence, timeout, says_something) in [
            (1_999, 20_000, false),
            (2_000, 20_000, true),
            (20_000, 20_000, true),
            (999, 4_000, false),
            (1_000, 4_000, true),
        ] {
            let (silence, timeout) = (Duration::from_millis(silence), Duration::from_millis(timeout));
            assert_eq!(is_patient(silence, timeout), says_something, "{silence:?} of {timeout:?}");
        }
    }
}
