//! A cache in front of the store, true within seconds and usable while PostgreSQL is away.
//!
//! An entry is looked at anew after a minute, and at once when a notification says that it changed. Where
//! PostgreSQL cannot be reached, an entry goes on being used for a bounded time (`GROUPGATE_STALE_SECONDS`).

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tenant_store::StoreError;

use crate::flights::Flights;
use crate::telemetry::metrics::CacheFigures;

/// How long an entry is trusted without being looked at.
const FRESH: Duration = Duration::from_mins(1);
/// How long a look may take where there is an older entry to go on with.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long after a look that failed the next is tried.
const PAUSE: Duration = Duration::from_secs(2);
/// In [`Cache::away_since`]: the store is there.
const PRESENT: u64 = u64::MAX;

/// Values of the store by their ID. Idle ones are dropped when `capacity` is reached.
pub(crate) struct Cache<V> {
    entries: quick_cache::sync::Cache<String, Arc<Entry<V>>>,
    flights: Flights,
    invalidations: AtomicU64,
    born: Instant,
    /// How long an entry is trusted without being looked at: [`FRESH`] but in tests.
    fresh: Duration,
    /// How long entries are used while the store is away.
    stale: Duration,
    /// Milliseconds since the cache was made at which the store was found to be away.
    away_since: AtomicU64,
    lookups: Lookups,
}

/// How often something was looked up, by what came of it.
#[derive(Default)]
struct Lookups {
    hits: AtomicU64,
    misses: AtomicU64,
    stale: AtomicU64,
}

struct Entry<V> {
    value: Arc<V>,
    loaded: Instant,
    outdated: AtomicBool,
    /// Milliseconds since the cache was made; before it, no look is tried.
    look_again: AtomicU64,
}

impl<V> Cache<V> {
    /// An empty cache whose entries are used for `stale` at most while the store is away.
    pub(crate) fn new(capacity: usize, stale: Duration) -> Self {
        let entries = quick_cache::sync::Cache::new(capacity);
        Self {
            entries,
            flights: Flights::default(),
            invalidations: AtomicU64::new(0),
            born: Instant::now(),
            fresh: FRESH,
            stale,
            away_since: AtomicU64::new(PRESENT),
            lookups: Lookups::default(),
        }
    }

    /// The value of this ID: remembered, or loaded. `None` where the store has none, which is not remembered,
    /// so that made-up IDs cost no memory.
    ///
    /// # Errors
    /// The load's, where nothing usable is remembered.
    pub(crate) async fn get(
        &self,
        id: &str,
        load: impl AsyncFnOnce() -> Result<Option<V>, StoreError>,
    ) -> Result<Option<Arc<V>>, StoreError> {
        let known = self.entries.get(id);
        match known {
            Some(entry) if entry.is_fresh(self.fresh) => {
                self.lookups.hits.fetch_add(1, Ordering::Relaxed);
                Ok(Some(entry.value.clone()))
            }
            Some(entry) if self.must_pause(&entry) => Ok(Some(self.stale(&entry))),
            // Boxed, so that calls that find what they look for are none the larger for it.
            Some(entry) => Box::pin(self.reload(id, &entry, load)).await,
            None => Box::pin(self.load(id, load)).await,
        }
    }

    /// How it stands now, under this name.
    pub(crate) fn figures(&self, cache: &'static str) -> CacheFigures {
        let Lookups { hits, misses, stale } = &self.lookups;
        let [hits, misses, stale] = [hits, misses, stale].map(|count| count.load(Ordering::Relaxed));
        CacheFigures { cache, entries: self.entries.len(), hits, misses, stale }
    }

    /// What is remembered of this ID and would be used without being looked at, which [`get`](Self::get) answers with, too.
    pub(crate) fn trusted(&self, id: &str) -> Option<Arc<V>> {
        self.entries.get(id).filter(|entry| entry.is_fresh(self.fresh)).map(|entry| entry.value.clone())
    }

    /// What is remembered of this ID, whether or not it is still true.
    pub(crate) fn remembered(&self, id: &str) -> Option<Arc<V>> {
        self.entries.peek(id).map(|entry| entry.value.clone())
    }

    /// All that is remembered, whether or not it is still true.
    pub(crate) fn values(&self) -> Vec<Arc<V>> {
        self.entries.iter().map(|(_, entry)| entry.value.clone()).collect()
    }

    /// How many values are remembered that can be served while the store is away.
    pub(crate) fn usable(&self) -> usize {
        if self.may_go_on() { self.entries.len() } else { 0 }
    }

    /// The value of this ID changed in the store.
    pub(crate) fn invalidate(&self, id: &str) {
        self.invalidations.fetch_add(1, Ordering::AcqRel);
        if let Some(entry) = self.entries.peek(id) {
            entry.outdated.store(true, Ordering::Release);
        }
    }

    /// Any value may have changed in the store.
    pub(crate) fn invalidate_all(&self) {
        self.invalidations.fetch_add(1, Ordering::AcqRel);
        for (_, entry) in self.entries.iter() {
            entry.outdated.store(true, Ordering::Release);
        }
    }

