//! A server that outlived the process that started it: found by its `postmaster.pid`, and ended.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::cluster::plain_environment;
use super::error::PrivateServerError;
use super::home::remove;

/// A fast shutdown (SIGINT) writes everything down and normally takes far less.
const FAST_SHUTDOWN: Duration = Duration::from_secs(5);

/// An immediate shutdown (SIGQUIT) leaves recovery to the next start; the postmaster itself kills its
/// children after five seconds
/// (<https://www.postgresql.org/docs/current/server-shutdown.html>).
const IMMEDIATE_SHUTDOWN: Duration = Duration::from_secs(7);

/// How often is looked whether the server is gone.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Ends the server that still runs on `cluster`, if there is one, and removes the trace of one that is gone.
///
/// To be called with the home's lock held: then no living process answers for such a server.
pub(super) fn end_server(cluster: &Path) -> Result<(), PrivateServerError> {
    let pid_file = cluster.join("postmaster.pid");
    let Some(pid) = recorded_pid(&pid_file) else {
        return Ok(());
    };
    if serves(pid, cluster) {
        tracing::warn!(pid, cluster = %cluster.display(), "ending a PostgreSQL server that a killed process left behind");
        end(pid, cluster)?;
    }
    // After a reboot the number may belong to another process, which PostgreSQL would take for its own kind.
    remove(&pid_file)
}

/// The first line of `postmaster.pid` is the postmaster's process ID.
fn recorded_pid(pid_file: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(pid_file).ok()?;
    text.lines().next()?.trim().parse().ok().filter(|pid| *pid > 1)
}

fn end(pid: u32, cluster: &Path) -> Result<(), PrivateServerError> {
    for (signal, patience) in [(Signal::SIGINT, FAST_SHUTDOWN), (Signal::SIGQUIT, IMMEDIATE_SHUTDOWN)] {
        let until = Instant::now() + patience;
        while Instant::now() < until {
            if !serves(pid, cluster) {
                return Ok(());
            }
            send(pid, signal);
            std::thread::sleep(LOOK_EVERY);
        }
    }
    let seconds = (FAST_SHUTDOWN + IMMEDIATE_SHUTDOWN).as_secs();
    Err(PrivateServerError::StillRunning { pid, seconds })
}

fn send(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        // It may be gone since it was looked at; the next look tells.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// Whether process `pid` is a postmaster on `cluster`: a postmaster's working directory is its cluster,
/// and its command line names it.
fn serves(pid: u32, cluster: &Path) -> bool {
    let process = Path::new("/proc").join(pid.to_string());
    if Path::new("/proc/self").exists() {
        return std::fs::read_link(process.join("cwd")).is_ok_and(|directory| directory == cluster);
    }
    let mut ps = Command::new("ps");
    ps.args(["-o", "command=", "-p", &pid.to_string()]).stdin(Stdio::null());
    plain_environment(&mut ps)
        .output()
        .is_ok_and(|listed| String::from_utf8_lossy(&listed.stdout).contains(&*cluster.to_string_lossy()))
}
