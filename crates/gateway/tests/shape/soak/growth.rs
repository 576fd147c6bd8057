//! What a replica takes of the machine: once it is warm, it takes no more.

use std::cell::RefCell;
use std::fmt;
use std::time::{Duration, Instant};

use actix_web::rt::time::sleep;

use crate::world::{files_by_kind, memory_of, open_files_of};

/// How many KiB a replica may have more in the end than it had when it was warm: the allocator keeps what a busy moment
/// needed, and caches fill up to their bounds.
const MEMORY_BOUND: u64 = 48 * 1024;
/// How many open files a replica may have more when all has drained than before anybody called it: its pools, and the
/// connections that a balancer keeps and those of readers.
const FILES_BOUND: usize = 60;
/// How often replicas are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a replica has at a moment.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Level {
    /// In KiB.
    memory: u64,
    files: usize,
}

/// The present life of each replica.
pub(super) struct Growth {
    lives: Vec<Life>,
    warm_up: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Life {
    /// `None` once it has ended.
    process: Option<u32>,
    begun: Instant,
    /// What it had before it was called; `None` where nobody looked.
    fresh: Option<Level>,
    /// The most that it had while it warmed up; `None` where nobody looked.
    warm: Option<Level>,
    most: Level,
    last: Level,
}

impl Growth {
    /// Of these processes, in a soak of this length.
    pub(super) fn of(processes: impl Iterator<Item = u32>, length: Duration) -> Self {
        let warm_up = (length / 12).clamp(Duration::from_secs(8), Duration::from_mins(2));
        Self { lives: processes.map(Life::of).collect(), warm_up }
    }

    /// The replica of this place has a new life, in this process.
    pub(super) fn begin(&mut self, place: usize, process: u32) {
        self.lives[place] = Life::of(process);
    }

    /// The life of the replica of this place ends.
    pub(super) fn end(&mut self, place: usize) {
        self.lives[place].process = None;
    }

    /// Looks at all that live.
    pub(super) fn sample(&mut self) {
        for life in &mut self.lives {
            life.see(self.warm_up);
        }
    }

    /// Looks at them for ever, whatever is done to them meanwhile.
    pub(super) async fn keep_sampling(growth: &RefCell<Self>) {
        loop {
            growth.borrow_mut().sample();
            sleep(LOOK_EVERY).await;
        }
    }

    /// Which of them has grown, now that all has drained.
    pub(super) fn wrong(&self) -> Vec<String> {
        let grown = self.lives.iter().enumerate().filter(|(_, life)| life.has_grown());
        let files = |life: &Life| life.process.map(files_by_kind);
        grown.map(|(place, life)| format!("replica {place} has grown: {life}; open are {:?}", files(life))).collect()
    }
}

impl Life {
    fn of(process: u32) -> Self {
        let (fresh, none) = (Level::of(process), Level::default());
        Self { process: Some(process), begun: Instant::now(), fresh, warm: None, most: none, last: none }
    }

    fn see(&mut self, warm_up: Duration) {
        let Some(level) = self.process.and_then(Level::of) else { return };
        self.last = level;
        self.most = self.most.or_more(level);
        if self.begun.elapsed() < warm_up {
            self.warm = Some(self.warm.unwrap_or_default().or_more(level));
        }
    }

    /// A life of which a level is not known is not measured by it.
    fn has_grown(&self) -> bool {
        self.warm.is_some_and(|warm| self.last.memory > warm.memory + MEMORY_BOUND)
            || self.fresh.is_some_and(|fresh| self.last.files > fresh.files + FILES_BOUND)
    }
}

impl Level {
    /// That of a process; `None` where it has ended.
    fn of(process: u32) -> Option<Self> {
        Some(Self { memory: memory_of(process)?, files: open_files_of(process)? })
    }

    fn or_more(self, other: Self) -> Self {
        Self { memory: self.memory.max(other.memory), files: self.files.max(other.files) }
    }
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |level: Option<Level>| level.map_or("unmeasured".to_owned(), |level| level.to_string());
        write!(
            f,
            "{} when fresh, {} when warm, {} at the most, {} in the end, after {} s",
            told(self.fresh),
            told(self.warm),
            self.most,
            self.last,
            self.begun.elapsed().as_secs()
        )
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} KiB and {} files", self.memory, self.files)
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lives.iter().enumerate().try_for_each(|(place, life)| writeln!(f, "replica {place}: {life}"))
    }
}

mod tests {
    use super::*;

    const KIB: u64 = 100 * 1024;

    fn life(fresh: Option<Level>, warm: Option<Level>, last: Level) -> Life {
        Life { process: None, begun: Instant::now(), fresh, warm, most: last, last }
    }

    #[test]
    fn a_life_that_nobody_looked_at_when_it_was_warm_has_not_grown() {
        assert!(!life(None, None, Level { memory: KIB, files: 500 }).has_grown());
    }

    #[test]
    fn a_life_has_grown_by_memory_since_it_was_warm_or_by_files_since_it_was_fresh() {
        let level = |memory, files| Level { memory, files };
        let grown = |last| life(Some(level(1, 20)), Some(level(KIB, 400)), last).has_grown();
        assert!(!grown(level(KIB + MEMORY_BOUND, 20 + FILES_BOUND)));
        assert!(grown(level(KIB + MEMORY_BOUND + 1, 20)));
        assert!(grown(level(KIB, 21 + FILES_BOUND)));
    }

    #[test]
    fn what_a_life_that_ended_had_stays_and_a_new_one_is_looked_at_anew() {
        let mut growth = Growth::of([std::process::id()].into_iter(), Duration::from_mins(10));
        growth.sample();
        growth.end(0);
        let seen = growth.lives[0].last;
        growth.sample();
        assert!(seen.memory > 0 && growth.lives[0].last.files == seen.files);
        growth.begin(0, std::process::id());
        assert!(growth.lives[0].warm.is_none() && growth.lives[0].fresh.is_some());
    }
}
