#![doc = include_str!("../README.md")]

pub mod class;
pub mod code;
mod distinct;
pub mod envelope;
pub mod events;
pub mod idempotency;
pub mod identifiers;
pub mod instant;
pub mod join_requests;
pub mod messages;
pub mod operation;
pub mod operations;
pub mod page;
pub mod parameters;
pub mod participants;
pub mod picture;
pub mod privacy;
pub mod pull;
pub mod scope;
pub mod signatures;
pub mod text;
mod value;
pub mod wait;
pub mod whoami;

pub use class::Class;
pub use code::Code;
pub use operation::Operation;
pub use scope::{Scope, ScopeSet};
