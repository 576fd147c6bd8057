//! What lies in PostgreSQL, for all replicas alike: read by a loop, and never by who looks at the metrics, so that nobody
//! who looks often makes work.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;
use tenant_store::{DeliveryBacklog, EventBacklog, NumberActivity, Store, StoreError, Upkeep};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep, timeout};

use super::Pulse;

/// How often it is read.
const ROUND: Duration = Duration::from_secs(10);
/// How long reading it may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it is shown: a figure that nobody could read for so long would be believed and wrong.
const FRESH: Duration = Duration::from_mins(1);

/// The last look, as all clones show it.
#[derive(Debug, Clone, Default)]
pub(super) struct Latest(Arc<RwLock<Option<Look>>>);

/// What was seen at once.
#[derive(Debug)]
struct Look {
    at: Instant,
    events: EventBacklog,
    deliveries: DeliveryBacklog,
    upkeep: Upkeep,
}

impl Latest {
    /// Looks every few seconds, for ever.
    pub(super) async fn keep(&self, store: &Store, pulse: &Pulse) {
        loop {
            match timeout(PATIENCE, Look::take(store)).await {
                Ok(Ok(look)) => {
                    *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(look);
                    pulse.succeeded();
                }
                Ok(Err(error)) => tracing::warn!(%error, "the metrics of what is open could not be read"),
                Err(_) => tracing::warn!(?PATIENCE, "the metrics of what is open could not be read in time"),
            }
            sleep(ROUND).await;
        }
    }
}

impl Look {
    async fn take(store: &Store) -> Result<Self, StoreError> {
        let at = Instant::now();
        let (events, deliveries) = (store.event_backlog().await?, store.delivery_backlog().await?);
        Ok(Self { at, events, deliveries, upkeep: store.upkeep().await? })
    }
}

impl Collector for Latest {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let latest = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match latest.as_ref().filter(|look| look.at.elapsed() < FRESH) {
            Some(look) => look.write(&mut Gauges(encoder)),
            None => Ok(()),
        }
    }
}

impl Look {
    fn write(&self, gauges: &mut Gauges<'_>) -> fmt::Result {
        let Self { events, deliveries, upkeep, .. } = self;
        gauges.count("groupgate_deliveries_open", "Deliveries that are not done and not dead.", deliveries.open)?;
        gauges.age(
            "groupgate_oldest_undelivered_event_age",
            "Since the event of the oldest open delivery was queued; 0 where none is open.",
            deliveries.oldest_enqueued_at,
        )?;
        gauges.count(
            "groupgate_events_unrouted",
            "Events of known tenants that are committed and not yet published.",
            events.unrouted,
        )?;
        gauges.age(
            "groupgate_oldest_unrouted_event_age",
            "Since the oldest of these was committed; 0 where there is none.",
            events.oldest_unrouted_at,
        )?;
        gauges.count(
            "groupgate_events_of_unknown_numbers",
            "Events kept for numbers and accounts that no tenant has.",
            events.of_unknown_numbers,
        )?;
        gauges.count("groupgate_endpoints_disabled", "Endpoints that are disabled.", deliveries.endpoints_disabled)?;
        gauges.upkeep(upkeep)?;
        gauges.last_group_events(&events.numbers)
    }
}

/// Writes gauges.
struct Gauges<'a>(DescriptorEncoder<'a>);

