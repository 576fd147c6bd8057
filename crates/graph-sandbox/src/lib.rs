#![doc = include_str!("../README.md")]

mod app;
mod clock;
mod control;
mod courier;
mod engine;
mod error;
mod faults;
mod graph;
mod hook;
mod http;
mod ids;
mod media_files;
mod nature;
pub mod openapi;
mod persist;
mod request_log;
mod seed;
mod server;
mod settings;
mod state;

pub use error::SandboxError;
pub use seed::{
    DEMO_APPROVAL_GROUP_ID_1, DEMO_GROUP_ID_1, DEMO_GROUP_ID_2, DEMO_JOIN_REQUEST_ID_1, DEMO_JOIN_REQUEST_ID_2,
    DEMO_PARTICIPANT, DEMO_PHONE_NUMBER_ID_1, DEMO_PHONE_NUMBER_ID_2, DEMO_SECOND_PARTICIPANT, DEMO_SPARE_GROUP_ID_1,
    DEMO_SPARE_GROUP_ID_2, DEMO_TEMPLATE_NAME, DEMO_WABA_ID_1, DEMO_WABA_ID_2, Seed, SeedGroup, SeedJoinRequest,
    SeedNumber, SeedToken, SeedWaba,
};
pub use server::{RunningSandbox, start};
pub use settings::{DEFAULT_LATENCY, SandboxSettings};
