//! What a monitoring system reads of this replica, in the
//! [OpenMetrics text format](https://prometheus.io/docs/specs/om/open_metrics_spec/).
//!
//! Two kinds of figures, told apart because they end differently when PostgreSQL is away:
//!
//! - **What this process does** is counted where it is done, through the methods of [`Metrics`]. No name and no label is
//!   looked up there: every series is made at the start, so that it reads 0 before anything has happened. Those of calls,
//!   which are many, are shown from the first call of their operation on (`calls`).
//! - **What lies in PostgreSQL** is read by a loop of the background, and shown while it is fresh (`backlog`).
//!
//! What this process holds (caches, queues, connections, `/proc`) is neither: it is read where it is when somebody looks.
//! Series are made of what the program knows at its start: operations, codes, limits, caches. Only numbers come with the
//! tenants, and they have a bound, so that what is served does not grow with them.
//!
//! `docs/metrics.md` has a row for each, and is compared with what is served by `cargo test`.

mod backlog;
mod budget;
mod calls;
mod connections;
mod durations;
mod events;
mod log;
mod process;
mod refusals;
mod shared_limits;
mod standing;
mod tasks;
#[cfg(test)]
mod tests;
mod traces;
mod upstream;

use std::array;
use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, EncodeMetric as _, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use tenant_store::Store;

use backlog::Latest;
use budget::BudgetMetrics;
use calls::CallMetrics;
pub(crate) use calls::Called;
pub use connections::ConnectionCut;
use connections::ConnectionMetrics;
use events::EventMetrics;
pub use events::{TryEnd, WebhookEnd};
use log::LogMetrics;
use process::ProcessMetrics;
use refusals::Refusals;
use shared_limits::SharedLimitMetrics;
use standing::Standing;
pub(crate) use standing::{CacheFigures, QueueFigures};
pub(crate) use tasks::Pulse;
use tasks::Tasks;
pub(crate) use traces::TraceMetrics;
pub use upstream::UpstreamEnd;
pub(crate) use upstream::{UpstreamMetrics, effect_name};

use crate::upstream::Budget;
use crate::version::COMMIT;

/// The media type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A counter that is split by one label.
type ByLabel = Family<[(&'static str, &'static str); 1], Counter>;

/// All metrics of a gateway. Cheap to clone; all clones count together.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    calls: CallMetrics,
    refusals: Refusals,
    events: EventMetrics,
    audited: [Counter; 2],
    recorded_calls: [Counter; 2],
    key_set_fetches: [Counter; 2],
    shared_limits: SharedLimitMetrics,
    connections: ConnectionMetrics,
    upstream: UpstreamMetrics,
    traces: TraceMetrics,
    budget: BudgetMetrics,
    standing: Standing,
    tasks: Tasks,
    backlog: Latest,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let build = Info::new([("version", env!("CARGO_PKG_VERSION")), ("commit", COMMIT)]);
        registry.register("groupgate_build", "What runs: its version, and the commit that it is made of", build);
        let calls = shown(&mut registry, CallMetrics::default());
        let refusals = Refusals::register(&mut registry);
        let events = EventMetrics::register(&mut registry);
        let audited = by_result(
            &mut registry,
            "groupgate_audited_calls",
            "Calls of administrators that changed nothing: written (in the audit log), dropped (they did not fit, or PostgreSQL was away)",
            ["written", "dropped"],
        );
        let recorded_calls = by_result(
            &mut registry,
            "groupgate_recorded_calls",
            "Calls of tenants: written (listed and counted), dropped (neither: they did not fit, or could not be written)",
            ["written", "dropped"],
        );
        let key_set_fetches = by_result(
            &mut registry,
            "groupgate_key_set_fetches",
            "Fetches of key sets of external issuers: fetched, failed (not to be had, or of no use; known keys go on for an hour)",
            ["fetched", "failed"],
        );
        let shared_limits = SharedLimitMetrics::register(&mut registry);
        let connections = ConnectionMetrics::new(&mut registry);
        let upstream = UpstreamMetrics::register(&mut registry);
        let traces = TraceMetrics::register(&mut registry);
        let budget = shown(&mut registry, BudgetMetrics::default());
        let standing = shown(&mut registry, Standing::default());
        let tasks = shown(&mut registry, Tasks::default());
        let backlog = shown(&mut registry, Latest::default());
        registry.register_collector(Box::new(LogMetrics));
        registry.register_collector(Box::new(ProcessMetrics));
        Self {
            registry: Arc::new(registry),
            calls,
            refusals,
            events,
            audited,
            recorded_calls,
            key_set_fetches,
            shared_limits,
            connections,
            upstream,
            traces,
            budget,
            standing,
            tasks,
            backlog,
        }
    }
}