    async fn load(
        &self,
        id: &str,
        load: impl AsyncFnOnce() -> Result<Option<V>, StoreError>,
    ) -> Result<Option<Arc<V>>, StoreError> {
        self.lookups.misses.fetch_add(1, Ordering::Relaxed);
        self.look(id, load).await
    }

    async fn look(
        &self,
        id: &str,
        load: impl AsyncFnOnce() -> Result<Option<V>, StoreError>,
    ) -> Result<Option<Arc<V>>, StoreError> {
        let _flight = self.flights.enter(id).await;
        if let Some(entry) = self.entries.get(id).filter(|entry| entry.is_fresh(self.fresh)) {
            return Ok(Some(entry.value.clone()));
        }
        let before = self.invalidations.load(Ordering::Acquire);
        let loaded = Instant::now();
        let found = load().await;
        self.note_presence(&found);
        let Some(value) = found? else {
            self.entries.remove(id);
            return Ok(None);
        };
        let value = Arc::new(value);
        let entry =
            Entry { value: value.clone(), loaded, outdated: AtomicBool::new(false), look_again: AtomicU64::new(0) };
        let entry = Arc::new(entry);
        self.entries.insert(id.to_owned(), entry.clone());
        // A change that was announced during the load may not be in it: such an entry is looked at again. Looked at only
        // now, when an announcement finds the entry.
        if self.invalidations.load(Ordering::Acquire) != before {
            entry.outdated.store(true, Ordering::Release);
        }
        Ok(Some(value))
    }

    /// Notes since when the store is away.
    fn note_presence(&self, found: &Result<Option<V>, StoreError>) {
        match found {
            Err(StoreError::Unavailable(_)) => self.note_absence(),
            _ => self.away_since.store(PRESENT, Ordering::Relaxed),
        }
    }

