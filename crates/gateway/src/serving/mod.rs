//! The gateway's HTTP server: connections are accepted, counted, spread over threads, and ended in time.
//!
//! HTTP itself is `actix-http`'s, and what answers is an `actix_web::App`, as with `actix_web::HttpServer`. What stands
//! here in its place does three things that it does not:
//!
//! - **Connections are bounded**, in all and for each client address ([`Connections`]). One too many is closed at once.
//! - **Clients that take too long are cut off** (`vitals`): actix bounds the first head of a connection, but neither the
//!   heads of later requests nor a client that does not read its answer, and rests by a timer that is made for each.
//! - **A stop loses no call** ([`Server`]): `actix-server` drops connections that it has accepted and not yet begun, and
//!   resets those that wait to be accepted.
//!
//! A connection goes from the acceptor (`accept`, one thread a server) to the worker with the fewest (`worker`, a thread
//! each), where a stream that knows how it is (`stream`) is given to `actix-http`.

mod accept;
mod answering;
mod connections;
mod refusals;
mod server;
mod stream;
#[cfg(test)]
mod tests;
mod vitals;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use crate::bounds;

pub(crate) use connections::{Connections, raise_file_limit};
pub(crate) use server::{Listeners, Server};

/// How long clients may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// With the first head of a connection.
    pub(crate) first_head: Duration,
    /// With the head of each later request.
    pub(crate) head: Duration,
    /// Between two requests.
    pub(crate) keep_alive: Duration,
    /// Between two requests, where there is little room for others.
    pub(crate) crowded: Duration,
    /// Without taking a byte of an answer.
    pub(crate) reader: Duration,
    /// How often it is looked at.
    pub(crate) look: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first_head: bounds::FIRST_HEAD,
            head: bounds::HEAD,
            keep_alive: bounds::KEEP_ALIVE,
            crowded: bounds::CROWDED,
            reader: bounds::READER,
            look: bounds::LOOK,
        }
    }
}

/// How far a server has come with its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// It serves.
    Serving,
    /// It takes no more connections.
    Deaf,
    /// Connections that rest are closed.
    Closing,
    /// All connections are closed, whatever they are at.
    Over,
}

/// Whether answers end their connections: the server stops.
#[derive(Debug, Clone, Default)]
struct LastAnswers(Arc<AtomicBool>);

impl LastAnswers {
    fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn are_given(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Waits until the phase is this one or a later one; for ever where nobody is left who could tell.
async fn reached(phase: &mut watch::Receiver<Phase>, wanted: Phase) {
    if phase.wait_for(|now| *now >= wanted).await.is_err() {
        std::future::pending::<()>().await;
    }
}
