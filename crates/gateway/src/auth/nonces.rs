//! Nonces of signed requests: each is good once for its key, on all replicas and across restarts.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use quick_cache::sync::Cache;
use tenant_store::{Store, StoreError};

use super::SignedError;
use crate::cache;
use crate::telemetry::metrics::{CacheFigures, QueueFigures};

/// How long a nonce is remembered: a caller's clock may be a quarter of an hour off either way, and those of replicas and
/// PostgreSQL a little.
const REMEMBERED: Duration = Duration::from_mins(35);
/// How long the store may take, before it counts as away.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long a store that is away is not asked again.
const PAUSE: Duration = Duration::from_secs(1);
/// How many nonces are remembered in memory at the most. Above that, calls are refused: a nonce that is forgotten could
/// be used again.
const ROOM: usize = 100_000;
/// How many of those that were used here are known without asking, the last ones.
const KNOWN: usize = 50_000;

/// The nonces that were used: in the store, and in memory as long as the store is away.
pub struct Nonces {
    store: Store,
    memory: Mutex<Memory>,
    /// Nonces that are known to be used, and until when. It only saves looks: what it has forgotten is used all the same.
    known: Cache<Spent, Instant>,
}

/// SHA-256 of a key's ID and a nonce.
type Spent = [u8; 32];

#[derive(Default)]
struct Memory {
    spent: HashMap<Spent, Instant>,
    /// Until when the store is not asked.
    pause: Option<Instant>,
}

/// How a nonce stands.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    New,
    Used,
    /// Nobody can tell.
    NoRoom,
}

impl Nonces {
    /// Nonces that are remembered in `store`.
    pub fn new(store: Store) -> Self {
        Self { store, memory: Mutex::default(), known: Cache::new(KNOWN) }
    }

    /// How the cache of known ones stands now.
    pub(super) fn figures(&self) -> CacheFigures {
        cache::figures("nonces", &self.known)
    }

    /// How much room is taken of that for those that were used while the store is away.
    pub(super) fn queue(&self) -> QueueFigures {
        QueueFigures { queue: "nonces", entries: self.in_memory().count(Instant::now()), capacity: ROOM }
    }

    /// Whether a nonce may be new, by what is in memory: a request that is sent again and again is known without a question
    /// to the store.
    ///
    /// # Errors
    /// [`SignedError::NonceUsed`]
    pub fn look(&self, access_key_id: &str, nonce: &str) -> Result<(), SignedError> {
        let until = self.known.get(&spent(access_key_id, nonce));
        if until.is_some_and(|until| Instant::now() < until) { Err(SignedError::NonceUsed) } else { Ok(()) }
    }

    /// Uses a nonce of a key, the one time that it can be used.
    ///
    /// # Errors
    /// [`SignedError::NonceUsed`]; [`SignedError::NoncesFull`] after too many calls while the store is away.
    pub async fn spend(&self, access_key_id: &str, nonce: &str) -> Result<(), SignedError> {
        let spent = spent(access_key_id, nonce);
        let now = Instant::now();
        let fate = match self.may_ask_store(&spent, now) {
            Err(fate) => fate,
            Ok(false) => self.in_memory().spend(spent, now),
            Ok(true) => self.spend_in_store(access_key_id, &spent).await?,
        };
        if fate != Fate::NoRoom {
            self.known.insert(spent, now + REMEMBERED);
        }
        match fate {
            Fate::New => Ok(()),
            Fate::Used => Err(SignedError::NonceUsed),
            Fate::NoRoom => Err(SignedError::NoncesFull),
        }
    }

    /// Whether the store is asked now; what was used while it was away is known without it.
    fn may_ask_store(&self, spent: &Spent, now: Instant) -> Result<bool, Fate> {
        let memory = self.in_memory();
        if memory.has(spent, now) { Err(Fate::Used) } else { Ok(memory.pause.is_none_or(|end| end <= now)) }
    }

