//! When keys were last used: noted in memory by the calls, and written by the way.

use std::collections::HashSet;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::rt;
use tenant_store::Store;

use crate::telemetry::metrics::{Pulse, QueueFigures};

/// How often it is written.
const PAUSE: Duration = Duration::from_secs(5);
/// How many keys wait to be written at the most, while PostgreSQL is away.
const MOST: usize = 100_000;

/// Keys that were used, and are not yet written.
#[derive(Default)]
pub(super) struct KeyUses(Mutex<HashSet<String>>);

impl KeyUses {
    /// Notes a use.
    pub(super) fn note(&self, access_key_id: &str) {
        self.add([access_key_id.to_owned()]);
    }

    /// Writes what was noted, again and again. What cannot be written is tried again.
    pub(super) async fn keep(&self, store: &Store, pulse: &Pulse) {
        loop {
            rt::time::sleep(PAUSE).await;
            let used: Vec<String> = self.take().into_iter().collect();
            let written = if used.is_empty() { Ok(()) } else { store.note_key_uses(&used).await };
            match written {
                Ok(()) => pulse.succeeded(),
                Err(error) => {
                    tracing::warn!(%error, "when access keys were last used could not be written; it is tried again");
                    self.add(used);
                }
            }
        }
    }

    /// How many wait to be written.
    pub(super) fn queue(&self) -> QueueFigures {
        QueueFigures { queue: "key_uses", entries: self.locked().len(), capacity: MOST }
    }

    fn add(&self, ids: impl IntoIterator<Item = String>) {
        let mut used = self.locked();
        let room = MOST.saturating_sub(used.len());
        used.extend(ids.into_iter().take(room));
    }

    fn take(&self) -> HashSet<String> {
        mem::take(&mut *self.locked())
    }

    fn locked(&self) -> MutexGuard<'_, HashSet<String>> {
        // Nothing panics while it is locked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
