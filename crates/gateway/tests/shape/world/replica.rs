//! One gateway, as a process of its own that can be stopped, killed and started again.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::program::{free_port, groupgate};
use crate::support::{eventually, http_client};

/// The real program, its port and its log, which its lives share.
pub(crate) struct Replica {
    pub(crate) port: u16,
    metrics_port: u16,
    log: PathBuf,
    environment: Vec<(String, String)>,
    process: Option<Child>,
    http: awc::Client,
}

impl Replica {
    /// One that does not run yet.
    pub(super) fn new(nth: usize, directory: &Path, environment: &[(&str, &str)]) -> Self {
        let (port, metrics_port) = (free_port(), free_port());
        let bind = [("GROUPGATE_BIND", port), ("GROUPGATE_METRICS_BIND", metrics_port)];
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let own = bind.map(|(name, port)| (name.to_owned(), format!("127.0.0.1:{port}")));
        Self {
            port,
            metrics_port,
            log: directory.join(format!("replica-{nth}.log")),
            environment: environment.chain(own).collect(),
            process: None,
            http: http_client(),
        }
    }

    /// Gives it a life, which need not be ready yet.
    pub(crate) fn start(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let environment: Vec<_> =
            self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let log: File = OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        let mut command = groupgate(&["serve"], &environment);
        self.process = Some(command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap());
    }

    /// Sends it a signal, unless its life has ended: then its process may be anybody's.
    pub(crate) fn signal(&mut self, signal: Signal) {
        if self.lives() {
            kill(Pid::from_raw(self.id().try_into().unwrap()), signal).unwrap();
        }
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// Waits until its life has ended, by itself or by a signal.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let process = self.process.as_mut().unwrap();
        let status = eventually("the replica has ended", async || process.try_wait().unwrap()).await;
        self.process = None;
        status
    }

    /// Whether its life goes on.
    pub(crate) fn lives(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| process.try_wait().unwrap().is_none())
    }

    /// How its life ended that nobody has ended; told once.
    pub(crate) fn ended_by_itself(&mut self) -> Option<ExitStatus> {
        let status = self.process.as_mut()?.try_wait().unwrap()?;
        self.process = None;
        Some(status)
    }

    /// What a path without a caller answers, past the balancer; `None` where nobody answers.
    pub(crate) async fn look(&self, path: &str) -> Option<(u16, Value)> {
        let mut answer = self.http.get(format!("http://127.0.0.1:{}{path}", self.port)).send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.unwrap_or_default()))
    }

    /// What it says of itself: the status and the word of `/health/ready`.
    pub(crate) async fn readiness(&self) -> Option<(u16, String)> {
        let (status, report) = self.look("/health/ready").await?;
        Some((status, report["status"].as_str().unwrap_or_default().to_owned()))
    }

    /// Waits until it says this of itself.
    pub(crate) async fn says(&self, status: u16, word: &str) {
        let what = format!("the replica at {} is {word}", self.port);
        let wanted = Some((status, word.to_owned()));
        eventually(&what, async || (self.readiness().await == wanted).then_some(())).await;
    }

    /// Waits until it is ready.
    pub(crate) async fn ready(&self) {
        self.says(200, "ready").await;
    }

    /// The metric whose line begins so, with its labels; `None` where there is none.
    pub(crate) async fn metric(&self, begins: &str) -> Option<f64> {
        let mut answer = self.http.get(format!("http://127.0.0.1:{}/metrics", self.metrics_port)).send().await.ok()?;
        let text = String::from_utf8(answer.body().limit(1 << 24).await.ok()?.to_vec()).ok()?;
        let line = text.lines().find(|line| line.strip_prefix(begins).is_some_and(|rest| rest.starts_with([' ', '{'])));
        line?.rsplit(' ').next()?.parse().ok()
    }

    /// How many KiB of memory are its own, shared pages by their share.
    pub(crate) fn memory(&self) -> u64 {
        memory_of(self.id()).unwrap()
    }

    /// How many files and connections it has open.
    pub(crate) fn open_files(&self) -> usize {
        open_files_of(self.id()).unwrap()
    }

    /// All that its lives have logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// How many KiB of memory are a process's own; `None` where it has ended.
pub(crate) fn memory_of(process: u32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).ok()?;
    rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?.trim().trim_end_matches(" kB").parse().ok()
}

/// How many files and connections a process has open; `None` where it has ended.
pub(crate) fn open_files_of(process: u32) -> Option<usize> {
    Some(fs::read_dir(format!("/proc/{process}/fd")).ok()?.count())
}

/// How many files of each kind it has open; connections by the ports of both ends and their state, as
/// [proc(5)](https://man7.org/linux/man-pages/man5/proc_pid_net.5.html) writes them, and the many ports of clients as one.
pub(crate) fn files_by_kind(process: u32) -> BTreeMap<String, usize> {
    let table = fs::read_to_string(format!("/proc/{process}/net/tcp")).unwrap_or_default();
    let connections: HashMap<String, String> = table.lines().filter_map(connection).collect();
    let files = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    let mut kinds = BTreeMap::new();
    for file in files {
        let target = fs::read_link(file.path()).unwrap_or_default().to_string_lossy().into_owned();
        *kinds.entry(connections.get(&target).cloned().unwrap_or(target)).or_default() += 1;
    }
    kinds
}

/// A line of the table: which file it is, and between which ports it goes.
fn connection(line: &str) -> Option<(String, String)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let port = |address: &str| {
        let port = u16::from_str_radix(address.rsplit(':').next()?, 16).ok()?;
        Some(if port < 32_768 { port.to_string() } else { "*".to_owned() })
    };
    let (from, to, state) = (port(fields.get(1)?)?, port(fields.get(2)?)?, fields.get(3)?);
    Some((format!("socket:[{}]", fields.get(9)?), format!("{from} to {to}, state {state}")))
}

impl Drop for Replica {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
