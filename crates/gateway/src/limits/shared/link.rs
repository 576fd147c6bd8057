//! Whether Redis answers: the connection while it does, and what brings it back when it does not.

use std::future::Future;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use governor::Quota;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::dial::{Connection, Failure};
use super::script::COUNT;
use super::{RedisUrl, Test, Verdict};
use crate::telemetry::metrics::Metrics;

/// How long a call waits: it has more to do than to be counted.
const PATIENCE: Duration = Duration::from_millis(50);
/// So many answers that come too late, one after another, are an outage; fewer are a machine that was busy for a moment.
const TOO_LATE: u32 = 3;
/// So many looks in a row, each answered in time, end an outage: a server that answers now and then stays away.
const IN_TIME: u32 = 2;
/// How often Redis is looked at, whether or not there are calls.
const ROUND: Duration = Duration::from_millis(500);
/// How long a look may take, where it comes too late for a call; connecting is part of it.
const LOOK: Duration = Duration::from_secs(2);
/// The least pause between two looks, so that a server at its limits is not asked in a circle.
const PAUSE: Duration = Duration::from_millis(50);
/// How long Redis may be back before it is asked again.
const BACK: Duration = Duration::from_secs(5);

// At the worst, a look has just begun that gets no answer any more.
const _: () = {
    let in_time = PAUSE.saturating_add(ROUND).saturating_add(PATIENCE).saturating_mul(IN_TIME);
    assert!(LOOK.saturating_add(in_time).as_millis() < BACK.as_millis(), "limits are shared again too late");
};

/// The way to Redis.
pub(super) struct Link {
    url: RedisUrl,
    /// Nobody holds the lock while he waits for something.
    state: RwLock<State>,
    /// Somebody's question was not answered.
    failed: Notify,
    metrics: Metrics,
}

/// What is known of Redis.
enum State {
    /// Nothing, since nobody has looked.
    Unknown,
    /// It answers.
    Up(Usable),
    /// It does not, or has not for long: so many looks were answered in time since.
    Away(u32),
}

/// A connection, and how many looks there were before: who fails late gives up nothing that was seen to work since.
#[derive(Clone)]
struct Usable {
    number: u64,
    connection: Connection,
    late: Arc<Late>,
}

/// Answers that came too late: how many in a row, and when the last of them was given up.
#[derive(Default)]
struct Late(Mutex<Option<(u32, Instant)>>);

