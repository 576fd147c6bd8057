//! Figures of the way to Meta.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use graph_client::{Effect, Ended, GraphError, RefusalKind, Try};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use tokio::time::Instant;

use super::durations::Durations;
use super::{by_result, shown};

/// Whoever has waited for so long has seen that Meta is slow.
const PATIENT: Duration = Duration::from_secs(5);

/// How a try of a call to Meta ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamEnd {
    /// With a success.
    Answered,
    /// Meta refused it for what it asked.
    Refused,
    /// Meta refused it for how many there were.
    Throttled,
    /// There was no answer of Meta's, or one of its own trouble.
    Failed,
    /// Nobody waited for its end.
    GivenUp,
    /// It was not sent, since a breaker was open.
    Held,
}

impl UpstreamEnd {
    const ALL: [&'static str; 6] = ["answered", "refused", "throttled", "failed", "given_up", "held"];

    /// Its word.
    pub(crate) fn as_str(self) -> &'static str {
        Self::ALL[self as usize]
    }

    /// How a try that was made ended.
    pub(crate) fn of(ended: Ended<'_>) -> Self {
        match ended {
            Ended::Answered(_) => Self::Answered,
            Ended::GivenUp => Self::GivenUp,
            Ended::Failed(GraphError::Refused(refusal)) => match refusal.kind() {
                RefusalKind::Throttled => Self::Throttled,
                RefusalKind::Transient => Self::Failed,
                _ => Self::Refused,
            },
            Ended::Failed(GraphError::NotDone { .. }) => Self::Refused,
            Ended::Failed(_) => Self::Failed,
        }
    }
}

/// What a try does, in one word.
pub(crate) fn effect_name(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "read",
        Effect::Change => "write",
    }
}

/// How long tries took.
#[derive(Debug, Clone, Default)]
struct TryDurations(Arc<[Durations; 2]>);

impl TryDurations {
    fn of(&self, effect: Effect) -> &Durations {
        let [read, write] = &*self.0;
        match effect {
            Effect::Read => read,
            Effect::Change => write,
        }
    }
}

impl Collector for TryDurations {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let help = "How long tries of calls to Meta took that read and that write, but for those that were not sent, or given up within 5 seconds.";
        let (name, unit) = ("groupgate_upstream_duration", Some(&Unit::Seconds));
        let mut family = encoder.encode_descriptor(name, help, unit, MetricType::Histogram)?;
        for effect in [Effect::Read, Effect::Change] {
            self.of(effect).encode(family.encode_family(&[("effect", effect_name(effect))])?)?;
        }
        Ok(())
    }
}

/// What is counted on the way to Meta. All clones count together.
#[derive(Debug, Clone)]
pub(crate) struct UpstreamMetrics {
    tries: [Counter; UpstreamEnd::ALL.len()],
    durations: TryDurations,
    repeated: Counter,
    host_open: Gauge,
    numbers_open: Gauge,
}

impl UpstreamMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let tries = by_result(
            registry,
            "groupgate_upstream_tries",
            "Tries of calls to Meta: answered, refused (for what was asked), throttled, failed (no answer, or Meta's own trouble), given_up (nobody waited), held (not sent: a breaker was open)",
            UpstreamEnd::ALL,
        );
        let durations = shown(registry, TryDurations::default());
        let (repeated, host_open, numbers_open) = (Counter::default(), Gauge::default(), Gauge::default());
        registry.register("groupgate_upstream_retries", "Tries that repeated one before them", repeated.clone());
        registry.register(
            "groupgate_upstream_breaker_open",
            "1 while calls to Meta are refused at once, since half of the last ones failed, of half of the tenants",
            host_open.clone(),
        );
        registry.register(
            "groupgate_upstream_numbers_open",
            "Numbers whose calls to Meta are refused at once, since the last ones of theirs failed",
            numbers_open.clone(),
        );
        Self { tries, durations, repeated, host_open, numbers_open }
    }

    /// A try ended so.
    pub(crate) fn tried(&self, end: UpstreamEnd) {
        self.tries[end as usize].inc();
    }

    /// A try that was made ended now.
    pub(crate) fn ended(&self, this: &Try, how: Ended<'_>, now: Instant) {
        let end = UpstreamEnd::of(how);
        self.tried(end);
        let took = now.saturating_duration_since(this.at);
        // Little patience tells nothing of Meta. Where there was more, Meta took as long as that at the least.
        if end != UpstreamEnd::GivenUp || took >= PATIENT {
            self.durations.of(this.effect).observe(took);
        }
    }

    /// A try was made that repeats one before it.
    pub(crate) fn repeated(&self) {
        self.repeated.inc();
    }

    /// The host's breaker has opened. Two threads may tell of its turns in any order: what is left is right.
    pub(crate) fn host_opened(&self) {
        self.host_open.inc();
    }

    /// The host's breaker has closed.
    pub(crate) fn host_closed(&self) {
        self.host_open.dec();
    }

    /// A number's breaker has opened.
    pub(crate) fn number_opened(&self) {
        self.numbers_open.inc();
    }

    /// A number's breaker has closed, or nobody holds the number any more.
    pub(crate) fn number_closed(&self) {
        self.numbers_open.dec();
    }
}

#[cfg(test)]
mod tests {
    use graph_client::Urgency;

    use super::*;

    #[test]
    fn a_try_that_was_given_up_is_measured_where_its_caller_was_patient() {
        let metrics = UpstreamMetrics::register(&mut Registry::default());
        let now = Instant::now();
        let given_up = |at| {
            metrics.ended(&Try { effect: Effect::Read, urgency: Urgency::Caller, nth: 1, at }, Ended::GivenUp, now);
            metrics.durations.of(Effect::Read).count()
        };
        assert_eq!(given_up(now), 0);
        assert_eq!(given_up(now - PATIENT), 1);
        assert_eq!(metrics.durations.of(Effect::Change).count(), 0);
        assert_eq!(metrics.tries[UpstreamEnd::GivenUp as usize].get(), 2);
    }
}
