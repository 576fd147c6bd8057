#![doc = include_str!("../README.md")]

pub mod code;
pub mod envelope;
pub mod identifiers;
pub mod operation;
pub mod operations;
pub mod page;
pub mod parameters;
pub mod scope;
pub mod text;
mod value;
pub mod wait;
pub mod whoami;

pub use code::Code;
pub use operation::Operation;
pub use scope::{Scope, ScopeSet};
