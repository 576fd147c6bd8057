#![doc = include_str!("../README.md")]

pub mod admin;
pub mod api;
pub mod app;
pub mod auth;
mod background;
mod bounds;
mod cache;
mod calls;
mod chance;
pub mod cli;
pub mod commands;
pub mod config;
pub mod console;
mod credentials;
pub mod deliveries;
pub mod egress;
pub mod events;
mod flights;
#[doc(hidden)]
pub mod fuzzing;
mod health;
pub mod limits;
mod mirror;
pub mod openapi;
pub mod operations;
pub mod picture;
mod ports;
mod serving;
mod start;
mod supervise;
pub mod telemetry;
mod tenant_batches;
pub mod tenants;
pub mod traces;
pub mod upstream;
pub mod version;
mod waiting_room;
