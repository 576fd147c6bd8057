//! Callers who wait for a tenant's events: pulls and streams.
//!
//! To be woken only means that there is more to read. One look serves all who wait: how far each of their tenants has come
//! is asked in one statement, and only those who are behind read. Who reads at the same place at the same time shares what
//! was read.

mod page;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tenant_store::Store;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout, timeout_at};

pub use page::{FeedError, FeedEvent, Page};

use crate::telemetry::metrics::Pulse;

/// How often it is looked without being told, in case a notification was lost.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How long a page may take to be read: who waits for it has other things to do, too.
const PATIENCE: Duration = Duration::from_secs(5);

/// The tenants whose events somebody waits for.
pub struct Feeds {
    store: Store,
    followed: Mutex<HashMap<String, Arc<Feed>>>,
    /// Of these, those that are said to have new events.
    told: Mutex<HashSet<String>>,
    look: Notify,
    is_stopping: watch::Sender<bool>,
}

/// One of them.
struct Feed {
    cust_space_id: String,
    /// The last `Sequence` that a look has seen; 0 before the first.
    last: watch::Sender<i64>,
    /// What was read last, for as long as somebody uses it. Whoever reads holds it, so that the next finds what was read.
    page: tokio::sync::Mutex<Weak<Page>>,
    /// Changed only while [`Feeds::followed`] is locked.
    followers: AtomicUsize,
}

/// Somebody who reads a tenant's events, and waits for more. It waits no longer when it is dropped.
pub struct Follower {
    feeds: Arc<Feeds>,
    feed: Arc<Feed>,
    last: watch::Receiver<i64>,
    is_stopping: watch::Receiver<bool>,
}

impl Feeds {
    /// Nobody waits yet.
    pub fn new(store: Store) -> Self {
        let (followed, told) = (Mutex::default(), Mutex::default());
        Self { store, followed, told, look: Notify::new(), is_stopping: watch::Sender::default() }
    }

    /// Begins to follow a tenant. Whoever begins reads once: what was published just before is not told.
    pub fn follow(self: &Arc<Self>, cust_space_id: &str) -> Follower {
        let mut followed = lock(&self.followed);
        let feed =
            followed.entry(cust_space_id.to_owned()).or_insert_with(|| Arc::new(Feed::new(cust_space_id))).clone();
        feed.followers.fetch_add(1, Ordering::Relaxed);
        drop(followed);
        let (last, is_stopping) = (feed.last.subscribe(), self.is_stopping.subscribe());
        Follower { feeds: self.clone(), feed, last, is_stopping }
    }

    /// These tenants have new events; none named: any may have.
    pub fn published(&self, cust_space_ids: &[String]) {
        let followed = lock(&self.followed);
        let mut told = lock(&self.told);
        if cust_space_ids.is_empty() {
            told.extend(followed.keys().cloned());
        } else {
            told.extend(cust_space_ids.iter().filter(|id| followed.contains_key(*id)).cloned());
        }
        if !told.is_empty() {
            self.look.notify_one();
        }
    }

    /// The gateway stops: nobody waits any longer.
    pub fn stop(&self) {
        self.is_stopping.send_replace(true);
    }

    /// Looks for all who wait whenever somebody says so, and every second, for ever.
    pub(crate) async fn watch(&self, pulse: &Pulse) {
        let mut look_at_all = Instant::now();
        loop {
            if timeout_at(look_at_all, self.look.notified()).await.is_ok() {
                let told = std::mem::take(&mut *lock(&self.told));
                self.look_at(told.into_iter().collect(), pulse).await;
            } else {
                let followed = lock(&self.followed).keys().cloned().collect();
                self.look_at(followed, pulse).await;
                look_at_all = Instant::now() + LOOK_AGAIN;
            }
        }
    }

    async fn look_at(&self, cust_space_ids: Vec<String>, pulse: &Pulse) {
        if cust_space_ids.is_empty() {
            pulse.succeeded();
            return;
        }
        match self.store.last_sequences(&cust_space_ids).await {
            Ok(all) => {
                for (cust_space_id, last) in &all {
                    self.tell(cust_space_id, *last);
                }
                pulse.succeeded();
            }
            Err(error) => {
                tracing::warn!(%error, tenants = cust_space_ids.len(), "new events that are waited for could not be looked for");
            }
        }
    }

    fn tell(&self, cust_space_id: &str, last: i64) {
        if let Some(feed) = lock(&self.followed).get(cust_space_id) {
            feed.last.send_if_modified(|known| std::mem::replace(known, last) != last);
        }
    }
}

impl Feed {
    fn new(cust_space_id: &str) -> Self {
        Self {
            cust_space_id: cust_space_id.to_owned(),
            last: watch::Sender::default(),
            page: tokio::sync::Mutex::default(),
            followers: AtomicUsize::new(0),
        }
    }
}

impl Follower {
    /// At most `limit` events behind `after`; without it, from the oldest that is kept.
    ///
    /// # Errors
    /// [`FeedError`]
    pub async fn page(&self, after: Option<i64>, limit: usize) -> Result<Arc<Page>, FeedError> {
        timeout(PATIENCE, self.read(after, limit)).await.unwrap_or(Err(FeedError::Slow))
    }

    async fn read(&self, after: Option<i64>, limit: usize) -> Result<Arc<Page>, FeedError> {
        let mut kept = self.feed.page.lock().await;
        if let Some(page) = kept.upgrade().filter(|page| page.answers(after, limit)) {
            return Ok(page);
        }
        let space = self.feeds.store.space(&self.feed.cust_space_id);
        let read = space.events_after(after, i64::try_from(limit).unwrap_or(i64::MAX)).await?;
        let page = Arc::new(Page::new(after, limit, read)?);
        *kept = Arc::downgrade(&page);
        Ok(page)
    }

    /// The `Sequence` of the tenant's last event; 0 where it has had none.
    ///
    /// # Errors
    /// [`FeedError::Store`]
    pub async fn last(&self) -> Result<i64, FeedError> {
        let all = self.feeds.store.last_sequences(std::slice::from_ref(&self.feed.cust_space_id)).await?;
        Ok(all.first().map_or(0, |(_, last)| *last))
    }

    /// Until the tenant has an event behind `after`, or the gateway stops.
    pub async fn ahead_of(&mut self, after: i64) {
        tokio::select! {
            _ = self.last.wait_for(|last| *last > after) => {}
            _ = self.is_stopping.wait_for(|is_stopping| *is_stopping) => {}
        }
    }

    /// Whether the gateway stops.
    pub fn is_stopping(&self) -> bool {
        *self.is_stopping.borrow()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut followed = lock(&self.feeds.followed);
        if self.feed.followers.fetch_sub(1, Ordering::Relaxed) == 1 {
            followed.remove(&self.feed.cust_space_id);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while it is locked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
