//! What the system says of this process, under the names that
//! [Prometheus' clients](https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics) agree upon. Linux tells it in
//! [`/proc`](https://man7.org/linux/man-pages/man5/proc.5.html); elsewhere it is not shown.

use std::fmt;
use std::fs;
use std::sync::LazyLock;
use std::time::Duration;

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage};
use nix::sys::time::TimeValLike as _;
use nix::unistd::{SysconfVar, sysconf};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::registry::Unit;

use super::gauge;

/// Tells of this process.
#[derive(Debug)]
pub(super) struct ProcessMetrics;

/// What `/proc/self` says of memory and threads.
#[derive(Debug, Default, PartialEq, Eq)]
struct Status {
    resident_bytes: u64,
    threads: u64,
}

impl Collector for ProcessMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        // Where there is no `/proc`, there is nothing of it to tell.
        let Some(status) = fs::read_to_string("/proc/self/status").ok().map(|text| Status::read(&text)) else {
            return Ok(());
        };
        if let Some(seconds) = cpu_seconds() {
            let help = "CPU time that the process has used, its own and the system's for it.";
            let unit = Some(&Unit::Seconds);
            let counter = encoder.encode_descriptor("process_cpu", help, unit, MetricType::Counter)?;
            ConstCounter::new(seconds).encode(counter)?;
        }
        let (name, help) = ("process_resident_memory", "Memory of the process that lies in RAM.");
        gauge(&mut encoder, name, help, Some(&Unit::Bytes), status.resident_bytes)?;
        gauge(&mut encoder, "process_threads", "Threads of the process.", None, status.threads)?;
        if let Some(open) = open_files() {
            gauge(&mut encoder, "process_open_fds", "File descriptors that are open: connections, too.", None, open)?;
        }
        if let Ok((most, _)) = getrlimit(Resource::RLIMIT_NOFILE) {
            gauge(&mut encoder, "process_max_fds", "How many file descriptors may be open.", None, most)?;
        }
        if let Some(started) = *STARTED {
            let help = "When the process was started, in Unix time.";
            gauge(&mut encoder, "process_start_time", help, Some(&Unit::Seconds), started)?;
        }
        Ok(())
    }
}

fn cpu_seconds() -> Option<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Some(Duration::from_micros(u64::try_from(microseconds).ok()?).as_secs_f64())
}

impl Status {
    fn read(text: &str) -> Self {
        let number = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name))?;
            value.split_whitespace().next()?.parse::<u64>().ok()
        };
        Self {
            resident_bytes: number("VmRSS:").unwrap_or_default() * 1024,
            threads: number("Threads:").unwrap_or_default(),
        }
    }
}

/// Since Linux 6.2 the directory's size is their number; before, they are counted.
fn open_files() -> Option<u64> {
    const PLACE: &str = "/proc/self/fd";
    match fs::metadata(PLACE).ok()?.len() {
        // The one that it is read by is among them.
        0 => Some((fs::read_dir(PLACE).ok()?.count() as u64).saturating_sub(1)),
        open => Some(open),
    }
}

/// When this process was started, in Unix seconds: so many ticks after the system was.
static STARTED: LazyLock<Option<u64>> = LazyLock::new(|| {
    let ticks = ticks_at_start(&fs::read_to_string("/proc/self/stat").ok()?)?;
    let per_second = u64::try_from(sysconf(SysconfVar::CLK_TCK).ok()??).ok().filter(|ticks| *ticks > 0)?;
    let system = fs::read_to_string("/proc/stat").ok()?;
    let booted = system.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse::<u64>().ok()?;
    Some(booted + ticks / per_second)
});

/// The 22nd field. The second is the program's name, in which anything may stand.
fn ticks_at_start(stat: &str) -> Option<u64> {
    let (_, behind_the_name) = stat.rsplit_once(") ")?;
    behind_the_name.split(' ').nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn what_proc_says_is_read() {
        let text = "Name:\tgroup gate\nVmRSS:\t   10240 kB\nRssAnon:\t 1 kB\nThreads:\t7\n";
        assert_eq!(Status::read(text), Status { resident_bytes: 10_485_760, threads: 7 });
        assert_eq!(Status::read(""), Status::default());
    }

    #[test]
    fn a_name_with_brackets_and_blanks_does_not_hide_the_start() {
        let stat = format!("12 (a) b (c) S {}4711 9 9", "0 ".repeat(18));
        assert_eq!(ticks_at_start(&stat), Some(4711));
        assert_eq!(ticks_at_start("12 (a"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_was_started_a_while_ago_and_has_files_open_and_used_time() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let started = Duration::from_secs(STARTED.unwrap());
        // The system's start is told in whole seconds.
        assert!(started <= now + Duration::from_secs(2) && now < started + Duration::from_hours(24), "{started:?}");
        assert!(open_files().unwrap() >= 3);
        assert!(cpu_seconds().unwrap() > 0.0);
    }
}
