//! Looking at processes from outside, and waiting for what is to become true.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpgid};

/// Waits until `holds` is true, and fails the test after 20 s.
pub(super) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_mins(1);
    while !holds() {
        assert!(Instant::now() < until, "this did not come true within a minute: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The processes that work in `cluster` or name it in their command line: supervisor, postmaster, backends.
/// Each begins with its process ID.
pub(super) fn processes_on(cluster: &Path) -> Vec<String> {
    let name = cluster.to_str().unwrap();
    let mut listed = command_lines();
    listed.retain(|line| line.contains(name) || works_in(line, cluster));
    listed
}

/// `PID COMMAND` of every process: out of `/proc`, or by `ps` where there is none.
fn command_lines() -> Vec<String> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        let listed = std::process::Command::new("ps").args(["-eo", "pid=,args="]).output().unwrap();
        return String::from_utf8_lossy(&listed.stdout).lines().map(|line| line.trim().to_owned()).collect();
    };
    let command_line = |process: std::fs::DirEntry| {
        let pid: u32 = process.file_name().to_str()?.parse().ok()?;
        let arguments = std::fs::read(process.path().join("cmdline")).ok()?;
        Some(format!("{pid} {}", String::from_utf8_lossy(&arguments).replace('\0', " ")))
    };
    entries.flatten().filter_map(command_line).collect()
}

fn works_in(line: &str, cluster: &Path) -> bool {
    let pid = line.split(' ').next().unwrap_or_default();
    std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|directory| directory == cluster)
}

/// Kills one process the hard way.
pub(super) fn sigkill(pid: u32) {
    kill(pid_of(pid), Signal::SIGKILL).unwrap();
}

/// Kills a process and everything in its process group at once.
pub(super) fn sigkill_group(pid: u32) {
    let group = getpgid(Some(pid_of(pid))).unwrap();
    kill(Pid::from_raw(-group.as_raw()), Signal::SIGKILL).unwrap();
}

/// The leader of the process group: for a postmaster its supervisor.
pub(super) fn group_leader(pid: u32) -> u32 {
    getpgid(Some(pid_of(pid))).unwrap().as_raw().try_into().unwrap()
}

/// The user that a process runs as, by number.
pub(super) fn user_of(pid: u32) -> u32 {
    let listed = std::fs::metadata(format!("/proc/{pid}")).map(|process| process.uid());
    listed.unwrap_or_else(|_| {
        let listed = std::process::Command::new("ps").args(["-o", "uid=", "-p", &pid.to_string()]).output().unwrap();
        String::from_utf8_lossy(&listed.stdout).trim().parse().unwrap()
    })
}

fn pid_of(pid: u32) -> Pid {
    Pid::from_raw(pid.try_into().unwrap())
}
