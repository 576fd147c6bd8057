//! Why a sandbox does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What can go wrong while a sandbox starts.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Something else listens there already.
    #[error("the sandbox cannot listen on {addr}: the address is in use; choose another port")]
    PortTaken {
        /// The address that was asked for.
        addr: SocketAddr,
    },
    /// The address cannot be listened on for another reason.
    #[error("the sandbox cannot listen on {addr}")]
    Bind {
        /// The address that was asked for.
        addr: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The state file cannot be read or written.
    #[error("the sandbox cannot use its state file {}", path.display())]
    StateFile {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The state file does not hold a sandbox's state.
    #[error("{} is no state of this sandbox; move the file away to begin anew", path.display())]
    StateFormat {
        /// The file.
        path: PathBuf,
        /// Where the text departs from what is expected.
        source: serde_json::Error,
    },
    /// The operating system gave no thread.
    #[error("the sandbox cannot start its thread")]
    Thread(#[source] io::Error),
}
