//! How the connection to Redis is started and stopped.

use std::io;
use std::sync::Arc;

use actix_rt::Arbiter;
use actix_web::rt;

use super::SharedLimits;
use crate::supervise::supervise;

/// The connection to Redis, and what keeps it, until this is dropped.
pub(crate) struct RunningSharedLimits(Option<Arbiter>);

impl SharedLimits {
    /// Connects to Redis and keeps in touch with it, on a thread of its own: what is asked of Redis never waits for what
    /// else the gateway does, which would look as if Redis were slow. Without a Redis nothing is started; where the system
    /// has no thread, each replica goes on alone.
    pub(crate) fn start(self: &Arc<Self>) -> RunningSharedLimits {
        if self.link.is_none() {
            return RunningSharedLimits(None);
        }
        let alone =
            |error: &io::Error| tracing::error!(%error, "there is no thread for Redis: this replica counts alone");
        let arbiter = Arbiter::try_new().inspect_err(alone).ok().inspect(|arbiter| {
            let shared = self.clone();
            arbiter.spawn_fn(move || {
                rt::spawn(supervise("shared limits", async move || shared.keep().await));
            });
        });
        RunningSharedLimits(arbiter)
    }

    async fn keep(&self) {
        if let Some(link) = &self.link {
            link.keep().await;
        }
    }
}

impl Drop for RunningSharedLimits {
    /// Lets go of Redis: this replica counts alone.
    fn drop(&mut self) {
        if let Some(arbiter) = &self.0 {
            arbiter.stop();
        }
    }
}
