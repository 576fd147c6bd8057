//! The time that processes spend on cores.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

/// The CPU time of a process and of its children that live, to the nanosecond.
pub(crate) fn family_time(pid: u32) -> anyhow::Result<Duration> {
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
pub(crate) fn process_time(pid: u32) -> anyhow::Result<Duration> {
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
