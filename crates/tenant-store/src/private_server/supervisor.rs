//! The supervisor: a small shell process that starts the server and ends it when we are gone.
//!
//! It holds one end of a pipe whose other end is ours alone. The system closes ours when this process
//! ends, also by SIGKILL, and the supervisor then ends the server. It leads a process group of its own,
//! so that Ctrl-C in the terminal reaches us and not the server.

use std::io::{BufRead as _, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::account::drop_to;
use super::binaries::Binaries;
use super::cluster::plain_environment;
use super::error::PrivateServerError;
use super::home::Home;
use super::leftover;

const SCRIPT: &str = include_str!("supervisor.sh");

/// How long the server may take to become ready; recovery after a crash is part of it.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// How long a start is tried again whose obstacle goes away by itself.
const RETRY_WITHIN: Duration = Duration::from_secs(15);

/// How long the supervisor may take: two seconds of fast shutdown, then PostgreSQL's own five seconds
/// of immediate shutdown, and some air.
const STOP_WITHIN: Duration = Duration::from_secs(10);

const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Settings of every private server; the rest is PostgreSQL's default.
const SETTINGS: [&str; 6] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "password_encryption=scram-sha-256",
    "max_connections=200",
    "timezone=UTC",
    "log_timezone=UTC",
];

/// For data that nobody misses: no waiting for the disk.
const NOT_DURABLE: [&str; 3] = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

/// What becomes of the data when the server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Afterwards {
    /// It stays for the next start.
    Keep,
    /// The server's whole directory is removed.
    Remove,
}

/// A running server, with its supervisor.
#[derive(Debug)]
pub(super) struct Supervised {
    shell: Child,
    cluster: PathBuf,
    pub(super) pid: u32,
    pub(super) port: u16,
}

impl Supervised {
    /// Starts the server and waits until it takes connections.
    ///
    /// A port that somebody else was quicker to take, and shared memory that the last processes of a
    /// killed server still hold, are tried again.
    pub(super) fn start(
        home: &Home,
        binaries: &Binaries,
        durable: bool,
        afterwards: Afterwards,
    ) -> Result<Self, PrivateServerError> {
        let until = Instant::now() + RETRY_WITHIN;
        loop {
            match Self::attempt(home, binaries, durable, afterwards) {
                Err(error) if passes(&error) && Instant::now() < until => {
                    std::thread::sleep(LOOK_EVERY * 10);
                }
                outcome => return outcome,
            }
        }
    }

    fn attempt(
        home: &Home,
        binaries: &Binaries,
        durable: bool,
        afterwards: Afterwards,
    ) -> Result<Self, PrivateServerError> {
        let port = free_port()?;
        let mut command = supervisor(home, afterwards);
        command.arg(binaries.program("postgres")).arg("-D").arg(home.cluster());
        for setting in SETTINGS.iter().chain(NOT_DURABLE.iter().filter(|_| !durable)) {
            command.args(["-c", setting]);
        }
        command.args(["-c", &format!("port={port}")]);
        let shell_failed = |source| PrivateServerError::io("run", Path::new("/bin/sh"))(source);
        let mut shell = command
            .stderr(home.create_private(&home.log())?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(shell_failed)?;
        let (pid, server) = follow(shell.stdout.take()).map_err(shell_failed)?;
        Self { shell, cluster: home.cluster(), pid, port }.ready(&server, &home.log())
    }

    /// Waits for the status line that a postmaster writes into `postmaster.pid`, as `pg_ctl` does.
    fn ready(mut self, server: &Receiver<()>, log: &Path) -> Result<Self, PrivateServerError> {
        let pid_file = self.cluster.join("postmaster.pid");
        let until = Instant::now() + READY_WITHIN;
        while Instant::now() < until {
            if server.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Disconnected) {
                // The supervisor has nothing left to end; without this it would also remove the directory.
                let _ = self.shell.kill();
                let _ = self.shell.wait();
                return Err(failed_start("it ended at once".to_owned(), log));
            }
            if is_ready(&std::fs::read_to_string(&pid_file).unwrap_or_default(), self.pid) {
                return Ok(self);
            }
        }
        Err(failed_start(format!("it was not ready within {} s", READY_WITHIN.as_secs()), log))
    }

