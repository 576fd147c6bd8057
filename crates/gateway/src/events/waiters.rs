//! Calls that wait until a change is settled, here or on another replica.
//!
//! To be woken only means to look, and one look serves all who wait: what is settled of their changes is asked in one
//! statement, and only those whose change it is read their row.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tenant_store::{Store, UniqueCode};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::telemetry::metrics::Pulse;

/// How often it is looked without being told, in case a notification was lost.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The calls that wait.
#[derive(Default)]
pub struct Waiters {
    waiting: Mutex<HashMap<UniqueCode, Arc<Notify>>>,
    look: Notify,
    is_stopping: watch::Sender<bool>,
}

/// One waiting call. It waits no longer when it is dropped.
pub struct Waiter<'a> {
    waiters: &'a Waiters,
    unique_code: UniqueCode,
    settled: Arc<Notify>,
    is_stopping: watch::Receiver<bool>,
}

impl Waiters {
    /// Begins to wait for a change. Whoever begins looks at the change once more: it may have been settled just before.
    pub fn register(&self, unique_code: UniqueCode) -> Waiter<'_> {
        let settled = Arc::new(Notify::new());
        self.lock().insert(unique_code, settled.clone());
        Waiter { waiters: self, unique_code, settled, is_stopping: self.is_stopping.subscribe() }
    }

    /// Some change was settled.
    pub fn wake(&self) {
        self.look.notify_one();
    }

    /// The gateway stops: nobody waits any longer, and each call answers with what is known.
    pub fn stop(&self) {
        self.is_stopping.send_replace(true);
    }

    /// Looks for all who wait whenever somebody says so, for ever.
    pub(crate) async fn watch(&self, store: &Store, pulse: &Pulse) {
        loop {
            // Told or not, it looks.
            let _ = timeout(LOOK_AGAIN, self.look.notified()).await;
            if self.look_once(store).await {
                pulse.succeeded();
            }
        }
    }

    /// Whether it could be looked.
    async fn look_once(&self, store: &Store) -> bool {
        let codes: Vec<UniqueCode> = self.lock().keys().copied().collect();
        if codes.is_empty() {
            return true;
        }
        match store.settled_changes(&codes).await {
            Ok(settled) => {
                for code in &settled {
                    self.tell(code);
                }
                true
            }
            Err(error) => {
                tracing::warn!(%error, waiting = codes.len(), "changes that are waited for could not be read");
                false
            }
        }
    }

    fn tell(&self, unique_code: &UniqueCode) {
        if let Some(settled) = self.lock().get(unique_code) {
            settled.notify_one();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<UniqueCode, Arc<Notify>>> {
        // Nothing panics while it is locked.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter<'_> {
    /// Until the change is settled, or the gateway stops.
    pub async fn settled(&mut self) {
        tokio::select! {
            () = self.settled.notified() => {}
            _ = self.is_stopping.wait_for(|is_stopping| *is_stopping) => {}
        }
    }

    /// Whether the gateway stops.
    pub fn is_stopping(&self) -> bool {
        *self.is_stopping.borrow()
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.waiters.lock().remove(&self.unique_code);
    }
}
