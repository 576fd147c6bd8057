//! Whether limits are counted over all replicas.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::{Metrics, by_result};

/// What is told of limits in Redis.
#[derive(Debug, Clone)]
pub(super) struct SharedLimitMetrics {
    up: Gauge,
    decisions: [Counter; 2],
}

impl SharedLimitMetrics {
    /// Metrics that read 0.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let up = Gauge::default();
        registry.register(
            "groupgate_limits_shared_up",
            "1 while limits are counted in Redis over all replicas; 0 while this one counts alone: Redis is away, or there is none",
            up.clone(),
        );
        let decisions = by_result(
            registry,
            "groupgate_limits_shared_decisions",
            "Calls counted where there is a Redis: shared (in it, over all replicas), alone (by this replica, since it was away)",
            ["shared", "alone"],
        );
        Self { up, decisions }
    }
}

impl Metrics {
    /// Limits are counted over all replicas from now on; or by this one alone.
    pub fn limits_are_shared(&self, shared: bool) {
        self.shared_limits.up.set(shared.into());
    }

    /// A call was counted over all replicas, or refused by what they have counted; or by this one alone, since Redis was
    /// away.
    pub fn limits_decided(&self, shared: bool) {
        self.shared_limits.decisions[usize::from(!shared)].inc();
    }
}