    /// Ends the server and waits until it is gone.
    pub(super) fn stop(mut self) -> Result<(), PrivateServerError> {
        drop(self.shell.stdin.take());
        let until = Instant::now() + STOP_WITHIN;
        while matches!(self.shell.try_wait(), Ok(None)) {
            if Instant::now() > until {
                return Err(PrivateServerError::StillRunning { pid: self.pid, seconds: STOP_WITHIN.as_secs() });
            }
            std::thread::sleep(LOOK_EVERY);
        }
        // Where somebody killed the supervisor, the server is still there.
        leftover::end_server(&self.cluster)
    }
}

/// The supervisor's command, up to the server's own.
fn supervisor(home: &Home, afterwards: Afterwards) -> Command {
    let (signal, remove) = match afterwards {
        Afterwards::Keep => ("INT", Path::new("")),
        Afterwards::Remove => ("QUIT", home.directory()),
    };
    let mut command = Command::new("/bin/sh");
    command.args(["-c", SCRIPT, "supervisor", signal]).arg(remove).current_dir("/").process_group(0);
    drop_to(plain_environment(&mut command), home.account());
    command
}

/// The server's process ID, and a receiver that is disconnected when the server has ended.
fn follow(output: Option<ChildStdout>) -> std::io::Result<(u32, Receiver<()>)> {
    let mut output = BufReader::new(output.ok_or_else(|| std::io::Error::other("no standard output"))?);
    let mut line = String::new();
    output.read_line(&mut line)?;
    let pid = line.trim().parse().map_err(std::io::Error::other)?;
    let (alive, server) = channel();
    std::thread::Builder::new().name("private-postgres".to_owned()).spawn(move || {
        let _alive = alive;
        let _ = output.read_to_end(&mut Vec::new());
    })?;
    Ok((pid, server))
}

/// A port of the loopback address that was free a moment ago.
fn free_port() -> Result<u16, PrivateServerError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(PrivateServerError::io("find a free port on", Path::new("127.0.0.1")))
}

/// `postmaster.pid`: the process ID in the first line, the status in the eighth
/// (`src/include/utils/pidfile.h` of PostgreSQL).
fn is_ready(pid_file: &str, pid: u32) -> bool {
    let mut lines = pid_file.lines().map(str::trim);
    lines.next() == Some(&pid.to_string()) && lines.nth(6) == Some("ready")
}

fn failed_start(reason: String, log: &Path) -> PrivateServerError {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    let log_tail = lines[lines.len().saturating_sub(15)..].join("\n");
    PrivateServerError::Start { reason, log: log.to_owned(), log_tail }
}

/// Whether what stopped the server from starting goes away by itself.
fn passes(error: &PrivateServerError) -> bool {
    let PrivateServerError::Start { log_tail, .. } = error else {
        return false;
    };
    ["Address already in use", "pre-existing shared memory block"].iter().any(|known| log_tail.contains(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PID_FILE: &str = "4711\n/cluster\n1700000000\n5432\n\n127.0.0.1\n  1234  5\nready   \n";

    #[test]
    fn a_server_is_ready_when_its_own_pid_file_says_so() {
        assert!(is_ready(PID_FILE, 4711));
        assert!(!is_ready(&PID_FILE.replace("ready   ", "starting"), 4711));
        assert!(!is_ready("4711\n/cluster\n", 4711));
    }

    #[test]
    fn the_pid_file_of_an_earlier_server_does_not_count() {
        assert!(!is_ready(PID_FILE, 42));
    }

    #[test]
    fn only_obstacles_that_pass_are_tried_again() {
        let error = |log_tail: &str| PrivateServerError::Start {
            reason: String::new(),
            log: PathBuf::new(),
            log_tail: log_tail.to_owned(),
        };
        assert!(passes(&error("could not bind IPv4 address \"127.0.0.1\": Address already in use")));
        assert!(passes(&error("FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use")));
        assert!(!passes(&error("FATAL:  data directory has wrong ownership")));
    }
}
