//! The console over HTTP: who is let in, and what keeps others out.

mod endpoints;
mod home;
mod keys;
mod numbers;
mod onboarding;
mod records;
mod security;
mod signing_in;
mod status;
mod tenants;
