//! What this replica holds: its caches, its queues, its connections to PostgreSQL. Read where it is when somebody looks.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use tenant_store::Connections;
use tokio::sync::mpsc;

use super::{Metrics, gauge};
use crate::auth::Authenticator;
use crate::health::Health;
use crate::operations::Services;

/// A cache at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CacheFigures {
    /// Its name.
    pub(crate) cache: &'static str,
    /// How many entries it has.
    pub(crate) entries: usize,
    /// How often it had what was looked up.
    pub(crate) hits: u64,
    /// How often it did not.
    pub(crate) misses: u64,
    /// How often it had what should have been looked at anew, and was used since the store is away.
    pub(crate) stale: u64,
}

/// A bounded queue in memory at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QueueFigures {
    /// Its name.
    pub(crate) queue: &'static str,
    /// How many entries it has.
    pub(crate) entries: usize,
    /// How many it can have.
    pub(crate) capacity: usize,
}

impl QueueFigures {
    /// Of the queue that this sends into.
    pub(crate) fn of<T>(queue: &'static str, sender: &mpsc::Sender<T>) -> Self {
        let capacity = sender.max_capacity();
        Self { queue, entries: capacity - sender.capacity(), capacity }
    }
}

/// The parts that tell of themselves, as soon as there are any. Nothing is kept alive by it.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing(Arc<OnceLock<Parts>>);

struct Parts {
    services: Weak<Services>,
    authenticator: Weak<Authenticator>,
    health: Weak<Health>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Shows how these stand from now on. There is one of each in a process's life.
    pub(crate) fn show(&self, services: &Arc<Services>, authenticator: &Arc<Authenticator>, health: &Arc<Health>) {
        self.standing.0.get_or_init(|| Parts {
            services: Arc::downgrade(services),
            authenticator: Arc::downgrade(authenticator),
            health: Arc::downgrade(health),
        });
    }
}

impl Collector for Standing {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(parts) = self.0.get() else { return Ok(()) };
        let parts = (parts.services.upgrade(), parts.authenticator.upgrade(), parts.health.upgrade());
        let (Some(services), Some(authenticator), Some(health)) = parts else { return Ok(()) };
        caches(&mut encoder, &[services.caches(), authenticator.caches()].concat())?;
        queues(&mut encoder, &[services.queues(), authenticator.queues()].concat())?;
        database(&mut encoder, health.database_is_up(), services.store.connections())
    }
}

fn caches(encoder: &mut DescriptorEncoder<'_>, all: &[CacheFigures]) -> fmt::Result {
    let help = "Look-ups in caches: hit, miss (PostgreSQL or Meta is asked, or a signature is checked), stale (used beyond its time, since PostgreSQL is away).";
    let mut family = encoder.encode_descriptor("groupgate_cache_lookups", help, None, MetricType::Counter)?;
    for figures in all {
        for (result, count) in [("hit", figures.hits), ("miss", figures.misses), ("stale", figures.stale)] {
            let labels = [("cache", figures.cache), ("result", result)];
            ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
        }
    }
    let entries = all.iter().map(|figures| (figures.cache, figures.entries));
    by(encoder, "groupgate_cache_entries", "Entries in caches.", "cache", entries)
}

fn queues(encoder: &mut DescriptorEncoder<'_>, all: &[QueueFigures]) -> fmt::Result {
    let entries = all.iter().map(|figures| (figures.queue, figures.entries));
    let help =
        "Entries in queues in memory. What does not fit into a full one is dropped; of nonces, the call is refused.";
    by(encoder, "groupgate_queue_entries", help, "queue", entries)?;
    let capacities = all.iter().map(|figures| (figures.queue, figures.capacity));
    by(encoder, "groupgate_queue_capacity", "How many entries queues in memory can have.", "queue", capacities)
}

fn database(encoder: &mut DescriptorEncoder<'_>, is_up: bool, connections: Connections) -> fmt::Result {
    let help = "1 while PostgreSQL answers; 0 where it has not for 4 seconds.";
    gauge(encoder, "groupgate_database_up", help, None, u64::from(is_up))?;
    let Connections { used, idle, most } = connections;
    let states = [("used", used), ("idle", idle)].map(|(state, count)| (state, count as usize));
    let help = "Connections of the pool to PostgreSQL, without the one that listens for changes.";
    by(encoder, "groupgate_database_connections", help, "state", states.into_iter())?;
    let help = "How many connections the pool may have.";
    gauge(encoder, "groupgate_database_connections_max", help, None, u64::from(most))
}

/// A gauge with a series for each value of one label.
fn by(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &str,
    series: impl Iterator<Item = (&'static str, usize)>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for (value, count) in series {
        ConstGauge::new(count as u64).encode(family.encode_family(&[(label, value)])?)?;
    }
    Ok(())
}