impl Late {
    /// There is no answer in time to a question of that moment. Whether there is an outage by that; questions that waited
    /// at the same time met with the same silence, and count once.
    fn is_too_often(&self, asked: Instant, now: Instant) -> bool {
        let mut late = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, given_up) = late.unwrap_or((0, asked));
        let (times, given_up) = if asked < given_up { (before, given_up) } else { (before + 1, now) };
        *late = Some((times, given_up));
        times >= TOO_LATE
    }

    /// An answer came in time.
    fn is_over(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Link {
    /// A way that nobody has gone yet: Redis is away until it is first looked at.
    pub(super) fn new(url: RedisUrl, metrics: Metrics) -> Self {
        metrics.limits_are_shared(false);
        Self { url, state: RwLock::new(State::Unknown), failed: Notify::new(), metrics }
    }

    /// Asks Redis; `None` where it is away, at once where that is known.
    pub(super) async fn ask(&self, tests: &[Test<'_>]) -> Option<Verdict> {
        let Usable { number, mut connection, late } = self.usable()?;
        let asked = Instant::now();
        match within(PATIENCE, async { Ok(COUNT.ask(&mut connection.commands, tests).await?) }).await {
            Ok(verdict) => {
                late.is_over();
                Some(verdict)
            }
            Err(failure) => {
                let is_outage = !matches!(failure, Failure::Slow(_)) || late.is_too_often(asked, Instant::now());
                if is_outage {
                    self.give_up(number, &failure);
                    self.failed.notify_one();
                }
                None
            }
        }
    }

    /// Whether it is asked.
    pub(super) fn is_up(&self) -> bool {
        matches!(&*self.state.read().unwrap_or_else(PoisonError::into_inner), State::Up(_))
    }

    /// Looks at Redis, for ever, and connects where there is no connection.
    pub(super) async fn keep(&self) {
        let mut number = 0;
        let mut connection = None;
        loop {
            number += 1;
            let asked = Instant::now();
            match self.look(connection.take()).await {
                Ok((answering, true)) => {
                    connection = Some(answering.clone());
                    self.answered(Usable { number, connection: answering, late: Arc::default() });
                }
                Ok((answering, false)) => {
                    connection = Some(answering);
                    self.answered_late(number, asked);
                }
                Err(failure) => self.give_up(number, &failure),
            }
            sleep(PAUSE).await;
            if self.is_up() {
                let _ = timeout(ROUND, self.failed.notified()).await;
            } else {
                sleep(ROUND).await;
            }
        }
    }

    /// Asks what a call asks, which shows that Redis is up, has its data, and takes what is written. Answers with the
    /// connection, and whether it came in time for a call.
    async fn look(&self, connection: Option<Connection>) -> Result<(Connection, bool), Failure> {
        within(LOOK, async {
            let mut connection = match connection {
                Some(connection) => connection,
                None => Connection::open(&self.url).await?,
            };
            let asked = Instant::now();
            COUNT.ask(&mut connection.commands, &[probe()]).await?;
            Ok((connection, asked.elapsed() <= PATIENCE))
        })
        .await
    }

    fn usable(&self) -> Option<Usable> {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Up(usable) => Some(usable.clone()),
            State::Unknown | State::Away(_) => None,
        }
    }

    /// Redis has answered a look in time, by this connection.
    fn answered(&self, answering: Usable) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let State::Away(in_time) = &mut *state {
            *in_time += 1;
            if *in_time < IN_TIME {
                return;
            }
        }
        let before = std::mem::replace(&mut *state, State::Up(answering));
        drop(state);
        if !matches!(before, State::Up(_)) {
            self.metrics.limits_are_shared(true);
            tracing::info!("Redis answers: limits are counted over all replicas");
        }
    }

    /// The answer to a look came too late for a call.
    fn answered_late(&self, number: u64, asked: Instant) {
        let is_outage = self.usable().is_none_or(|usable| usable.late.is_too_often(asked, Instant::now()));
        if is_outage {
            self.give_up(number, &Failure::Slow(PATIENCE));
        }
    }

    /// Goes on without Redis, unless it has answered since: by a look after the one with this number.
    fn give_up(&self, number: u64, failure: &Failure) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if matches!(&*state, State::Up(usable) if usable.number > number) {
            return;
        }
        let before = std::mem::replace(&mut *state, State::Away(0));
        drop(state);
        if !matches!(before, State::Away(_)) {
            self.metrics.limits_are_shared(false);
            tracing::warn!(%failure, "Redis is away: limits are counted on each replica alone");
        }
    }
}

/// A call that no limit refuses, however many replicas look: a refused one writes nothing, and whether Redis takes what is
/// written is to be seen.
fn probe() -> Test<'static> {
    const A_MILLION: NonZeroU32 = NonZeroU32::new(1_000_000).unwrap();
    Test { key: "probe", quota: Quota::per_second(A_MILLION), spare: false }
}

async fn within<T>(patience: Duration, answer: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    timeout(patience, answer).await.unwrap_or(Err(Failure::Slow(patience)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_millis(1);

    #[test]
    fn late_answers_are_an_outage_where_they_are_several_in_a_row() {
        let (late, mut now) = (Late::default(), Instant::now());
        let mut is_too_often = || {
            let asked = now;
            now += PATIENCE;
            late.is_too_often(asked, now)
        };
        assert_eq!([is_too_often(), is_too_often()], [false, false]);
        late.is_over();
        assert_eq!([is_too_often(), is_too_often(), is_too_often()], [false, false, true]);
    }

    #[test]
    fn questions_that_waited_at_the_same_time_met_with_one_silence() {
        let (late, begun) = (Late::default(), Instant::now());
        for call in 0..20 {
            let asked = begun + QUICK * call;
            assert!(!late.is_too_often(asked, asked + PATIENCE), "{call}");
        }
    }
}
