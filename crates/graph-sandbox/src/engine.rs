//! What everything that runs shares: the state, and who waits for it to change.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::faults::{Failing, Faults};
use crate::hook::Hook;
use crate::nature::Nature;
use crate::persist::Keeping;
use crate::request_log::RequestLog;
use crate::seed::Seed;
use crate::settings::{MetaApp, SandboxSettings};
use crate::state::{State, Turn};

/// The state and its surroundings.
pub(crate) struct Engine {
    pub(crate) app: MetaApp,
    pub(crate) nature: Nature,
    pub(crate) requests: RequestLog,
    pub(crate) faults: Faults,
    pub(crate) hook: Hook,
    seed: Seed,
    state: Mutex<State>,
    version: watch::Sender<u64>,
    /// `None` where the state is in memory only.
    keeping: Option<Keeping>,
}

impl Engine {
    /// An engine around a state that was found or is born now.
    pub(crate) fn new(settings: &SandboxSettings, found: Option<State>) -> Self {
        let nature = Nature::real(settings.latency.clone());
        let mut state = found.unwrap_or_else(|| State::born_with(&settings.seed, &nature));
        state.awaken(&nature);
        Self {
            app: MetaApp { id: settings.app_id.clone(), secret: settings.app_secret.clone() },
            nature,
            requests: RequestLog::default(),
            faults: Faults::default(),
            hook: Hook::new(settings),
            seed: settings.seed.clone(),
            state: Mutex::new(state),
            version: watch::Sender::new(0),
            keeping: settings.data_dir.as_ref().map(|_| Keeping::default()),
        }
    }

    /// Reads the state.
    pub(crate) fn look<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.lock())
    }

    /// Changes the state, and wakes whoever waits for that.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let outcome = change(&mut state);
        // Still under the lock: a version is one state.
        self.version.send_modify(|version| *version += 1);
        outcome
    }

    /// Changes the state, and returns when the change is in the state's file: what is
    /// answered after that holds after a crash too.
    pub(crate) async fn commit<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let outcome = self.change(change);
        self.kept().await;
        outcome
    }

    /// Waits until the state as it stands now is in its file.
    pub(crate) async fn kept(&self) {
        let version = *self.version.borrow();
        if let Some(keeping) = &self.keeping {
            keeping.reach(version).await;
        }
    }

    /// The writer's progress; `None` where the state is in memory only.
    pub(crate) fn keeping(&self) -> Option<&Keeping> {
        self.keeping.as_ref()
    }

    /// A copy of the state, and its version.
    pub(crate) fn snapshot(&self) -> (u64, State) {
        let state = self.lock();
        (*self.version.borrow(), state.clone())
    }

    /// Lends the state to what only reads it, though its type would let it write.
    pub(crate) fn lend<T>(&self, read: impl FnOnce(&mut State) -> T) -> T {
        read(&mut self.lock())
    }

    /// Tells of every change from now on.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// Waits until the state is so, at most `limit`; whether it came to that.
    pub(crate) async fn until(&self, limit: Duration, so: impl Fn(&State) -> bool) -> bool {
        let mut changes = self.watch();
        let waiting = async {
            while !self.look(&so) {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::time::timeout(limit, waiting).await.is_ok()
    }

    /// A turn of the call with this number in the log of requests, which may be told to fail later.
    pub(crate) fn turn(&self, cause: u64, failing: Option<Failing>) -> Turn<'_> {
        Turn { nature: &self.nature, cause, failing }
    }

    /// Sends webhooks elsewhere, or signs them otherwise; what is `None` stays. What
    /// waits for another try goes at once.
    pub(crate) fn aim_webhooks(&self, url: Option<String>, secret: Option<String>) {
        self.hook.set(|hook| {
            if let Some(url) = url {
                hook.url = Some(url);
                hook.verified = None;
            }
            if let Some(secret) = secret {
                hook.secret = secret;
            }
        });
        let now_ms = self.nature.now_ms();
        self.change(|state| state.webhooks.hasten(now_ms));
    }

    /// Forgets everything and is born anew from the seed.
    pub(crate) async fn be_born_anew(&self) {
        self.commit(|state| *state = State::born_with(&self.seed, &self.nature)).await;
        self.faults.clear();
        self.requests.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic in a handler leaves a state that is still worth testing against.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sleeps until a moment in milliseconds since 1970, or for ever.
pub(crate) async fn sleep_until(due_ms: Option<i64>, nature: &Nature) {
    match due_ms {
        None => std::future::pending().await,
        Some(due_ms) => {
            let ms = u64::try_from(due_ms - nature.now_ms()).unwrap_or_default();
            // One more: a timer that ends early would find nothing due.
            tokio::time::sleep(Duration::from_millis(ms.saturating_add(1))).await;
        }
    }
}
