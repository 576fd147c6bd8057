#![doc = include_str!("../README.md")]

pub mod independent;
mod json;
pub mod request;
mod targets;

pub use targets::{TARGETS, Target};
