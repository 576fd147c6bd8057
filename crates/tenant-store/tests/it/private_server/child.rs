//! A process of its own that runs a private server: this test binary once more, at one ignored test.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tenant_store::private_server::{PrivateServer, ServerSettings};

const DATA_DIR: &str = "GROUPGATE_TEST_DATA_DIR";

/// The process, which is killed when this is dropped, and the postmaster that it started.
pub(super) struct Parent {
    process: Child,
    pub(super) postmaster: u32,
}

impl Parent {
    /// Starts the process and waits until its server is ready.
    pub(super) fn start(data_dir: &Path) -> Self {
        Self::of(Command::new(test_binary()), data_dir)
    }

    /// The same as another user, who must be able to run `program`, a copy of this test binary.
    pub(super) fn start_as(user: (u32, u32), program: &Path, data_dir: &Path) -> Self {
        let mut command = Command::new(program);
        command.uid(user.0).gid(user.1);
        Self::of(command, data_dir)
    }

    fn of(mut command: Command, data_dir: &Path) -> Self {
        let mut process = command
            .args(["private_server::child::runs_a_server_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
            .env(DATA_DIR, data_dir)
            .current_dir("/")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = lines.map_while(Result::ok).find_map(|line| line.split_once("ready ").map(|(_, pid)| pid.parse()));
        Self { postmaster: ready.expect("the child says that its server is ready").unwrap(), process }
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }
}

/// This test binary; where there is `/proc`, also after a new build has taken its place.
pub(super) fn test_binary() -> PathBuf {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() { running } else { std::env::current_exe().unwrap() }
}

impl Drop for Parent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
#[ignore = "other tests run it as a process of its own"]
async fn runs_a_server_until_it_is_killed() {
    let Some(data_dir) = std::env::var_os(DATA_DIR) else {
        return;
    };
    let settings = ServerSettings { data_dir: PathBuf::from(data_dir), durable: true };
    let server = PrivateServer::start(&settings).await.unwrap();
    println!("ready {}", server.pid());
    std::future::pending::<()>().await;
}
