//! Cores, and the time that processes spend on them.

use std::path::{Path, PathBuf};
use std::time::Duration;

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

/// The CPU time of a process and of its children that live, to the nanosecond.
pub(super) fn family_time(pid: u32) -> anyhow::Result<Duration> {
    let mut total = process_time(pid)?;
    for task in tasks(pid)? {
        for child in std::fs::read_to_string(task.join("children")).unwrap_or_default().split_whitespace() {
            total += process_time(child.parse()?)?;
        }
    }
    Ok(total)
}

/// The CPU time of a process alone: of each of its threads the first number of `schedstat`
/// (<https://docs.kernel.org/scheduler/sched-stats.html>).
pub(super) fn process_time(pid: u32) -> anyhow::Result<Duration> {
    tasks(pid)?.iter().map(|task| thread_time(task)).sum()
}

fn tasks(pid: u32) -> anyhow::Result<Vec<PathBuf>> {
    let tasks = Path::new("/proc").join(pid.to_string()).join("task");
    let entries = std::fs::read_dir(&tasks).with_context(|| format!("process {pid} is gone"))?;
    Ok(entries.map(|task| task.map(|task| task.path())).collect::<Result<_, _>>()?)
}

fn thread_time(task: &Path) -> anyhow::Result<Duration> {
    let file = task.join("schedstat");
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let nanoseconds = text.split_whitespace().next().context("an empty schedstat")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}
