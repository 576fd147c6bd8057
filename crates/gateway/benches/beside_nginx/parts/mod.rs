//! The parts of the measurement, a file each.

pub(crate) mod cpu;
pub(crate) mod first_call;
pub(crate) mod latency;
pub(crate) mod memory;
pub(crate) mod start;
pub(crate) mod telemetry;
pub(crate) mod tenants;
