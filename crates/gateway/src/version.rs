//! Which program this is.

/// The commit that it is made of, by its first digits; `unknown` where nobody said.
pub const COMMIT: &str = env!("BUILT_OF_COMMIT");

/// How it names itself to the servers that it calls.
pub const USER_AGENT: &str = concat!("groupgate/", env!("CARGO_PKG_VERSION"));

/// Its version and that commit, such as `0.1.0 (0123456789ab)`.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("BUILT_OF_COMMIT"), ")");
