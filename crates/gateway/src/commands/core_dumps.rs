//! Core dumps hold opened tokens, so a process that opens tokens leaves none.

use nix::sys::resource::{Resource, setrlimit};

/// For this process and what it starts. Where the system refuses, the start goes on with a warning.
pub(super) fn disable() {
    if let Err(error) = setrlimit(Resource::RLIMIT_CORE, 0, 0) {
        tracing::warn!(%error, "core dumps could not be turned off; one would hold secrets in the clear");
    }
}
