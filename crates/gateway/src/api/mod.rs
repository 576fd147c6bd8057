//! The faces: each parses a request, calls one operation, and renders its answer. None has logic of its own.

pub mod admin;
mod admission;
mod body;
pub mod cams_rpc;
pub mod docs;
mod error;
pub mod events;
mod failures;
pub mod graph;
mod headers;
pub mod health;
pub mod metrics;
pub mod normalized;
pub mod oauth;
mod perform;
mod reading;
mod render;
pub(crate) mod starting;
mod track;
pub mod webhooks;
pub mod whoami;
mod worker;

pub(crate) use admission::count;
pub(crate) use body::read as read_body;
pub use error::ApiError;
pub use reading::READING;
pub use render::{method_not_allowed, not_found};
pub(crate) use render::{refused_by, request_id};
pub use track::track;
pub use worker::Worker;
