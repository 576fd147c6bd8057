//! Calls of operations, by face, operation and code.
//!
//! A call carries the place of its series, which its handler was given at the start ([`Called`]), so that counting it
//! is a few additions: no name is looked up, nothing is locked, and nothing allocated.

use std::array;
use std::fmt;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use cams_api::Code;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

use super::durations::Durations;
use crate::operations::{GraphCall, operation_names};

/// The operation of a call that ended before it was known which it is.
const UNKNOWN: &str = "unknown";
/// The code of a call whose caller hung up before it was answered.
const CANCELLED: &str = "Cancelled";
/// All codes of the contract, and that.
const CODES: usize = Code::ALL.len() + 1;
/// Codes that are told from an operation's first call on: a counter that begins with its first failures hides them from
/// `increase` and `rate`.
const WATCHED: [Code; 6] = [
    Code::Ok,
    Code::InternalError,
    Code::ServiceUnavailable,
    Code::UpstreamTimeout,
    Code::UpstreamUnavailable,
    Code::CredentialInvalid,
];

/// A way to call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Face {
    Rest,
    Rpc,
    Graph,
}

impl Face {
    const ALL: [Self; 3] = [Self::Rest, Self::Rpc, Self::Graph];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Rpc => "rpc",
            Self::Graph => "graph",
        }
    }

    /// The operations that it has, in the order of their places, and then [`UNKNOWN`].
    fn operations(self) -> Vec<&'static str> {
        let operations = match self {
            Self::Rest | Self::Rpc => operation_names(),
            Self::Graph => GraphCall::ALL.map(GraphCall::name).to_vec(),
        };
        operations.into_iter().chain(iter::once(UNKNOWN)).collect()
    }
}

/// Which operation is called, and by which face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Called {
    face: Face,
    /// Its place among the face's operations; beyond them, it is not known.
    operation: usize,
}

impl Called {
    /// A call of the RPC face of which nothing is known yet.
    pub(crate) const RPC: Self = Self { face: Face::Rpc, operation: usize::MAX };
    /// The same of the Graph-compatible face.
    pub(crate) const GRAPH: Self = Self { face: Face::Graph, operation: usize::MAX };

    /// A call over REST of the operation at this place of the table.
    pub(crate) const fn rest(operation: usize) -> Self {
        Self { face: Face::Rest, operation }
    }

    /// The same over the RPC face.
    pub(crate) const fn rpc(operation: usize) -> Self {
        Self { face: Face::Rpc, operation }
    }

    /// A call of one of Meta's paths.
    pub(crate) const fn graph(call: GraphCall) -> Self {
        Self { face: Face::Graph, operation: call as usize }
    }
}

/// What is counted of an operation by one face.
#[derive(Debug)]
struct Series {
    operation: &'static str,
    /// In the order of [`Code::ALL`], and then those that were cancelled.
    codes: [AtomicU64; CODES],
    durations: Durations,
}

impl Series {
    fn new(operation: &'static str) -> Self {
        Self { operation, codes: array::from_fn(|_| AtomicU64::new(0)), durations: Durations::default() }
    }

    /// How often it ended with each code, if it was called at all: with those of [`WATCHED`], and with each that there was.
    fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts: [u64; CODES] = array::from_fn(|at| self.codes[at].load(Ordering::Relaxed));
        let was_called = counts.iter().any(|count| *count > 0);
        let names = Code::ALL.iter().map(|code| code.as_str()).chain(iter::once(CANCELLED));
        let is_shown =
            move |count: u64, name: &str| count > 0 || was_called && WATCHED.iter().any(|code| code.as_str() == name);
        names.zip(counts).filter(move |(name, count)| is_shown(*count, name))
    }
}

/// What is counted of calls. All clones count together.
#[derive(Debug, Clone)]
pub(crate) struct CallMetrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    faces: [Vec<Series>; Face::ALL.len()],
    in_flight: AtomicI64,
}

impl Default for CallMetrics {
    fn default() -> Self {
        let faces = Face::ALL.map(|face| face.operations().into_iter().map(Series::new).collect());
        Self(Arc::new(Inner { faces, in_flight: AtomicI64::new(0) }))
    }
}

impl CallMetrics {
    /// A call has begun. Each that has, ends once.
    pub(crate) fn begun(&self) {
        self.0.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// A call was answered with this code, or `None` was there any more to be answered.
    pub(crate) fn ended(&self, called: Called, code: Option<Code>, duration: Duration) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        let series = &self.0.faces[called.face as usize];
        let Some(series) = series.get(called.operation).or(series.last()) else { return };
        series.codes[code.map_or(CODES - 1, |code| code as usize)].fetch_add(1, Ordering::Relaxed);
        series.durations.observe(duration);
    }

