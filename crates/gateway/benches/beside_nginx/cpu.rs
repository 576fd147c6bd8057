//! Which core runs what.

use std::process::{Child, Command};

use anyhow::Context as _;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

const PROXY_CORE: usize = 0;
const LOAD_CORE: usize = 1;

/// Keeps this thread, and what it starts from now on, to the core of the load.
pub(super) fn pin_load() -> anyhow::Result<()> {
    pin_this_thread(LOAD_CORE).context("this measurement needs two cores")
}

/// Starts a process on the proxies' core.
pub(super) fn spawn_beside(command: &mut Command) -> anyhow::Result<Child> {
    pin_this_thread(PROXY_CORE)?;
    let spawned = command.spawn();
    pin_this_thread(LOAD_CORE)?;
    Ok(spawned?)
}

fn pin_this_thread(core: usize) -> anyhow::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core)?;
    sched_setaffinity(Pid::from_raw(0), &cores).with_context(|| format!("cannot move to core {core}"))
}