impl Metrics {
    /// Calls of administrators that were written into the audit log.
    pub fn audit_written(&self, calls: usize) {
        self.audited[0].inc_by(u64::try_from(calls).unwrap_or(u64::MAX));
    }

    /// Calls of administrators that are not in the audit log.
    pub fn audit_dropped(&self, calls: usize) {
        self.audited[1].inc_by(u64::try_from(calls).unwrap_or(u64::MAX));
    }

    /// Calls of tenants that are listed and counted.
    pub fn calls_written(&self, calls: usize) {
        self.recorded_calls[0].inc_by(u64::try_from(calls).unwrap_or(u64::MAX));
    }

    /// Calls of tenants that are neither listed nor counted.
    pub fn calls_dropped(&self, calls: usize) {
        self.recorded_calls[1].inc_by(u64::try_from(calls).unwrap_or(u64::MAX));
    }

    /// A key set of an external issuer was fetched, or could not be.
    pub fn key_set_fetched(&self, is_there: bool) {
        self.key_set_fetches[usize::from(!is_there)].inc();
    }

    /// So many connections of clients are open now.
    pub fn connections_open(&self, count: usize) {
        self.connections.open(count);
    }

    /// A connection of a client was refused, or cut off.
    pub fn connection_cut(&self, why: ConnectionCut) {
        self.connections.cut(why);
    }

    /// What is counted of calls.
    pub(crate) fn calls(&self) -> &CallMetrics {
        &self.calls
    }

    /// What is counted on the way to Meta.
    pub(crate) fn upstream(&self) -> &UpstreamMetrics {
        &self.upstream
    }

    /// What is counted of the export of traces.
    pub(crate) fn traces(&self) -> &TraceMetrics {
        &self.traces
    }

    /// Shows what is left of Meta's quotas from now on.
    pub(crate) fn show_budget(&self, budget: &Arc<Budget>) {
        self.budget.show(budget);
    }

    /// Keeps what lies in PostgreSQL fresh, for ever.
    pub(crate) async fn keep_backlog(&self, store: &Store, pulse: &Pulse) {
        self.backlog.keep(store, pulse).await;
    }

    /// All of it as [`CONTENT_TYPE`] writes it.
    ///
    /// # Errors
    /// None but a bug: what is written to is a text in memory.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::with_capacity(16 * 1024);
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Registers a counter with a series for each result, in their order.
fn by_result<const N: usize>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    results: [&'static str; N],
) -> [Counter; N] {
    by_label(registry, name, help, "result", results)
}

/// Registers a counter with a series for each value of its label, in their order.
fn by_label<const N: usize>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    label: &'static str,
    values: [&'static str; N],
) -> [Counter; N] {
    let family = ByLabel::default();
    registry.register(name, help, family.clone());
    array::from_fn(|at| family.get_or_create_owned(&[(label, values[at])]))
}

/// Registers a histogram of seconds.
fn seconds<const N: usize>(registry: &mut Registry, name: &str, help: &str, buckets: [f64; N]) -> Histogram {
    let histogram = Histogram::new(buckets);
    registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
    histogram
}

/// Registers what tells its figures when somebody looks.
fn shown<C: Collector + Clone>(registry: &mut Registry, collector: C) -> C {
    registry.register_collector(Box::new(collector.clone()));
    collector
}

/// Writes a gauge without labels.
fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    value: impl EncodeGaugeValue,
) -> fmt::Result {
    ConstGauge::new(value).encode(encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?)
}
