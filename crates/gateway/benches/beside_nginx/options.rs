//! What is measured, and how long: what the environment says.

use std::time::Duration;

use anyhow::{Context as _, bail};

/// What figures are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What one gateway by itself holds in memory.
    Memory,
    /// How long it takes to start.
    Start,
    /// CPU time a call, beside nginx and nginx with Lua.
    Cpu,
    /// CPU time a call with many tenants.
    Tenants,
    /// The latency added to a direct call.
    Latency,
    /// What the first call of a tenant costs.
    FirstCall,
    /// What traces cost.
    Telemetry,
}

impl Part {
    /// In the order in which they are measured: what must be alone comes first.
    const ALL: [(&str, Self); 7] = [
        ("memory", Self::Memory),
        ("start", Self::Start),
        ("cpu", Self::Cpu),
        ("tenants", Self::Tenants),
        ("latency", Self::Latency),
        ("first-call", Self::FirstCall),
        ("telemetry", Self::Telemetry),
    ];
}

/// How the program was built: it does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Build {
    /// By `cargo build --release`.
    Plain,
    /// With a profile, as `.ci/release/run --pgo` does.
    Pgo,
}

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) warm_up: Duration,
    pub(super) slice: Duration,
    /// How long a proxy has behind a slice for what it does not do at once: a gateway gathers spans for a second.
    pub(super) settle: Duration,
    /// How long a slice lasts in which each tenant is looked up once more: as long as a gateway trusts what it remembers.
    pub(super) trusted: Duration,
    /// How many slices of each kind take turns.
    pub(super) rounds: usize,
    /// How many times what takes longer than a slice is done.
    pub(super) repeats: usize,
    /// Tenants in the store.
    pub(super) tenants: u32,
    /// How many of them are called.
    pub(super) in_use: u32,
    /// How many tenants' first calls are looked at in each repeat.
    pub(super) first_calls: u32,
    pub(super) starts: usize,
}

/// What the figures to reach are about.
const WHOLE: Scale = Scale {
    warm_up: Duration::from_secs(2),
    slice: Duration::from_secs(1),
    settle: Duration::from_millis(1_500),
    trusted: Duration::from_mins(1),
    rounds: 11,
    repeats: 3,
    tenants: 100_000,
    in_use: 10_000,
    first_calls: 60,
    starts: 11,
};

/// Shows that all of it works, and no more.
const QUICK: Scale = Scale {
    warm_up: Duration::from_millis(100),
    slice: Duration::from_millis(100),
    settle: Duration::from_millis(1_200),
    trusted: Duration::from_millis(500),
    rounds: 3,
    repeats: 1,
    tenants: 500,
    in_use: 60,
    first_calls: 5,
    starts: 2,
};

/// What was asked for.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) parts: Vec<Part>,
    pub(super) scale: Scale,
    pub(super) build: Build,
    /// How long a program is only to be driven.
    pub(super) train: Option<Duration>,
}

impl Options {
    pub(super) fn from_environment() -> anyhow::Result<Self> {
        let train = text("GROUPGATE_BENCH_TRAIN")?.map(|seconds| seconds.parse().map(Duration::from_secs));
        Ok(Self {
            parts: parts(text("GROUPGATE_BENCH_ONLY")?.as_deref())?,
            scale: if text("GROUPGATE_BENCH_QUICK")?.is_some() { QUICK } else { WHOLE },
            build: build(text("GROUPGATE_BENCH_BUILD")?.as_deref())?,
            train: train.transpose().context("GROUPGATE_BENCH_TRAIN is no number of seconds")?,
        })
    }
}

fn text(name: &str) -> anyhow::Result<Option<String>> {
    match std::env::var(name) {
        Err(std::env::VarError::NotPresent) => Ok(None),
        given => given.map(Some).context(name.to_owned()),
    }
}

/// The build of this name, the plain one where none is named.
fn build(name: Option<&str>) -> anyhow::Result<Build> {
    match name {
        None | Some("plain") => Ok(Build::Plain),
        Some("pgo") => Ok(Build::Pgo),
        Some(unknown) => bail!("GROUPGATE_BENCH_BUILD: there is no build {unknown:?}; there are plain, pgo"),
    }
}

/// The parts of these names, all of them where none is named.
fn parts(only: Option<&str>) -> anyhow::Result<Vec<Part>> {
    let Some(only) = only else {
        return Ok(Part::ALL.map(|(_, part)| part).into());
    };
    let names: Vec<&str> = only.split(',').map(str::trim).collect();
    if let Some(unknown) = names.iter().find(|name| !Part::ALL.iter().any(|(known, _)| known == *name)) {
        let known = Part::ALL.map(|(name, _)| name).join(", ");
        bail!("GROUPGATE_BENCH_ONLY: there is no part {unknown:?}; there are {known}");
    }
    Ok(Part::ALL.iter().filter(|(name, _)| names.contains(name)).map(|(_, part)| *part).collect())
}
