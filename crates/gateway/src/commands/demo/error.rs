//! Why the demo did not start, in words for someone who tries groupgate for the first time.

use std::{io, path::PathBuf};

use tenant_store::private_server::PrivateServerError;

/// Why the demo did not start or stop as it should.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Another demo holds the data directory.
    #[error(
        "another demo runs on {path} (process {holder}): stop it, or choose another --data-dir",
        path = path.display()
    )]
    InUse {
        /// The data directory.
        path: PathBuf,
        /// Its process ID, as far as it is known.
        holder: String,
    },
    /// The directory holds what is not the demo's, and must not be touched.
    #[error(
        "{path} is not empty and not a demo's data directory (it has no file {marker}): choose another --data-dir",
        path = path.display()
    )]
    NotOurs {
        /// The directory.
        path: PathBuf,
        /// The file that would mark it.
        marker: &'static str,
    },
    /// The operating system refused something.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io {
        /// What was tried, such as `write`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file of secrets was changed.
    #[error(
        "{path} is not as the demo wrote it ({reason}): restore it, or start over with --fresh",
        path = path.display()
    )]
    Secrets {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, without its values.
        reason: String,
    },
    /// What the database holds was made with other secrets.
    #[error("{what} in the demo's database was made with other secrets than those in {file}: start over with --fresh")]
    OtherSecrets {
        /// What does not fit.
        what: String,
        /// The file of secrets.
        file: &'static str,
    },
    /// The private PostgreSQL server did not start or stop.
    #[error(transparent)]
    Server(#[from] PrivateServerError),
    /// An answer on the tour was not as it should be; it is printed above.
    #[error("the tour ended at \"{story}\": the answer was to have {expected}")]
    Tour {
        /// The step, in its own words.
        story: &'static str,
        /// What was expected of its answer.
        expected: String,
    },
    /// A call of the tour was not answered.
    #[error("the tour ended: {url} gave no answer that can be read: {reason}")]
    TourCall {
        /// What was called.
        url: String,
        /// Why there is no answer.
        reason: String,
    },
    /// The operating system gave no random bytes.
    #[error("the system's random generator gave no bytes for the demo's secrets")]
    NoRandomness,
}

impl DemoError {
    /// For `map_err` on file operations: names what was tried and on what.
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