impl Gauges<'_> {
    fn count(&mut self, name: &str, help: &str, count: i64) -> fmt::Result {
        let gauge = ConstGauge::new(count);
        gauge.encode(self.0.encode_descriptor(name, help, None, MetricType::Gauge)?)
    }

    fn age(&mut self, name: &str, help: &str, since: Option<OffsetDateTime>) -> fmt::Result {
        let age = since.map_or(0.0, |since| (OffsetDateTime::now_utc() - since).as_seconds_f64());
        // PostgreSQL's clock may be ahead of ours.
        let gauge = ConstGauge::new(age.max(0.0));
        gauge.encode(self.0.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Gauge)?)
    }

    fn upkeep(&mut self, upkeep: &Upkeep) -> fmt::Result {
        let open = "Asynchronous changes whose outcome is not known yet, counted up to 100,000.";
        self.count("groupgate_changes_open", open, upkeep.changes_open)?;
        let oldest = "Since the oldest of these was made; 0 where there is none.";
        self.age("groupgate_oldest_open_change_age", oldest, upkeep.oldest_change_at)?;
        let refused = "Tokens of tenants that Meta refuses; of tenants that are not suspended.";
        self.count("groupgate_credentials_refused", refused, upkeep.credentials_refused)?;
        let expiring = "Tokens of such tenants that end within 7 days.";
        self.count("groupgate_credentials_expiring", expiring, upkeep.credentials_expiring)?;
        let ahead = "For how many days from tomorrow on PostgreSQL has a partition for events; 7 where all is well.";
        self.count("groupgate_event_partitions_ahead_days", ahead, upkeep.partitions_ahead.into())
    }

    fn last_group_events(&mut self, numbers: &[NumberActivity]) -> fmt::Result {
        let (name, unit) = ("groupgate_number_last_group_event_timestamp", Some(&Unit::Seconds));
        let help = "When Meta last told of a number's groups, in Unix time; of the first 5,000 numbers by their ID.";
        let mut encoder = self.0.encode_descriptor(name, help, unit, MetricType::Gauge)?;
        for number in numbers {
            let labels = [
                ("cust_space_id", number.cust_space_id.as_str()),
                ("phone_number_id", number.phone_number_id.as_str()),
            ];
            let gauge = ConstGauge::new(number.last_group_event_at.unix_timestamp());
            gauge.encode(encoder.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::*;

    fn shown(at: Instant) -> String {
        let number = NumberActivity {
            cust_space_id: "cams-8c8pdv".to_owned(),
            phone_number_id: "100000000000001".to_owned(),
            last_group_event_at: OffsetDateTime::UNIX_EPOCH,
        };
        let ahead_of_us = OffsetDateTime::now_utc() + Duration::from_mins(1);
        let events = EventBacklog {
            unrouted: 7,
            oldest_unrouted_at: Some(ahead_of_us),
            of_unknown_numbers: 0,
            numbers: vec![number],
        };
        let oldest = Some(OffsetDateTime::now_utc() - Duration::from_hours(1));
        let deliveries = DeliveryBacklog { open: 2, in_flight: 1, oldest_enqueued_at: oldest, endpoints_disabled: 0 };
        let upkeep = Upkeep {
            changes_open: 3,
            oldest_change_at: None,
            credentials_refused: 1,
            credentials_expiring: 2,
            partitions_ahead: 7,
        };
        let latest = Latest(Arc::new(RwLock::new(Some(Look { at, events, deliveries, upkeep }))));
        let (mut registry, mut text) = (Registry::default(), String::new());
        registry.register_collector(Box::new(latest));
        encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn what_was_seen_is_shown_with_its_age_at_this_moment() {
        let text = shown(Instant::now());
        for line in [
            "groupgate_deliveries_open 2",
            "groupgate_oldest_undelivered_event_age_seconds 3600.",
            "groupgate_events_unrouted 7",
            "groupgate_oldest_unrouted_event_age_seconds 0.0\n",
            "groupgate_changes_open 3\n",
            "groupgate_oldest_open_change_age_seconds 0.0\n",
            "groupgate_credentials_refused 1\n",
            "groupgate_credentials_expiring 2\n",
            "groupgate_event_partitions_ahead_days 7\n",
            "groupgate_number_last_group_event_timestamp_seconds{cust_space_id=\"cams-8c8pdv\",phone_number_id=\"100000000000001\"} 0\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }

    #[test]
    fn what_nobody_could_read_for_a_minute_is_not_shown_any_more() {
        let long_ago = Instant::now().checked_sub(FRESH).unwrap();
        assert_eq!(shown(long_ago), "# EOF\n");
    }
}