    async fn spend_in_store(&self, access_key_id: &str, spent: &Spent) -> Result<Fate, SignedError> {
        let asked = tokio::time::timeout(PATIENCE, self.store.spend_nonce(access_key_id, spent)).await;
        match asked {
            Ok(Ok(true)) => Ok(Fate::New),
            Ok(Ok(false)) => Ok(Fate::Used),
            Ok(Err(StoreError::Unavailable(_))) | Err(_) => {
                tracing::warn!("nonces of signed calls are remembered in memory alone, since PostgreSQL is away");
                let now = Instant::now();
                let mut memory = self.in_memory();
                memory.pause = Some(now + PAUSE);
                Ok(memory.spend(*spent, now))
            }
            Ok(Err(error)) => Err(error.into()),
        }
    }

    fn in_memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        // Nothing that is done below the lock can leave it half done.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn has(&self, spent: &Spent, now: Instant) -> bool {
        self.spent.get(spent).is_some_and(|until| now < *until)
    }

    /// How many are remembered; what need not be any longer is forgotten.
    fn count(&mut self, now: Instant) -> usize {
        self.spent.retain(|_, until| now < *until);
        self.spent.len()
    }

    fn spend(&mut self, spent: Spent, now: Instant) -> Fate {
        if self.spent.len() >= ROOM {
            self.count(now);
        }
        let has_room = self.spent.len() < ROOM;
        match self.spent.entry(spent) {
            Entry::Occupied(entry) if now < *entry.get() => Fate::Used,
            Entry::Occupied(mut entry) => {
                entry.insert(now + REMEMBERED);
                Fate::New
            }
            Entry::Vacant(_) if !has_room => Fate::NoRoom,
            Entry::Vacant(entry) => {
                entry.insert(now + REMEMBERED);
                Fate::New
            }
        }
    }
}

/// No ID of a key has a NUL in it, so no two pairs read the same.
fn spent(access_key_id: &str, nonce: &str) -> Spent {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(access_key_id.as_bytes());
    context.update(&[0]);
    context.update(nonce.as_bytes());
    let mut spent = Spent::default();
    spent.copy_from_slice(context.finish().as_ref());
    spent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(number: usize) -> Spent {
        spent("key", &number.to_string())
    }

    #[test]
    fn a_nonce_is_good_once_for_each_key_and_again_when_it_is_forgotten() {
        let (mut memory, now) = (Memory::default(), Instant::now());
        assert_eq!(memory.spend(spent("a", "n"), now), Fate::New);
        assert_eq!(memory.spend(spent("b", "n"), now), Fate::New);
        assert_eq!(memory.spend(spent("a", "n"), now + REMEMBERED.mul_f32(0.99)), Fate::Used);
        assert_eq!(memory.spend(spent("a", "n"), now + REMEMBERED), Fate::New);
    }

    #[test]
    fn what_is_forgotten_is_counted_no_longer() {
        let (mut memory, now) = (Memory::default(), Instant::now());
        assert_eq!(memory.spend(number(1), now), Fate::New);
        assert_eq!(memory.spend(number(2), now + REMEMBERED / 2), Fate::New);
        let counted = [REMEMBERED / 2, REMEMBERED, REMEMBERED * 2].map(|after| memory.count(now + after));
        assert_eq!(counted, [2, 1, 0]);
    }

    #[test]
    fn two_pairs_that_read_the_same_together_are_two() {
        assert_ne!(spent("ab", "c"), spent("a", "bc"));
    }

    #[test]
    fn memory_has_a_bound_and_forgets_nothing_that_could_be_used_again() {
        let (mut memory, now) = (Memory::default(), Instant::now());
        assert!((0..ROOM).all(|n| memory.spend(number(n), now) == Fate::New));
        assert_eq!(memory.spend(number(ROOM), now), Fate::NoRoom);
        assert_eq!(memory.spend(number(0), now), Fate::Used);
        assert_eq!(memory.spend(number(ROOM), now + REMEMBERED), Fate::New);
        assert_eq!(memory.spent.len(), 1);
    }
}
