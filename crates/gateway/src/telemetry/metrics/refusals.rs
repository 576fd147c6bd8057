//! Calls that a limit of ours has refused.

use prometheus_client::registry::Registry;

use prometheus_client::metrics::counter::Counter;

use super::{Metrics, by_label};
use crate::limits::{Holder, Throttled};

/// Of each holder: on all calls, on those of each class, and on those in flight.
const OF_HOLDER: usize = 5;

/// Every limit, in the order of [`place`].
const LIMITS: [&str; 20] = [
    "key",
    "key_read",
    "key_write",
    "key_message",
    "key_in_flight",
    "tenant",
    "tenant_read",
    "tenant_write",
    "tenant_message",
    "tenant_in_flight",
    "number",
    "number_read",
    "number_write",
    "number_message",
    "number_in_flight",
    "tenant_fetches",
    "key_streams",
    "tenant_streams",
    "streams",
    "address_secrets",
];

/// A counter for each limit.
#[derive(Debug, Clone)]
pub(super) struct Refusals([Counter; LIMITS.len()]);

impl Refusals {
    /// All of them, at 0.
    pub(super) fn register(registry: &mut Registry) -> Self {
        Self(by_label(
            registry,
            "groupgate_limits_refused",
            "Calls refused by a limit: on the rate or the calls in flight of a key, a tenant or a number, of all calls or of a class; on fetches and streams at the same time; on wrong secrets of an address",
            "limit",
            LIMITS,
        ))
    }
}

impl Metrics {
    /// A call was refused by this limit.
    pub(crate) fn limit_refused(&self, throttled: Throttled) {
        self.refusals.0[place(throttled)].inc();
    }
}

fn place(throttled: Throttled) -> usize {
    match throttled {
        Throttled::Rate { holder, class, .. } => of(holder) + class.map_or(0, |class| class as usize + 1),
        Throttled::InFlight { holder, .. } => of(holder) + OF_HOLDER - 1,
        Throttled::Fetches => 15,
        Throttled::StreamsOfKey => 16,
        Throttled::StreamsOfTenant => 17,
        Throttled::Streams => 18,
        Throttled::Address(_) => 19,
    }
}

const fn of(holder: Holder) -> usize {
    match holder {
        Holder::Key => 0,
        Holder::Tenant => OF_HOLDER,
        Holder::Number => 2 * OF_HOLDER,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cams_api::Class;

    use super::*;

    #[test]
    fn every_limit_is_counted_under_its_own_name() {
        let wait = Duration::from_secs(1);
        let rate = |holder, class| Throttled::Rate { holder, class, wait };
        for (throttled, name) in [
            (rate(Holder::Key, None), "key"),
            (rate(Holder::Key, Some(Class::Message)), "key_message"),
            (Throttled::InFlight { holder: Holder::Key, class: Some(Class::Read) }, "key_in_flight"),
            (rate(Holder::Tenant, None), "tenant"),
            (rate(Holder::Tenant, Some(Class::Write)), "tenant_write"),
            (Throttled::InFlight { holder: Holder::Tenant, class: None }, "tenant_in_flight"),
            (rate(Holder::Number, Some(Class::Read)), "number_read"),
            (Throttled::InFlight { holder: Holder::Number, class: None }, "number_in_flight"),
            (Throttled::Fetches, "tenant_fetches"),
            (Throttled::StreamsOfKey, "key_streams"),
            (Throttled::StreamsOfTenant, "tenant_streams"),
            (Throttled::Streams, "streams"),
            (Throttled::Address(wait), "address_secrets"),
        ] {
            assert_eq!(LIMITS[place(throttled)], name);
        }
    }
}
