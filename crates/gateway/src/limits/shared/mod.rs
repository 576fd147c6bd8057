//! Limits over all replicas: counted in Redis or Valkey, by Redis' own clock, all limits of a call in one round trip.
//!
//! Redis is asked, never relied upon. While it is away, and without one, each replica counts by its own
//! [`Limiter`](super::Limiter)s; a call waits for Redis 50 ms at the most, and not at all while it is known to be away.
//! One late answer leaves its own call to the replica; several in a row, or a connection that breaks, are an outage.
//!
//! - `script.lua` counts, `script.rs` asks it and reads its answer;
//! - `link.rs` knows whether Redis answers, and brings it back;
//! - `dial.rs` connects, `url.rs` is where to, `running.rs` starts and stops all of it.

mod dial;
mod link;
mod running;
mod script;
#[cfg(test)]
mod tests;
mod url;

use std::time::Duration;

use governor::Quota;

use super::Standing;
use crate::telemetry::metrics::Metrics;
use link::Link;

pub use url::{InvalidRedisUrl, RedisUrl};

pub(crate) use running::RunningSharedLimits;

/// The limits that all replicas share, where there is a Redis that they share.
pub(crate) struct SharedLimits {
    link: Option<Link>,
    metrics: Metrics,
}

/// One limit of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Test<'a> {
    /// Whose limit it is, and on what: the same at all replicas.
    pub key: &'a str,
    /// How many calls are let through. Where it has changed, what was counted before holds.
    pub quota: Quota,
    /// Whether the call can wait, and leaves half of the burst to others.
    pub spare: bool,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All limits have counted it. What is left of each, in the order of the tests; no more than gets through, as far as
    /// no other call comes first.
    Taken(Vec<Standing>),
    /// None has counted it.
    Refused {
        /// The test of the limit that lets it through last.
        index: usize,
        /// In how long that is: after it, all limits let a call through.
        wait: Duration,
    },
}

impl SharedLimits {
    /// Limits shared by this Redis; without one, none are. They are counted by each replica alone until they are
    /// [started](Self::start).
    pub(crate) fn new(url: Option<RedisUrl>, metrics: Metrics) -> Self {
        Self { link: url.map(|url| Link::new(url, metrics.clone())), metrics }
    }

    /// Whether a call is for Redis to count; where it is away, that this replica counts it alone.
    pub(crate) fn is_asked(&self) -> bool {
        let Some(link) = &self.link else { return false };
        let is_up = link.is_up();
        if !is_up {
            self.metrics.limits_decided(false);
        }
        is_up
    }

    /// Counts a call against all of its limits, or against none where one refuses it. `None` where it is for this replica
    /// alone to decide.
    pub(crate) async fn take(&self, tests: &[Test<'_>]) -> Option<Verdict> {
        let verdict = self.link.as_ref()?.ask(tests).await;
        self.metrics.limits_decided(verdict.is_some());
        verdict
    }
}

impl Test<'_> {
    /// How much of the burst is left to others.
    fn spared(&self) -> u32 {
        if self.spare { self.quota.burst_size().get() / 2 } else { 0 }
    }
}
