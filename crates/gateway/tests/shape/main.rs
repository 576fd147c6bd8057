//! The shape of production on one machine: replicas of the real program as processes, behind nginx, with a PostgreSQL, a
//! Redis and a Meta that go away and come back. Slower than the other tests, so that it is a target of its own:
//! `cargo test -p gateway --test shape -- --test-threads=1`. It needs nginx and redis-server on the machine.

// clippy's `allow-unwrap-in-tests` knows test functions, and not the helpers beside them.
#![allow(clippy::unwrap_used, clippy::expect_used)]
// A request's parameters are written with `json!` where they are sent.
#![allow(clippy::needless_pass_by_value)]

#[path = "../it/dice.rs"]
mod dice;
#[allow(dead_code, reason = "the other tests use all of it")]
#[path = "../it/program.rs"]
mod program;
#[allow(dead_code, unused_imports, reason = "the other tests use all of it")]
#[path = "../it/support/mod.rs"]
mod support;

mod degraded;
mod hostile;
mod limits;
mod smuggling;
mod soak;
mod world;
