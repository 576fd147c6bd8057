//! Which core runs what.

use anyhow::Context as _;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

/// Keeps this thread, and what it starts from now on, to one core.
pub(super) fn pin_this_thread(core: usize) -> anyhow::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core)?;
    sched_setaffinity(Pid::from_raw(0), &cores).with_context(|| format!("cannot move to core {core}"))
}

/// Runs `start`, whose processes stay on `core`; this thread comes back to `home`.
pub(super) fn on_core<T>(core: usize, home: usize, start: impl FnOnce() -> T) -> anyhow::Result<T> {
    pin_this_thread(core)?;
    let started = start();
    pin_this_thread(home)?;
    Ok(started)
}
