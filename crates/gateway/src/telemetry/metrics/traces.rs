//! Figures of the export of traces.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

/// What becomes of spans. All clones count together.
#[derive(Debug, Clone)]
pub(crate) struct TraceMetrics {
    exported: Counter,
    dropped: Counter,
}

impl TraceMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let (exported, dropped) = (Counter::default(), Counter::default());
        registry.register("groupgate_traces_exported", "Spans of traces that the collector took", exported.clone());
        registry.register(
            "groupgate_traces_dropped",
            "Spans of traces that nobody has: they did not fit, or the collector did not take them",
            dropped.clone(),
        );
        Self { exported, dropped }
    }

    /// The collector has taken so many spans.
    pub(crate) fn exported(&self, spans: usize) {
        self.exported.inc_by(u64::try_from(spans).unwrap_or(u64::MAX));
    }

    /// So many spans are lost.
    pub(crate) fn dropped(&self, spans: usize) {
        self.dropped.inc_by(u64::try_from(spans).unwrap_or(u64::MAX));
    }
}