    fn series(&self) -> impl Iterator<Item = (&'static str, &Series)> {
        let faces = Face::ALL.iter().zip(&self.0.faces);
        faces.flat_map(|(face, all)| all.iter().map(|series| (face.as_str(), series)))
    }
}

impl Collector for CallMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "Calls of operations, by the contract's code of their answer; Cancelled: the caller hung up before.";
        let mut family = encoder.encode_descriptor("groupgate_calls", help, None, MetricType::Counter)?;
        for (face, series) in self.series() {
            for (code, count) in series.counts() {
                let labels = [("face", face), ("operation", series.operation), ("code", code)];
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
        let help = "From a call's head to the head of its answer.";
        let unit = Some(&Unit::Seconds);
        let mut family = encoder.encode_descriptor("groupgate_call_duration", help, unit, MetricType::Histogram)?;
        for (face, series) in self.series().filter(|(_, series)| series.counts().next().is_some()) {
            series.durations.encode(family.encode_family(&[("face", face), ("operation", series.operation)])?)?;
        }
        let help = "Calls of operations that have begun and are not answered.";
        let gauge = encoder.encode_descriptor("groupgate_calls_in_flight", help, None, MetricType::Gauge)?;
        ConstGauge::new(self.0.in_flight.load(Ordering::Relaxed)).encode(gauge)
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    fn text(calls: &CallMetrics) -> String {
        let (mut registry, mut text) = (Registry::default(), String::new());
        registry.register_collector(Box::new(calls.clone()));
        encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn codes_and_meta_s_calls_lie_where_they_are_counted() {
        assert!(Code::ALL.iter().enumerate().all(|(at, code)| *code as usize == at));
        assert!(GraphCall::ALL.iter().enumerate().all(|(at, call)| *call as usize == at));
    }

    #[test]
    fn a_call_is_counted_by_face_operation_and_code_and_measured() {
        let calls = CallMetrics::default();
        let (read, millis) = (Called::graph(GraphCall::InviteLink), Duration::from_millis);
        for (called, code) in [
            (Called::rest(0), Some(Code::Ok)),
            (Called::rpc(1), Some(Code::ThrottlingTenant)),
            (read, None),
            (read, Some(Code::GroupNotFound)),
            (Called::GRAPH, Some(Code::Unauthorized)),
        ] {
            calls.begun();
            calls.ended(called, code, millis(3));
        }
        calls.begun();
        let text = text(&calls);
        for line in [
            "groupgate_calls_total{face=\"rest\",operation=\"GetChatGroupInviteLink\",code=\"OK\"} 1",
            "groupgate_calls_total{face=\"rpc\",operation=\"AddChatGroupInviteLink\",code=\"OK\"} 0",
            "groupgate_calls_total{face=\"rpc\",operation=\"AddChatGroupInviteLink\",code=\"Throttling.Tenant\"} 1",
            "groupgate_calls_total{face=\"graph\",operation=\"GetChatGroupInviteLink\",code=\"Cancelled\"} 1",
            "groupgate_calls_total{face=\"graph\",operation=\"GetChatGroupInviteLink\",code=\"Group.NotFound\"} 1",
            "groupgate_calls_total{face=\"graph\",operation=\"unknown\",code=\"Unauthorized\"} 1",
            "groupgate_call_duration_seconds_bucket{le=\"0.0025\",face=\"rest\",operation=\"GetChatGroupInviteLink\"} 0",
            "groupgate_call_duration_seconds_bucket{le=\"0.005\",face=\"rest\",operation=\"GetChatGroupInviteLink\"} 1",
            "groupgate_call_duration_seconds_bucket{le=\"+Inf\",face=\"graph\",operation=\"GetChatGroupInviteLink\"} 2",
            "groupgate_call_duration_seconds_count{face=\"graph\",operation=\"GetChatGroupInviteLink\"} 2",
            "groupgate_call_duration_seconds_sum{face=\"graph\",operation=\"GetChatGroupInviteLink\"} 0.006",
            "groupgate_calls_in_flight 1",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line} in {text}");
        }
    }

    #[test]
    fn an_operation_that_nobody_called_has_no_series() {
        let text = text(&CallMetrics::default());
        assert_eq!(
            text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>(),
            ["groupgate_calls_in_flight 0"]
        );
    }
}
