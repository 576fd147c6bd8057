//! A PostgreSQL server of our own, for the demo and for tests: started from installed programs, private to
//! this process, and gone when this process is.
//!
//! - It listens on a free port of 127.0.0.1 and nowhere else; every login needs a password (scram-sha-256).
//! - Started by root, its processes run as an unprivileged user, since PostgreSQL refuses root.
//! - A supervisor process ends it when we are gone, also after a SIGKILL.
//! - What a crash leaves behind, the next start puts right.
//!
//! ```no_run
//! # async fn demo() -> Result<(), tenant_store::private_server::PrivateServerError> {
//! use tenant_store::private_server::{PrivateServer, ServerSettings};
//!
//! let settings = ServerSettings { data_dir: ".groupgate/postgres".into(), durable: true };
//! let server = PrivateServer::start(&settings).await?;
//! println!("PostgreSQL listens on 127.0.0.1:{}", server.port());
//! server.stop().await
//! # }
//! ```

mod account;
mod binaries;
mod cluster;
mod databases;
mod download;
mod error;
mod home;
mod leftover;
mod supervisor;
mod testing;

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use binaries::{Binaries, OLDEST_MAJOR};
use databases::Superuser;
use home::Home;
use supervisor::{Afterwards, Supervised};

pub use databases::{DatabaseNames, Urls};
pub use error::PrivateServerError;
pub use testing::{TestDatabase, test_database};

/// A program of the newest PostgreSQL that this machine has installed, such as `pg_dump`; `None` where it has none.
pub fn installed_program(name: &str) -> Option<PathBuf> {
    let newest = Binaries::installed().into_iter().next()?;
    Some(newest.program(name)).filter(|program| program.is_file())
}

/// What a private server is to be like.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// A directory that is the server's alone; made if it is missing.
    ///
    /// Where root starts the server and the server's own user cannot reach this directory, the data lies
    /// under `/var/lib/groupgate`, and a file in here says so.
    pub data_dir: PathBuf,
    /// Whether committed data outlives a crash of the machine. Tests switch it off and run faster.
    pub durable: bool,
}

/// A running PostgreSQL server. Dropping it ends the server too, without waiting.
#[derive(Debug)]
pub struct PrivateServer {
    supervised: Supervised,
    superuser: Superuser,
    /// Holds the data directory's lock; let go of after the server has been told to end.
    _home: Home,
}

impl PrivateServer {
    /// Starts the server on the data directory, which is made first if it is new.
    pub async fn start(settings: &ServerSettings) -> Result<Self, PrivateServerError> {
        Self::start_and(settings, Afterwards::Keep).await
    }

    async fn start_and(settings: &ServerSettings, afterwards: Afterwards) -> Result<Self, PrivateServerError> {
        let ServerSettings { data_dir, durable } = settings.clone();
        let home = blocking(move || Home::open(&data_dir)).await?;
        let binaries = choose(&home, Binaries::installed()).await?;
        blocking(move || Self::launch(home, &binaries, durable, afterwards)).await
    }

    fn launch(
        home: Home,
        binaries: &Binaries,
        durable: bool,
        afterwards: Afterwards,
    ) -> Result<Self, PrivateServerError> {
        leftover::end_server(&home.cluster())?;
        let password = cluster::prepare(&home, binaries, durable)?;
        let supervised = Supervised::start(&home, binaries, durable, afterwards)?;
        let superuser = Superuser { port: supervised.port, password };
        tracing::debug!(pid = supervised.pid, port = supervised.port, bin = %binaries.bin.display(), "PostgreSQL is ready");
        Ok(Self { supervised, superuser, _home: home })
    }

    /// Removes the data of a server that does not run, so that the next start is the first one.
    pub async fn remove(data_dir: &Path) -> Result<(), PrivateServerError> {
        let data_dir = data_dir.to_owned();
        blocking(move || Home::open(&data_dir)?.clear()).await
    }

    /// The URL of `database` for the superuser, with the password.
    pub fn superuser_url(&self, database: &str) -> SecretString {
        self.superuser.url(database)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.supervised.port
    }

    /// The process ID of the postmaster, the server's first process.
    pub fn pid(&self) -> u32 {
        self.supervised.pid
    }

    /// Makes the owner's role, the gateway's role and the database where they are missing, and sets both
    /// passwords. To be repeated at every start.
    pub async fn ensure_roles_and_database(&self, names: &DatabaseNames) -> Result<Urls, PrivateServerError> {
        self.superuser.ensure(names).await
    }

    /// Ends the server and waits until its last process is gone, normally well under two seconds.
    pub async fn stop(self) -> Result<(), PrivateServerError> {
        let Self { supervised, _home: home, .. } = self;
        blocking(move || {
            let stopped = supervised.stop();
            drop(home);
            stopped
        })
        .await
    }
}

/// The programs for this home: those of the major version that made its cluster, else the newest, else a
/// download.
async fn choose(home: &Home, installed: Vec<Binaries>) -> Result<Binaries, PrivateServerError> {
    let made_by = cluster::made_by(&home.cluster())?;
    let fitting = installed.iter().find(|binaries| made_by.is_none_or(|major| major == binaries.major));
    match (fitting, made_by) {
        (Some(binaries), _) => Ok(binaries.clone()),
        (None, Some(made_by)) if made_by != download::MAJOR => {
            let found: Vec<_> = installed.iter().map(|binaries| binaries.major.to_string()).collect();
            let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
            Err(PrivateServerError::OtherMajor { cluster: home.cluster(), made_by, found })
        }
        (None, _) => {
            let not_installed = |download| PrivateServerError::NotInstalled { oldest: OLDEST_MAJOR, download };
            download::downloaded(home.account()).await.map_err(not_installed)
        }
    }
}

/// Runs work that waits for files and processes where it holds up nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PrivateServerError> + Send + 'static,
) -> Result<T, PrivateServerError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
