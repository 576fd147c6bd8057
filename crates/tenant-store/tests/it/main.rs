//! What tenant-store promises, tried on a real PostgreSQL in the gateway's own role.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails where it stands")]
#![expect(clippy::print_stdout, reason = "a test says what it could not try")]

mod access_keys;
mod attention;
mod audit;
mod calls;
mod changes;
mod console_sessions;
mod credentials;
mod custody;
mod deliveries;
mod erasing;
mod events;
mod feed;
mod group_list;
mod groups;
mod held_events;
mod helpers;
mod idempotency;
mod isolation;
mod issuers;
mod limits;
mod master_keys;
mod migrating;
mod mirrors;
mod nonces;
mod notifications;
mod onboardings;
mod partitions;
mod private_server;
mod races;
mod reducer;
mod rolling_back;
mod rotating;
mod schema;
mod signing_keys;
mod store;
mod tenant_list;
mod tenants;
mod told_settings;
mod traffic;
mod unknown_numbers;
mod upgrading;
mod upkeep;
mod upstream_objects;
