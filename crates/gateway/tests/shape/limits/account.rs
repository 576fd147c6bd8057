//! What a limit lets through, and whether what was answered fits it: by answers alone.

use std::time::{Duration, Instant};

use crate::world::Answer;

/// How far what gets through may be from the limit.
const TOLERANCE: f64 = 0.01;

/// So many calls a second, and so many at once after a pause.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub(super) per_second: u32,
    pub(super) burst: u32,
}

impl Limit {
    /// As a setting.
    pub(super) fn setting(self) -> String {
        format!("{}/s;burst={}", self.per_second, self.burst)
    }

    /// What gets through in this time, where the whole burst is there at its beginning.
    pub(super) fn within(self, time: Duration) -> f64 {
        f64::from(self.burst) + f64::from(self.per_second) * time.as_secs_f64()
    }

    /// How long it takes until the whole burst is there again.
    fn pause(self) -> Duration {
        Duration::from_secs(1) * self.burst / self.per_second
    }

    /// The most that may get through in this time.
    pub(super) fn most(self, time: Duration) -> f64 {
        (1.0 + TOLERANCE) * self.within(time) + 1.0
    }

    /// The least that gets through in this time, where there are more calls than that.
    fn least(self, time: Duration) -> f64 {
        (1.0 - TOLERANCE) * self.within(time) - 1.0
    }
}

/// What was answered to a flood.
pub(super) struct Account(Vec<Answer>);

impl Account {
    pub(super) fn of(answers: Vec<Answer>) -> Self {
        let others: Vec<_> = answers.iter().filter(|answer| ![200, 429].contains(&answer.status)).collect();
        assert!(others.is_empty(), "{} calls ended otherwise, such as {:?}", others.len(), others[0]);
        Self(answers)
    }

    /// That of calls that were made, and answered, between two moments.
    pub(super) fn between(&self, from: Instant, to: Instant) -> Self {
        Self(self.0.iter().filter(|answer| answer.sent >= from && answer.answered <= to).cloned().collect())
    }

    fn with(&self, status: u16) -> impl Iterator<Item = &Answer> {
        self.0.iter().filter(move |answer| answer.status == status)
    }

    /// How many got through.
    pub(super) fn through(&self) -> f64 {
        count(self.with(200).count())
    }

    /// How many were refused.
    pub(super) fn refused(&self) -> f64 {
        count(self.with(429).count())
    }

    /// Fails where in any time more got through than the limit lets. A call is counted at some moment between its beginning
    /// and its answer, so that a time from one's beginning to another's answer holds all that lie in it.
    #[track_caller]
    pub(super) fn keeps(&self, limit: Limit) {
        let mut through: Vec<_> = self.with(200).collect();
        through.sort_by_key(|answer| answer.answered);
        for first in &through {
            let mut so_far = 0.0;
            for last in through.iter().filter(|answer| answer.sent >= first.sent) {
                so_far += 1.0;
                let time = last.answered - first.sent;
                assert!(so_far <= limit.most(time), "{so_far} got through in {time:?}, of {limit:?}");
            }
        }
    }

    /// Fails where fewer got through than the limit lets, between the answer to the first that got through and the last that
    /// was refused: by then all was used up.
    #[track_caller]
    pub(super) fn uses_up(&self, limit: Limit) {
        let first = self.with(200).map(|answer| answer.answered).min().expect("some got through");
        let last = self.with(429).map(|answer| answer.sent).max().expect("some were refused");
        let (through, time) = (self.through(), last - first);
        assert!(through >= limit.least(time), "{through} got through in {time:?}, of {limit:?}");
    }

    /// Whether calls were counted so densely that nothing can have been left over: the burst takes longer to come back than
    /// there was none. Each is counted between its beginning and its answer.
    pub(super) fn is_dense(&self, limit: Limit) -> bool {
        let mut sent: Vec<_> = self.0.iter().map(|answer| answer.sent).collect();
        sent.sort();
        let pause = sent.windows(2).map(|two| two[1] - two[0]).max().unwrap_or_default();
        let took = self.0.iter().map(|answer| answer.answered - answer.sent).max().unwrap_or_default();
        pause + took < limit.pause()
    }

    /// Fails where a refusal does not say when to come back, or not the same in seconds as in milliseconds.
    #[track_caller]
    pub(super) fn says_when_to_come_back(&self) {
        let wrong: Vec<_> = self.with(429).filter(|answer| !says_when(answer)).collect();
        assert!(wrong.is_empty(), "{} refusals do not say when to come back, such as {:?}", wrong.len(), wrong[0]);
    }
}

fn says_when(refusal: &Answer) -> bool {
    let whole = |wait: Duration| Duration::from_secs(wait.as_millis().div_ceil(1_000).try_into().unwrap());
    refusal.wait.is_some_and(|wait| !wait.is_zero() && refusal.seconds == Some(whole(wait)))
}

fn count(calls: usize) -> f64 {
    f64::from(u32::try_from(calls).unwrap())
}
