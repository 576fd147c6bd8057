//! The connections of clients.

use std::sync::atomic::AtomicI64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::by_result;

/// Why a connection was not taken, or was ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionCut {
    /// As many are open as may be.
    TooMany,
    /// As many are open of its client's address as may be.
    TooManyOfAddress,
    /// The head of a request did not come to its end in time.
    SlowHead,
    /// The client took nothing of its answer for too long.
    SlowReader,
    /// It rested while there was little room for others.
    Crowded,
}

impl ConnectionCut {
    const ALL: [&'static str; 5] = ["too_many", "too_many_of_address", "slow_head", "slow_reader", "crowded"];
}

/// What is counted of connections.
#[derive(Debug, Clone)]
pub(super) struct ConnectionMetrics {
    open: Gauge<i64, AtomicI64>,
    cut: [Counter; ConnectionCut::ALL.len()],
}

impl ConnectionMetrics {
    /// All of it, at 0.
    pub(super) fn new(registry: &mut Registry) -> Self {
        let open = Gauge::default();
        registry.register("groupgate_connections_open", "Connections of clients that are open", open.clone());
        let cut = by_result(
            registry,
            "groupgate_connections_cut",
            "Connections of clients refused (too_many, too_many_of_address) or cut off (slow_head, slow_reader, crowded)",
            ConnectionCut::ALL,
        );
        Self { open, cut }
    }

    /// So many are open now.
    pub(super) fn open(&self, count: usize) {
        self.open.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// One was refused or cut off.
    pub(super) fn cut(&self, why: ConnectionCut) {
        self.cut[why as usize].inc();
    }
}
