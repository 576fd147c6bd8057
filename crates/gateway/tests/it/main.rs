//! The gateway from outside: real HTTP, a real PostgreSQL, the sandbox in Meta's place. One binary, so that it links once.

// clippy's `allow-unwrap-in-tests` knows test functions, and not the helpers beside them.
#![allow(clippy::unwrap_used, clippy::expect_used)]
// A request's parameters are written with `json!` where they are sent.
#![allow(clippy::needless_pass_by_value)]

mod support;

mod admin;
mod authentication;
mod budget;
mod changes;
mod cli;
mod config;
mod conformance;
mod console;
mod custody;
mod deliveries;
mod deliveries_kill;
mod demo;
mod demo_kill;
mod dice;
mod documents;
mod egress;
mod event_kinds;
mod graph_face;
mod group_settings;
mod groups;
mod health;
mod hostile;
mod idempotency;
mod idempotency_kill;
mod inbox;
mod input;
mod invite_links;
mod invites;
mod isolation;
mod issuers;
mod join_requests;
mod limits;
mod log;
mod matrix;
mod messages;
mod metrics;
mod mirror;
mod numbers;
mod outages;
mod participants;
mod privacy;
mod program;
mod pull;
mod retries;
mod rpc;
mod shared_limits;
mod templates;
mod tokens;
mod traces;
mod webhooks;
mod whoami;
