//! The administrator's API.

mod audit;
mod audited;
mod calls;
mod credentials;
mod endpoints;
mod events;
mod first_link;
mod grants;
mod idempotency;
mod keys;
mod limits;
mod numbers;
mod onboarding;
mod powers;
mod preconditions;
mod problems;
mod replaced_tokens;
mod status;
mod tenants;
