//! What each command of the command line does, one file a command.

pub mod apply;
pub mod completions;
pub mod config;
pub mod credentials;
pub mod demo;
pub mod endpoints;
mod error;
pub mod events;
pub mod export;
pub mod groups;
pub mod health;
pub mod keys;
pub mod limits;
pub mod listen;
pub mod man;
pub(crate) mod memory;
pub mod migrate;
pub mod numbers;
pub mod openapi;
mod output;
pub mod sandbox;
pub mod secrets;
pub mod serve;
mod signals;
mod store;
pub mod tenants;

pub use error::CommandError;
