//! The real `groupgate` program, run as people run it; every child is killed when its test ends.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// Far above what anything here takes, also on a machine that compiles beside it: what a killed gateway had claimed is
/// believed to be worked on for a minute.
pub(crate) const PATIENCE: Duration = Duration::from_secs(100);

/// `groupgate` with `arguments`, in an environment of its own.
pub(crate) fn groupgate(arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_groupgate"));
    command.args(arguments).env_clear().envs(environment.iter().copied());
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How a command that ends by itself has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The answer of a command that was called with `--json`.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs a command to its end, with `input` on standard input.
pub(crate) fn run(arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Ended {
    let mut child = groupgate(arguments, environment).stdin(Stdio::piped()).spawn().unwrap();
    // A command that does not read its input may have closed it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A command that runs until it is told to stop.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    stderr: Option<thread::JoinHandle<String>>,
}

impl Running {
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let (sender, lines) = channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        Self { child, lines, stderr: Some(stderr) }
    }

    /// The lines of standard output up to the one that holds `last`.
    pub(crate) fn lines_until(&mut self, last: &str) -> Vec<String> {
        let until = Instant::now() + PATIENCE;
        let mut lines = Vec::new();
        loop {
            let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) else {
                let _ = self.child.kill();
                let stderr = self.stderr.take().map(|reader| reader.join().unwrap());
                panic!("no line with {last:?} after {lines:?}; standard error: {stderr:?}");
            };
            lines.push(line);
            if lines.last().is_some_and(|line| line.contains(last)) {
                return lines;
            }
        }
    }

    /// The command's process ID.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Waits until the command has ended; how it ended, and what it wrote on standard error.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let mut status = None;
        wait_until("the command has ended", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let stderr = self.stderr.take().map(|reader| reader.join().unwrap()).unwrap_or_default();
        (status.unwrap(), stderr)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks again and again until `condition` holds.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < until, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// How long something took, and what is added to a promise about it: what something plain took in the same moment, by
/// which a slow machine is known.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) time: Duration,
    pub(crate) plain: Duration,
}

impl Measured {
    pub(crate) fn keeps(&self, promise: Duration) -> bool {
        self.time < promise + self.plain
    }
}

/// Measures the same thing up to three times, for a promise that a stall of the machine would break once and a fault each
/// time.
pub(crate) fn one_is_within(promise: Duration, mut measure: impl FnMut() -> Measured) {
    let mut times: Vec<Measured> = Vec::new();
    while !times.last().is_some_and(|measured| measured.keeps(promise)) {
        assert!(times.len() < 3, "not once within {promise:?}: {times:?}");
        times.push(measure());
    }
}

/// A port that is free, and below those that the system gives out for port 0: no other test gets it meanwhile.
pub(crate) fn free_port() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let nth = std::process::id().wrapping_mul(64).wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed));
        let port = 12_000 + u16::try_from(nth % 20_000).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// One HTTP/1.1 exchange: status and body. `head` is the request line with headers, without `Host`.
pub(crate) fn http(address: SocketAddr, head: &[&str], body: &str) -> (u16, String) {
    try_http(address, head, body).unwrap()
}

/// The same with a server that may end at any moment.
pub(crate) fn try_http(address: SocketAddr, head: &[&str], body: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    write!(
        stream,
        "{}\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}",
        head.join("\r\n")
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let whole = answer.split_once("\r\n\r\n").filter(|_| answer.starts_with("HTTP/1.1 "));
    let (head, body) = whole.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, answer.clone()))?;
    Ok((head[9..12].parse().unwrap(), body.to_owned()))
}

/// Command lines of all processes that name `path`.
pub(crate) fn processes_naming(path: &Path) -> Vec<String> {
    let needle = path.to_str().unwrap();
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path().join("cmdline"));
    let command_line = |file: PathBuf| Some(String::from_utf8_lossy(&fs::read(file).ok()?).replace('\0', " "));
    processes.filter_map(command_line).filter(|line| line.contains(needle)).collect()
}
