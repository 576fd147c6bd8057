//! When each task of the background last did what it is for.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use time::OffsetDateTime;

use super::Metrics;

/// In place of a time: all is done, and something is waited for.
const AT_REST: i64 = i64::MIN;

/// When a task last did what it is for, in Unix seconds. All clones tell of the same task.
#[derive(Debug, Clone)]
pub(crate) struct Pulse(Arc<AtomicI64>);

impl Pulse {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(now())))
    }

    /// The task has done what was to be done.
    pub(crate) fn succeeded(&self) {
        self.0.store(now(), Ordering::Relaxed);
    }

    /// Waits with nothing left undone: for work that comes, or for a round that is long to come. As long as that lasts, the
    /// task counts as having done its work at every moment.
    pub(crate) async fn at_rest<T>(&self, waiting: impl Future<Output = T>) -> T {
        let _rest = Rest::begin(self);
        waiting.await
    }

    fn seconds(&self) -> i64 {
        match self.0.load(Ordering::Relaxed) {
            AT_REST => now(),
            at => at,
        }
    }
}

/// Ends a rest, also where what was waited for is dropped.
struct Rest<'a>(&'a Pulse);

impl<'a> Rest<'a> {
    fn begin(pulse: &'a Pulse) -> Self {
        pulse.0.store(AT_REST, Ordering::Relaxed);
        Self(pulse)
    }
}

impl Drop for Rest<'_> {
    fn drop(&mut self) {
        self.0.succeeded();
    }
}

fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// The tasks that were begun.
#[derive(Debug, Clone, Default)]
pub(super) struct Tasks(Arc<Mutex<BTreeMap<&'static str, Pulse>>>);

impl Metrics {
    /// The pulse of a task that begins now, under this name.
    pub(crate) fn task(&self, name: &'static str) -> Pulse {
        let pulse = Pulse::new();
        // Nothing panics while it is locked.
        self.tasks.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, pulse.clone());
        pulse
    }
}

impl Collector for Tasks {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let name = "groupgate_background_last_success_timestamp";
        let help =
            "When a task of the background last did what it is for, in Unix time; now, while it has nothing to do.";
        let mut family = encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Gauge)?;
        for (task, pulse) in &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            ConstGauge::new(pulse.seconds()).encode(family.encode_family(&[("task", *task)])?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG_AGO: i64 = 1_000;

    #[actix_web::test]
    async fn a_task_that_does_not_succeed_grows_old_and_one_at_rest_does_not() {
        let pulse = Pulse(Arc::new(AtomicI64::new(LONG_AGO)));
        assert_eq!(pulse.seconds(), LONG_AGO);
        let shown = pulse.at_rest(async { pulse.seconds() }).await;
        assert!(shown >= now() - 60, "{shown}");
        assert_ne!(pulse.0.load(Ordering::Relaxed), AT_REST);
        pulse.0.store(LONG_AGO, Ordering::Relaxed);
        pulse.succeeded();
        assert!(pulse.seconds() > LONG_AGO);
    }

    #[actix_web::test]
    async fn a_rest_that_is_dropped_has_ended() {
        let pulse = Pulse::new();
        let mut rest = Box::pin(pulse.at_rest(std::future::pending::<()>()));
        assert!(futures_util::poll!(&mut rest).is_pending());
        assert_eq!(pulse.0.load(Ordering::Relaxed), AT_REST);
        drop(rest);
        assert_ne!(pulse.0.load(Ordering::Relaxed), AT_REST);
    }
}
