//! Databases for tests: one server for the test process, one fresh, migrated database for each test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::statvfs::{Statvfs, statvfs};
use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::databases::{self, DatabaseNames};
use super::supervisor::Afterwards;
use super::{PrivateServer, PrivateServerError, ServerSettings, cluster};

const OWNER_ROLE: &str = "groupgate_owner";
const APP_ROLE: &str = "groupgate_app";
const TEMPLATE: &str = "groupgate_template";

/// A file system in memory. Each database is close to a thousand files, which cost a disk's more than all else in a test.
const IN_MEMORY: &str = "/dev/shm";
/// How much must be free there, in bytes. A container may have 64 MB.
const ENOUGH_MEMORY: u128 = 4 << 30;

/// How many databases whose tests have ended lie about at the most; each that goes makes the server write a checkpoint.
const MOST_ENDED: usize = 32;

/// A fresh, migrated database, for as long as this value or a clone of it lives.
#[derive(Clone, Debug)]
pub struct TestDatabase {
    /// As the owner of the tables.
    pub owner_url: SecretString,
    /// As the gateway, bound by row-level security.
    pub app_url: SecretString,
    /// As the server's superuser.
    pub superuser_url: SecretString,
    /// The server's port on 127.0.0.1.
    pub port: u16,
    _lease: Arc<Lease>,
}

/// When it is dropped, nobody needs the database of this name any longer.
#[derive(Debug)]
struct Lease(String);

impl Drop for Lease {
    fn drop(&mut self) {
        ended().push(std::mem::take(&mut self.0));
    }
}

/// The databases that nobody needs any longer.
fn ended() -> MutexGuard<'static, Vec<String>> {
    static ENDED: Mutex<Vec<String>> = Mutex::new(Vec::new());
    ENDED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The server of this test process, and what its databases are named.
struct TestServer {
    server: PrivateServer,
    template: DatabaseNames,
    made: AtomicU32,
}

/// Never dropped: its supervisor ends it, and removes its directory, when the process ends.
static SERVER: OnceCell<TestServer> = OnceCell::const_new();

/// A fresh, migrated database on the one server of this process, which the first call starts.
///
/// To be called from any runtime; each test may have its own.
///
/// # Panics
///
/// Where the server or the database cannot be made: a test cannot go on without.
pub async fn test_database() -> TestDatabase {
    let made = match SERVER.get_or_try_init(TestServer::start).await {
        Ok(server) => server.database().await,
        Err(error) => Err(error),
    };
    made.unwrap_or_else(|error| panic!("no database for this test: {error}"))
}

impl TestServer {
    async fn start() -> Result<Self, TestServerError> {
        let settings = ServerSettings { data_dir: fresh_directory()?, durable: false };
        let server = PrivateServer::start_and(&settings, Afterwards::Remove).await?;
        let template = names(TEMPLATE)?;
        let urls = server.ensure_roles_and_database(&template).await?;
        crate::schema::migrate(&urls.owner_url, &template.app_role).await?;
        Ok(Self { server, template, made: AtomicU32::new(0) })
    }

    async fn database(&self) -> Result<TestDatabase, TestServerError> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let names = DatabaseNames { database: format!("test_{number}"), ..self.template.clone() };
        self.copy_template(&names).await?;
        self.remove_ended().await?;
        let urls = self.server.superuser.urls(&names);
        Ok(TestDatabase {
            owner_url: urls.owner_url,
            app_url: urls.app_url,
            superuser_url: self.server.superuser_url(&names.database),
            port: self.server.port(),
            _lease: Arc::new(Lease(names.database)),
        })
    }

    async fn remove_ended(&self) -> Result<(), PrivateServerError> {
        let waiting = {
            let mut ended = ended();
            if ended.len() < MOST_ENDED { Vec::new() } else { std::mem::take(&mut *ended) }
        };
        if waiting.is_empty() {
            return Ok(());
        }
        let mut connection = self.server.superuser.connect("postgres").await?;
        for name in &waiting {
            let statement = "drop database if exists %I with (force)";
            databases::run(&mut connection, "remove the database of a test that has ended", statement, &[name]).await?;
        }
        databases::close(connection).await;
        Ok(())
    }

    /// A copy has the template's tables, grants and policies, but not its right to connect.
    async fn copy_template(&self, names: &DatabaseNames) -> Result<(), PrivateServerError> {
        let mut connection = self.server.superuser.connect("postgres").await?;
        let arguments = [&names.database, TEMPLATE, &names.owner_role];
        let statement = "create database %I template %I owner %I";
        databases::run(&mut connection, "copy the migrated database", statement, &arguments).await?;
        databases::admit(&mut connection, &names.database, &names.app_role).await?;
        databases::close(connection).await;
        Ok(())
    }
}

/// Why there is no test server.
#[derive(Debug, thiserror::Error)]
enum TestServerError {
    #[error(transparent)]
    Server(#[from] PrivateServerError),
    #[error("the migrations failed: {0}")]
    Migrate(#[from] crate::schema::MigrateError),
}

fn names(database: &str) -> Result<DatabaseNames, PrivateServerError> {
    Ok(DatabaseNames {
        database: database.to_owned(),
        owner_role: OWNER_ROLE.to_owned(),
        owner_password: cluster::random_password()?,
        app_role: APP_ROLE.to_owned(),
        app_password: cluster::random_password()?,
    })
}

/// A directory that the supervisor, and not this process, removes.
fn fresh_directory() -> Result<PathBuf, PrivateServerError> {
    let base = if has_memory() { PathBuf::from(IN_MEMORY) } else { std::env::temp_dir() };
    tempfile::Builder::new()
        .prefix("groupgate-test-")
        .tempdir_in(&base)
        .map(tempfile::TempDir::keep)
        .map_err(PrivateServerError::io("create a directory in", &base))
}

fn has_memory() -> bool {
    // Systems differ in how wide these are.
    let free = |room: Statvfs| u128::from(room.blocks_available()) * u128::from(room.fragment_size());
    statvfs(Path::new(IN_MEMORY)).is_ok_and(|room| free(room) >= ENOUGH_MEMORY)
}