    fn note_absence(&self) {
        // Where it was noted before, the first note stands.
        let _ = self.away_since.compare_exchange(PRESENT, self.now(), Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether what is remembered may be used without looking: the store is there, or away for a bounded time.
    fn may_go_on(&self) -> bool {
        match self.away_since.load(Ordering::Relaxed) {
            PRESENT => !self.stale.is_zero(),
            since => self.now().saturating_sub(since) < millis(self.stale),
        }
    }

    async fn reload(
        &self,
        id: &str,
        entry: &Entry<V>,
        load: impl AsyncFnOnce() -> Result<Option<V>, StoreError>,
    ) -> Result<Option<Arc<V>>, StoreError> {
        if !self.may_go_on() {
            return self.load(id, load).await;
        }
        match tokio::time::timeout(PATIENCE, self.look(id, load)).await {
            Ok(Err(StoreError::Unavailable(_))) | Err(_) => {
                self.note_absence();
                entry.look_again.store(self.now() + millis(PAUSE), Ordering::Relaxed);
                Ok(Some(self.stale(entry)))
            }
            Ok(loaded) => {
                self.lookups.misses.fetch_add(1, Ordering::Relaxed);
                loaded
            }
        }
    }

    /// A value that is used since the store is away.
    fn stale(&self, entry: &Entry<V>) -> Arc<V> {
        self.lookups.stale.fetch_add(1, Ordering::Relaxed);
        entry.value.clone()
    }

    fn must_pause(&self, entry: &Entry<V>) -> bool {
        self.may_go_on() && self.now() < entry.look_again.load(Ordering::Relaxed)
    }

    fn now(&self) -> u64 {
        millis(self.born.elapsed())
    }
}

impl<V> Entry<V> {
    fn is_fresh(&self, fresh: Duration) -> bool {
        !self.outdated.load(Ordering::Acquire) && self.loaded.elapsed() < fresh
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How a cache stands that has nothing to do with the store.
pub(crate) fn figures<K: Eq + Hash, V: Clone>(
    cache: &'static str,
    of: &quick_cache::sync::Cache<K, V>,
) -> CacheFigures {
    CacheFigures { cache, entries: of.len(), hits: of.hits(), misses: of.misses(), stale: 0 }
}

#[cfg(test)]
mod tests {
    use super::{Arc, Cache, Duration, StoreError};

    const LONG: Duration = Duration::from_mins(15);

    fn away() -> StoreError {
        StoreError::Unavailable("away".to_owned())
    }

    async fn get(cache: &Cache<u32>, loads: Result<Option<u32>, StoreError>) -> Result<Option<u32>, StoreError> {
        Ok(cache.get("id", async || loads).await?.map(|value: Arc<u32>| *value))
    }

    #[actix_web::test]
    async fn a_value_is_loaded_once() {
        let cache = Cache::new(8, LONG);
        assert_eq!(get(&cache, Ok(Some(1))).await.unwrap(), Some(1));
        assert_eq!(get(&cache, Ok(Some(2))).await.unwrap(), Some(1));
    }

    #[actix_web::test]
    async fn many_who_want_the_same_value_load_it_once() {
        let cache = Cache::new(8, LONG);
        let loads = std::cell::Cell::new(0);
        let want = || async {
            let load = async || {
                loads.set(loads.get() + 1);
                tokio::task::yield_now().await;
                Ok(Some(1))
            };
            cache.get("id", load).await.unwrap()
        };
        let got = futures_util::future::join_all((0..64).map(|_| want())).await;
        assert!(got.iter().all(|value| value.as_deref() == Some(&1)));
        assert_eq!(loads.get(), 1);
    }

    #[actix_web::test]
    async fn an_announced_change_is_seen_by_the_next_call() {
        let cache = Cache::new(8, LONG);
        get(&cache, Ok(Some(1))).await.unwrap();
        cache.invalidate("id");
        assert_eq!(get(&cache, Ok(Some(2))).await.unwrap(), Some(2));
        cache.invalidate_all();
        assert_eq!(get(&cache, Ok(None)).await.unwrap(), None);
        assert_eq!(get(&cache, Ok(Some(3))).await.unwrap(), Some(3));
    }

    #[actix_web::test]
    async fn a_change_whose_announcement_was_lost_is_seen_when_the_entry_is_no_longer_fresh() {
        assert_eq!(Cache::<u32>::new(8, LONG).fresh, Duration::from_mins(1));
        let cache = Cache { fresh: Duration::from_millis(50), ..Cache::new(8, LONG) };
        get(&cache, Ok(Some(1))).await.unwrap();
        let seen = async { while get(&cache, Ok(Some(2))).await.unwrap() != Some(2) {} };
        tokio::time::timeout(Duration::from_secs(5), seen).await.unwrap();
    }

    #[actix_web::test]
    async fn what_is_no_longer_fresh_is_used_while_the_store_is_away() {
        let cache = Cache { fresh: Duration::ZERO, ..Cache::new(8, LONG) };
        get(&cache, Ok(Some(1))).await.unwrap();
        assert_eq!(get(&cache, Err(away())).await.unwrap(), Some(1));
    }

    #[actix_web::test]
    async fn a_change_announced_during_a_load_is_not_missed() {
        let cache = Cache::new(8, LONG);
        let during = async || {
            cache.invalidate("id");
            Ok(Some(1))
        };
        assert_eq!(cache.get("id", during).await.unwrap().as_deref(), Some(&1));
        assert_eq!(get(&cache, Ok(Some(2))).await.unwrap(), Some(2));
    }

    #[actix_web::test]
    async fn what_does_not_exist_is_not_remembered() {
        let cache: Cache<u32> = Cache::new(8, LONG);
        assert_eq!(get(&cache, Ok(None)).await.unwrap(), None);
        assert_eq!(cache.usable(), 0);
    }

    #[actix_web::test]
    async fn while_the_store_is_away_known_values_go_on() {
        let cache = Cache::new(8, LONG);
        assert!(get(&cache, Err(away())).await.is_err());
        get(&cache, Ok(Some(1))).await.unwrap();
        cache.invalidate("id");
        assert_eq!(get(&cache, Err(away())).await.unwrap(), Some(1));
        assert_eq!(get(&cache, Ok(Some(2))).await.unwrap(), Some(1), "the next look comes after a pause");
    }

    #[actix_web::test]
    async fn known_values_go_on_for_a_bounded_time_only() {
        let cache = Cache::new(8, Duration::ZERO);
        get(&cache, Ok(Some(1))).await.unwrap();
        cache.invalidate("id");
        assert!(get(&cache, Err(away())).await.is_err());
    }

    #[actix_web::test]
    async fn a_value_that_nobody_wanted_for_long_is_there_when_the_store_is_away() {
        let cache = Cache::new(8, Duration::from_millis(50));
        get(&cache, Ok(Some(1))).await.unwrap();
        tokio::time::sleep(Duration::from_millis(80)).await;
        cache.invalidate("id");
        assert_eq!(get(&cache, Err(away())).await.unwrap(), Some(1), "the time counts from the outage");
        let ends = async {
            while get(&cache, Err(away())).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), ends).await.unwrap();
    }

    #[actix_web::test]
    async fn a_store_that_hangs_is_not_waited_for_long() {
        let cache = Cache::new(8, LONG);
        get(&cache, Ok(Some(1))).await.unwrap();
        cache.invalidate("id");
        let hangs = async || std::future::pending().await;
        assert_eq!(cache.get("id", hangs).await.unwrap().as_deref(), Some(&1));
    }

    #[actix_web::test]
    async fn look_ups_are_counted_by_what_came_of_them() {
        let cache = Cache::new(8, LONG);
        let figures = || {
            let figures = cache.figures("test");
            (figures.entries, figures.hits, figures.misses, figures.stale)
        };
        get(&cache, Ok(Some(1))).await.unwrap();
        get(&cache, Ok(Some(1))).await.unwrap();
        assert_eq!(figures(), (1, 1, 1, 0));
        cache.invalidate("id");
        get(&cache, Err(away())).await.unwrap();
        get(&cache, Ok(Some(1))).await.unwrap();
        assert_eq!(figures(), (1, 1, 1, 2));
        assert!(cache.get("other", async || Err(away())).await.is_err());
        assert_eq!(figures(), (1, 1, 2, 2));
    }
}
