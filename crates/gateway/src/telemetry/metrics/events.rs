//! Events on their way through the gateway: webhooks that bring them, their publication, and tries to deliver them.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tenant_store::Received;

use super::{Metrics, by_result, seconds};

/// Around what a commit takes, up to what Meta waits for an answer.
const DURATION: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// From an event that is handled at once to one that waited for a whole outage.
const LAG: [f64; 14] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0];

/// How a webhook ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookEnd {
    /// Committed, and answered with 200.
    Committed,
    /// Not signed by the app: somebody else's, or the app's secret is not ours.
    Unsigned,
    /// Signed, and no WhatsApp webhook; it is kept.
    Malformed,
    /// Not committed, so that Meta sends it again.
    Failed,
}

impl WebhookEnd {
    const ALL: [&'static str; 4] = ["committed", "unsigned", "malformed", "failed"];
}

/// How a try to deliver an event ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryEnd {
    /// The endpoint took it.
    Done,
    /// It is tried again later.
    Again,
    /// It was the last: a dead letter.
    Dead,
    /// The endpoint answered 410, and is disabled.
    Gone,
}

impl TryEnd {
    const ALL: [&'static str; 4] = ["done", "again", "dead", "gone"];
}

/// What is counted of events.
#[derive(Debug, Clone)]
pub(super) struct EventMetrics {
    webhooks: [Counter; WebhookEnd::ALL.len()],
    /// Events of committed webhooks: new, doubled, and set aside.
    received: [Counter; 3],
    webhook_duration: Histogram,
    published: Counter,
    routing_lag: Histogram,
    tries: [Counter; TryEnd::ALL.len()],
    delivery_lag: Histogram,
}

impl EventMetrics {
    /// All of it, at 0.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let webhooks = by_result(
            registry,
            "groupgate_webhooks",
            "Webhooks from Meta: committed, unsigned (refused, 401), malformed (kept apart), failed (Meta sends it again)",
            WebhookEnd::ALL,
        );
        let received = by_result(
            registry,
            "groupgate_webhook_events",
            "Events in committed webhooks: new, doubled (had come before, dropped), or set_aside (PostgreSQL never takes it: kept with what is malformed)",
            ["new", "doubled", "set_aside"],
        );
        let webhook_duration = seconds(
            registry,
            "groupgate_webhook_duration",
            "From a webhook's last byte to the commit of its events",
            DURATION,
        );
        let routing_lag = seconds(
            registry,
            "groupgate_event_routing_lag",
            "From an event's commit to its publication, when it can be pulled and is queued for its endpoints",
            LAG,
        );
        let tries = by_result(
            registry,
            "groupgate_delivery_tries",
            "Tries to deliver: done, again (tried again later), dead (it was the last), gone (410: the endpoint is disabled)",
            TryEnd::ALL,
        );
        let delivery_lag = seconds(
            registry,
            "groupgate_delivery_lag",
            "From an event's publication to its delivery, where the first try delivered it",
            LAG,
        );
        let published = Counter::default();
        registry.register(
            "groupgate_events_published",
            "Events that this replica has routed and published",
            published.clone(),
        );
        Self { webhooks, received, webhook_duration, published, routing_lag, tries, delivery_lag }
    }
}

impl Metrics {
    /// A webhook whose events were committed, `duration` after its last byte had come.
    pub fn webhook_committed(&self, received: Received, duration: Duration) {
        self.webhook_ended(WebhookEnd::Committed);
        self.events.received[0].inc_by(received.new);
        self.events.received[1].inc_by(received.doubled);
        self.events.received[2].inc_by(received.set_aside);
        self.events.webhook_duration.observe(duration.as_secs_f64());
    }

    /// A webhook that ended so; one that was committed is counted by [`Self::webhook_committed`].
    pub fn webhook_ended(&self, end: WebhookEnd) {
        self.events.webhooks[end as usize].inc();
    }

    /// Events that were published, each as long after its commit as its lag says.
    pub fn events_published(&self, lags: impl IntoIterator<Item = Duration>) {
        for lag in lags {
            self.events.published.inc();
            self.events.routing_lag.observe(lag.as_secs_f64());
        }
    }

    /// A try to deliver an event that ended so.
    pub fn delivery_tried(&self, end: TryEnd) {
        self.events.tries[end as usize].inc();
    }

    /// An event that was delivered at the first try, `lag` after it had been published.
    pub fn delivered_at_first_try(&self, lag: Duration) {
        self.events.delivery_lag.observe(lag.as_secs_f64());
    }
}
