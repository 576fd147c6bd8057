//! All work across tenants: the only calls of the definer functions in `migrations/0004_across_tenants.sql` and the
//! migrations after it.
//! Everything else in this crate runs in one tenant's [`crate::Space`].

use std::time::Duration;

use sqlx::postgres::types::PgInterval;

mod administration;
mod attention;
mod calls;
mod changes;
mod credentials;
mod data_keys;
mod deliveries;
mod events;
mod keys;
mod objects;
mod retention;
mod routing;
mod tenants;
mod upkeep;

pub(crate) use administration::{hold_idempotency_key, list_audit_log, list_replicas, replica_seen};
pub(crate) use attention::{
    credentials_in_trouble, deliveries_in_trouble, endpoints_in_trouble, failed_onboardings, numbers_in_trouble,
    throttled_tenants, unknown_number_backlog,
};
pub(crate) use calls::{CountedCalls, RecordedCalls, drop_old_calls, record_calls, traffic_by_hour, traffic_by_tenant};
pub(crate) use changes::{abandoned_changes, claim_stale_changes, settled_changes};
pub(crate) use credentials::{claim_credential_checks, record_credential_check, tell_of_credential};
pub(crate) use data_keys::{RewrappedKey, await_data_keys, list_data_keys, master_keys_in_use, rewrap_data_keys};
pub(crate) use deliveries::{
    ClaimedRow, RecordedEnd, ReplayWindow, Replayable, SealedEndpoint, claim_deliveries, claimed_endpoints,
    delivery_backlog, disable_endpoint, enable_endpoint, end_stopped_deliveries, erase_deliveries,
    erase_ended_deliveries, pause_endpoints, record_tries, release_claims, release_dead_claims, remove_endpoint,
    replay_deliveries, replayable_events, replayable_failures, send_test,
};
pub(crate) use events::{
    announce_unknown_numbers, find_event, keep_malformed, last_sequences, number_activity, receive_traced_events,
    traces_of_events, unrouted_backlog, unrouted_events,
};
pub(crate) use keys::{SealedPreviousSecret, forget_old_keys, forget_old_nonces, open_access_key, spend_nonce};
pub(crate) use objects::{claim_mirrors, forget_old_media, owners_of_object};
pub(crate) use retention::{
    drop_old_partition, erase_events, forget_old_fingerprints, hold_events, make_missing_partitions,
};
pub(crate) use routing::{
    Published, QueuedEvent, adopt_events, adopt_strays, claim_events, claim_tenants, publish_events,
};
pub(crate) use tenants::{ResolvedTenant, SealedCredential, find_tenants, list_tenants, numbers_of_group, open_tenant};
pub(crate) use upkeep::upkeep;

/// As PostgreSQL takes it; what is too long for it is as long as it can be.
pub(crate) fn interval(duration: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX) }
}
