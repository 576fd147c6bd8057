//! What can go wrong with a private server, said for the person who has to put it right.

use std::path::{Path, PathBuf};

/// Why a private PostgreSQL server could not be started, used or stopped.
///
/// No variant carries a password or a URL that holds one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateServerError {
    /// Neither an installed nor a downloaded PostgreSQL is to be had.
    #[error(
        "no usable PostgreSQL server programs (initdb and postgres, {oldest} or newer) on this machine, \
         and the download failed: {download}\n\
         install the package and start again:\n\
         \x20 Debian, Ubuntu: apt install postgresql\n\
         \x20 Fedora, RHEL:   dnf install postgresql-server\n\
         \x20 macOS:          brew install postgresql"
    )]
    NotInstalled {
        /// The oldest major version that serves.
        oldest: u32,
        /// What became of the download.
        download: String,
    },

    /// The cluster belongs to a major version that is not installed.
    #[error(
        "the data in {} was made by PostgreSQL {made_by}, which is not installed (found: {found}); \
         install PostgreSQL {made_by}, or start over with an empty data directory",
        cluster.display()
    )]
    OtherMajor {
        /// Where the cluster lies.
        cluster: PathBuf,
        /// The major version that made it.
        made_by: u32,
        /// The major versions at hand, by comma.
        found: String,
    },

    /// Another process runs a server on this data directory.
    #[error(
        "the data directory {} is in use by process {holder}; \
         stop that process first, or name another data directory",
        data_dir.display()
    )]
    InUse {
        /// The directory asked for.
        data_dir: PathBuf,
        /// The process ID of the holder, as far as it is known.
        holder: String,
    },

    /// The directory holds something that no private server put there.
    #[error(
        "{} is not the data directory of a private PostgreSQL server: it holds {found:?}; \
         name an empty or a new directory",
        data_dir.display()
    )]
    ForeignDirectory {
        /// The directory asked for.
        data_dir: PathBuf,
        /// The first entry that does not belong.
        found: String,
    },

    /// Run by root, and there is no ordinary user to run the server as.
    #[error(
        "PostgreSQL refuses to run as root, and this machine has neither a user `postgres` nor `nobody`; \
         add one (`useradd --system postgres`), or start as an ordinary user"
    )]
    NoAccount,

    /// The operating system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, such as `create the directory`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },

    /// `initdb` ended with an error.
    #[error("initdb could not make a cluster in {}: {output}", cluster.display())]
    Init {
        /// Where the cluster was to lie.
        cluster: PathBuf,
        /// What `initdb` printed.
        output: String,
    },

    /// The server ended while it started, or did not become ready in time.
    #[error("PostgreSQL did not start ({reason}); its log {} ends with:\n{log_tail}", log.display())]
    Start {
        /// What was seen.
        reason: String,
        /// The server's log.
        log: PathBuf,
        /// The last lines of it.
        log_tail: String,
    },

    /// The server is still there after it was told to end.
    #[error("PostgreSQL (process {pid}) did not end within {seconds} s; end it with `kill -QUIT {pid}`")]
    StillRunning {
        /// The postmaster's process ID.
        pid: u32,
        /// How long it was waited for.
        seconds: u64,
    },

    /// A statement failed while roles or databases were made.
    #[error("cannot {action} on the private PostgreSQL server: {source}")]
    Sql {
        /// What was being done, such as `create the database`.
        action: &'static str,
        /// What PostgreSQL or the connection said.
        source: sqlx::Error,
    },

    /// The operating system gave no random bytes for a password.
    #[error("the system's random generator gave no bytes for a password")]
    NoRandomness,
}

impl PrivateServerError {
    /// For `map_err` on file operations: names what was tried and on what.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// For `map_err` on statements: names what was being done.
    pub(super) fn sql(action: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Sql { action, source }
    }
}
