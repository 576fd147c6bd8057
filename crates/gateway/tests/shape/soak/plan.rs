//! What goes wrong when: a pure function of the seed, so that a soak that failed can be had again.

use std::fmt;
use std::time::Duration;

use crate::dice::Dice;

/// Something that goes wrong from a moment on, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Planned<F> {
    /// After the beginning.
    pub(super) at: Duration,
    pub(super) lasts: Duration,
    pub(super) fault: F,
}

/// What can become of replicas and of what stands beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServerFault {
    /// SIGKILL; the replica of this place is started again afterwards.
    Kill(usize),
    /// SIGTERM; the same.
    Stop(usize),
    /// It is shut down, and started again.
    PostgresAway,
    /// All its connections end, and new ones are refused.
    PostgresCut,
    /// SIGKILL, and started again, empty.
    RedisKilled,
    /// SIGSTOP and SIGCONT: its connections stay, and nothing is answered.
    RedisHangs,
}

/// What can become of calls to Meta, and of its webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MetaFault {
    /// Every connection ends, and no new one comes about.
    Away,
    /// Every connection is reset, as every new one is.
    Reset,
    /// Answers come this many milliseconds later.
    Slow(u64),
    /// So many calls wait this many milliseconds before they are done.
    Delayed(u64, u64),
    /// So many calls get this code of Meta's.
    Refused(u64, u32),
    /// So many calls are dropped before anything was done.
    DroppedBefore(u64),
    /// So many calls are done, and the answer is lost.
    AnswerLost(u64),
    /// How webhooks are sent.
    Webhooks(&'static str),
}

/// Both run beside each other, so that PostgreSQL may be away while Meta resets connections.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Faults {
    pub(super) servers: Vec<Planned<ServerFault>>,
    pub(super) meta: Vec<Planned<MetaFault>>,
}

/// The pause between two faults of one kind, in milliseconds.
const PAUSE: (u64, u64) = (1_500, 6_000);
/// How long a fault lasts, in milliseconds.
const LASTS: (u64, u64) = (500, 5_000);
/// Nothing goes wrong so shortly before the end.
const CALM: Duration = Duration::from_secs(6);

/// Meta's codes: out of order for a moment, and three kinds of throttling.
const CODES: [u32; 6] = [1, 2, 131_000, 131_016, 130_429, 80_007];
const WEBHOOKS: [&str; 4] = ["hold", "double", "shuffle", "before_answer"];

impl Faults {
    /// Those of a soak of this length with so many replicas. In the last third no replica ends, so that what grows there
    /// does so in one life.
    pub(super) fn of(seed: u64, length: Duration, replicas: usize) -> Self {
        let (mut of_servers, mut of_meta) = (Dice(seed), Dice(!seed));
        let servers = planned(&mut of_servers, length, |dice, at| server_fault(dice, replicas, at < lives_on(length)));
        Self { servers, meta: planned(&mut of_meta, length, |dice, _| meta_fault(dice)) }
    }
}

/// From when on no replica ends any more, in a soak of this length.
pub(super) fn lives_on(length: Duration) -> Duration {
    length * 2 / 3
}

impl ServerFault {
    /// Whether it ends a replica's life.
    pub(super) fn ends_a_replica(self) -> bool {
        matches!(self, Self::Kill(_) | Self::Stop(_))
    }
}

fn planned<F>(dice: &mut Dice, length: Duration, mut draw: impl FnMut(&mut Dice, Duration) -> F) -> Vec<Planned<F>> {
    let (mut faults, mut at) = (Vec::new(), Duration::ZERO);
    loop {
        at += between(dice, PAUSE);
        let lasts = between(dice, LASTS);
        if at + lasts + CALM > length {
            return faults;
        }
        let fault = draw(dice, at);
        faults.push(Planned { at, lasts, fault });
        at += lasts;
    }
}

fn between(dice: &mut Dice, (least, end): (u64, u64)) -> Duration {
    Duration::from_millis(least + dice.below(end - least))
}

fn server_fault(dice: &mut Dice, replicas: usize, may_end: bool) -> ServerFault {
    let replica = pick(dice, replicas);
    match dice.below(10) {
        0..3 if may_end => ServerFault::Kill(replica),
        3..5 if may_end => ServerFault::Stop(replica),
        0 | 1 | 5 => ServerFault::PostgresAway,
        2 | 3 | 6 => ServerFault::PostgresCut,
        4 | 7 => ServerFault::RedisKilled,
        _ => ServerFault::RedisHangs,
    }
}

fn meta_fault(dice: &mut Dice) -> MetaFault {
    let some = 1 + dice.below(6);
    match dice.below(12) {
        0 => MetaFault::Away,
        1 => MetaFault::Reset,
        2 => MetaFault::Slow(100 + dice.below(1_500)),
        // Some of these are longer than a replica waits.
        3 => MetaFault::Delayed(some, 500 + dice.below(6_000)),
        // Each throttling holds its number up for twice as long as the one before.
        4 | 5 => MetaFault::Refused(some.min(3), CODES[pick(dice, CODES.len())]),
        6 => MetaFault::DroppedBefore(some),
        7 | 8 => MetaFault::AnswerLost(some),
        _ => MetaFault::Webhooks(WEBHOOKS[pick(dice, WEBHOOKS.len())]),
    }
}

fn pick(dice: &mut Dice, count: usize) -> usize {
    usize::try_from(dice.below(count as u64)).unwrap()
}

/// One line a fault, in the order in which they begin.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers = self.servers.iter().map(|one| (one.at, one.lasts, format!("{:?}", one.fault)));
        let meta = self.meta.iter().map(|one| (one.at, one.lasts, format!("Meta: {:?}", one.fault)));
        let mut all: Vec<_> = servers.chain(meta).collect();
        all.sort();
        all.into_iter().try_for_each(|(at, lasts, fault)| {
            writeln!(f, "{:7.1} s, for {:.1} s  {fault}", at.as_secs_f64(), lasts.as_secs_f64())
        })
    }
}

mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_mins(10);

    #[test]
    fn a_seed_plans_the_same_faults_each_time_and_another_seed_others() {
        assert_eq!(Faults::of(7, LENGTH, 2), Faults::of(7, LENGTH, 2));
        assert_ne!(Faults::of(7, LENGTH, 2), Faults::of(8, LENGTH, 2));
    }

    #[test]
    fn every_fault_is_over_before_the_next_of_its_kind_and_before_the_end() {
        for seed in 0..100 {
            let faults = Faults::of(seed, LENGTH, 2);
            assert!(faults.servers.windows(2).all(|two| two[0].at + two[0].lasts < two[1].at), "{faults}");
            assert!(faults.meta.windows(2).all(|two| two[0].at + two[0].lasts < two[1].at), "{faults}");
            let last = faults.servers.last().unwrap();
            assert!(last.at + last.lasts + CALM <= LENGTH, "{faults}");
        }
    }

    #[test]
    fn no_replica_ends_in_the_last_third() {
        for seed in 0..100 {
            let faults = Faults::of(seed, LENGTH, 2);
            let mut ends = faults.servers.iter().filter(|one| one.fault.ends_a_replica());
            assert!(ends.clone().all(|one| one.at < LENGTH * 2 / 3), "{faults}");
            assert!(ends.next().is_some(), "{faults}");
        }
    }
}
