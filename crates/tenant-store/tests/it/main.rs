//! What tenant-store promises, tried on a real PostgreSQL in the gateway's own role.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails where it stands")]
#![expect(clippy::print_stdout, reason = "a test says what it could not try")]

mod access_keys;
mod changes;
mod credentials;
mod erasing;
mod events;
mod group_list;
mod groups;
mod helpers;
mod idempotency;
mod isolation;
mod limits;
mod master_keys;
mod mirrors;
mod nonces;
mod notifications;
mod private_server;
mod races;
mod rotating;
mod schema;
mod signing_keys;
mod store;
mod tenants;
mod upstream_objects;
