//! The client against servers in process that answer as Graph does, and as it should not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod calls;
mod connections;
mod deadlines;
mod failures;
mod forward;
mod group_events;
mod hostile_payloads;
mod join_requests;
mod message_events;
mod messages;
mod onboarding;
mod participants;
mod refusals;
mod requests;
mod rested;
mod retries;
mod settings;
mod support;
mod tls;
