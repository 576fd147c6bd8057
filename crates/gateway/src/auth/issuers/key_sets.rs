//! Key sets of issuers, in memory: fetched when a token first needs them, kept fresh by a loop, used while their issuer is
//! away for a bounded time, and fetched again for a key that nobody knows, but seldom, whatever tokens are shown.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::IssuerKeys;
use crate::egress::{Egress, ExternalUrl, Limits};
use crate::events::Nudge;

/// What fetching a key set may cost.
pub const FETCH_LIMITS: Limits = Limits { time: Duration::from_secs(5), body: 256 * 1024 };

/// How often the loop looks by itself.
const LOOK: Duration = Duration::from_secs(1);

/// The times of key sets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// A set is fetched at most so often, whatever asks for it.
    pub(super) pause: Duration,
    /// So old it is fetched again: a key that its issuer takes back is good for no longer.
    pub(super) fresh: Duration,
    /// So long it is used while it cannot be fetched again.
    pub(super) trusted: Duration,
    /// So long a call waits for a set.
    pub(super) patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            pause: Duration::from_secs(30),
            fresh: Duration::from_mins(5),
            trusted: Duration::from_hours(1),
            patience: FETCH_LIMITS.time + LOOK,
        }
    }
}

/// The key sets, by their addresses.
pub(super) struct KeySets {
    pace: Pace,
    slots: Mutex<HashMap<String, Slot>>,
    nudge: Nudge,
}

type Slot = Arc<watch::Sender<State>>;

/// What is known of one set.
#[derive(Default)]
struct State {
    keys: Option<Arc<IssuerKeys>>,
    fetched: Option<Instant>,
    tried: Option<Instant>,
    is_wanted: bool,
    is_being_fetched: bool,
}

impl State {
    fn usable(&self, pace: &Pace) -> Option<Arc<IssuerKeys>> {
        let is_trusted = self.fetched.is_some_and(|fetched| fetched.elapsed() < pace.trusted);
        self.keys.clone().filter(|_| is_trusted)
    }

    fn may_be_tried(&self, pace: &Pace) -> bool {
        self.tried.is_none_or(|tried| tried.elapsed() >= pace.pause)
    }

    fn is_due(&self, pace: &Pace) -> bool {
        let is_old = self.fetched.is_some_and(|fetched| fetched.elapsed() >= pace.fresh);
        !self.is_being_fetched && self.may_be_tried(pace) && (self.is_wanted || is_old)
    }

    /// A try ended. One that failed takes nothing away.
    fn end_try(&mut self, found: Option<IssuerKeys>) {
        let now = Instant::now();
        if let Some(found) = found {
            (self.keys, self.fetched) = (Some(Arc::new(found)), Some(now));
        }
        (self.tried, self.is_wanted, self.is_being_fetched) = (Some(now), false, false);
    }
}

impl KeySets {
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, slots: Mutex::default(), nudge: Nudge::default() }
    }

    /// The set at `url`, looked at again where it may be and has no key of this ID; `None` where there is none to be had.
    pub(super) async fn with_key(&self, url: &str, id: &str) -> Option<Arc<IssuerKeys>> {
        let slot = self.slot(url);
        let (mut changes, asked) = (slot.subscribe(), Instant::now());
        let (known, may_be_tried) = {
            let state = slot.borrow();
            (state.usable(&self.pace), state.may_be_tried(&self.pace))
        };
        if !may_be_tried || known.as_ref().is_some_and(|keys| keys.find(id).is_some()) {
            return known;
        }
        slot.send_modify(|state| state.is_wanted = true);
        self.nudge.look();
        let tried = changes.wait_for(|state| state.tried.is_some_and(|tried| tried >= asked));
        // Told or not, what there is now is the answer.
        let _ = timeout(self.pace.patience, tried).await;
        slot.borrow().usable(&self.pace)
    }

    /// The set at `url`, as it is known.
    pub(super) fn usable(&self, url: &str) -> Option<Arc<IssuerKeys>> {
        self.locked(|slots| slots.get(url).cloned())?.borrow().usable(&self.pace)
    }

    /// Forgets the sets at other addresses.
    pub(super) fn keep(&self, is_used: impl Fn(&str) -> bool) {
        self.locked(|slots| slots.retain(|url, _| is_used(url)));
    }

    /// Fetches what is due, each set by itself, so that none waits for another's issuer.
    pub(super) async fn watch(&self, fetch: impl AsyncFn(&str) -> Option<IssuerKeys>) {
        // Whoever fetched before this began does so no longer.
        self.locked(|slots| slots.values().for_each(|slot| slot.send_modify(|state| state.is_being_fetched = false)));
        let mut fetching = FuturesUnordered::new();
        loop {
            for (url, slot) in self.take_due() {
                let fetch = &fetch;
                fetching.push(async move {
                    let found = fetch(&url).await;
                    slot.send_modify(|state| state.end_try(found));
                });
            }
            tokio::select! {
                () = self.nudge.wait_until(Instant::now() + LOOK.min(self.pace.pause)) => {}
                Some(()) = fetching.next() => {}
            }
        }
    }

    fn take_due(&self) -> Vec<(String, Slot)> {
        let due = |slots: &mut HashMap<String, Slot>| {
            let due = slots.iter().filter(|(_, slot)| slot.borrow().is_due(&self.pace));
            due.map(|(url, slot)| (url.clone(), slot.clone())).collect::<Vec<_>>()
        };
        let due = self.locked(due);
        for (_, slot) in &due {
            slot.send_modify(|state| state.is_being_fetched = true);
        }
        due
    }

    fn slot(&self, url: &str) -> Slot {
        self.locked(|slots| slots.entry(url.to_owned()).or_insert_with(|| Arc::new(watch::Sender::default())).clone())
    }

    fn locked<T>(&self, with: impl FnOnce(&mut HashMap<String, Slot>) -> T) -> T {
        // Nothing panics while it is locked.
        with(&mut self.slots.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What stands at an address, where it is a key set.
pub(super) async fn fetch(egress: &Egress, url: &str) -> Option<IssuerKeys> {
    let url = ExternalUrl::try_from(url).inspect_err(|error| tracing::warn!(%error, "an issuer's keys")).ok()?;
    let told = |error: &dyn std::fmt::Display| tracing::warn!(?url, %error, "an issuer's keys could not be fetched");
    let fetched = egress.get_own(&url, FETCH_LIMITS).await.inspect_err(|error| told(error)).ok()?;
    IssuerKeys::read(&fetched.body).inspect_err(|error| told(error)).ok()
}

#[cfg(test)]
mod tests;
