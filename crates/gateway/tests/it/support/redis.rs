//! A Redis of a test's own, that can be stopped, hung, and started again where it was.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// How long a server may take to start. It takes some milliseconds where the machine does not stall.
const TO_START: Duration = Duration::from_secs(30);

/// A `redis-server` on a port of 127.0.0.1. It writes nothing to the disk, and ends with this value.
pub(crate) struct Redis {
    port: u16,
    folder: TempDir,
    server: Option<Child>,
}

impl Redis {
    /// One that answers.
    pub(crate) fn start() -> Self {
        let mut redis = Self::nowhere();
        redis.restart();
        redis
    }

    /// Only the place of one: nobody listens there yet.
    pub(crate) fn nowhere() -> Self {
        Self { port: free_port(), folder: tempfile::tempdir().unwrap(), server: None }
    }

    /// For `GROUPGATE_REDIS_URL`.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Starts it again, empty, on the same port; what ran before is killed.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let port = self.port.to_string();
        let server = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        self.server = Some(server.expect("redis-server, of the package redis-server, is in PATH"));
        let begun = Instant::now();
        while !self.answers() {
            assert!(begun.elapsed() < TO_START, "redis-server on port {port} does not answer");
            sleep(Duration::from_millis(10));
        }
    }

    /// Ends it as a crash does: its connections are reset, and what it counted is gone.
    pub(crate) fn kill(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// Stops its process: connections stay open, and nothing is answered.
    pub(crate) fn hang(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on after [`Self::hang`].
    pub(crate) fn go_on(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// What it answers to a command without spaces in its words.
    pub(crate) fn ask(&self, command: &str) -> String {
        self.try_ask(command).unwrap()
    }

    fn answers(&self) -> bool {
        self.try_ask("PING").is_ok_and(|answer| answer.starts_with("+PONG"))
    }

    /// By the [inline form](https://redis.io/docs/latest/develop/reference/protocol-spec/#inline-commands) of the
    /// protocol, after which the server closes the connection.
    fn try_ask(&self, command: &str) -> std::io::Result<String> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(TO_START))?;
        write!(stream, "{command}\r\nQUIT\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    fn signal(&self, signal: Signal) {
        let server = self.server.as_ref().unwrap().id();
        kill(Pid::from_raw(server.try_into().unwrap()), signal).unwrap();
    }
}

/// A port that is free, and below those that the system gives out for port 0: nobody else gets it while the server is
/// down.
pub(super) fn free_port() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let nth = std::process::id().wrapping_mul(64).wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed));
        // From the other end than the programs of tests.
        let port = 31_999 - u16::try_from(nth % 20_000).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
