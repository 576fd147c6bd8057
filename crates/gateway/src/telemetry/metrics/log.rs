//! Lines that the log has lost. It is the process's own, so that this is, too.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;

use crate::telemetry::lines;

/// Tells of the log.
#[derive(Debug)]
pub(super) struct LogMetrics;

impl Collector for LogMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let name = "groupgate_log_lines_dropped";
        let help = "Lines of the log that were lost, since standard error takes them too slowly.";
        ConstCounter::new(lines::lost()).encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)
    }
}
