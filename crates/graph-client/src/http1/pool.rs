//! Connections that rest between calls, and places for the calls under way.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    time::Duration,
};

use tokio::{
    net::TcpStream,
    sync::{AcquireError, Semaphore, SemaphorePermit},
    task::spawn_local,
    time::{Instant, sleep_until, timeout},
};
use url::Host;

use super::connection::Connection;
use crate::{
    error::GraphError,
    settings::GraphSettings,
    transport::{LIFETIME, MOST_CALLS, keep_alive},
};

/// Where connections lead.
pub(super) struct Origin {
    /// A name, or an address without brackets.
    host: String,
    port: u16,
    /// For finding the address and connecting.
    timeout: Duration,
}

/// How many connections there are, and for how long.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// How many calls are under way at the most.
    pub(super) most: usize,
    /// How long a connection rests at the most.
    pub(super) rest: Duration,
    /// After this long it is not used again.
    pub(super) lifetime: Duration,
}

/// The connections of one thread to one origin.
pub(super) struct Pool {
    origin: Origin,
    bounds: Bounds,
    places: Semaphore,
    resting: Rc<Resting>,
}

/// Connections that rest, in the order in which they came to do so.
#[derive(Default)]
struct Resting {
    connections: RefCell<Vec<Rested>>,
    /// Whether somebody closes those that have rested for too long.
    is_watched: Cell<bool>,
}

struct Rested {
    connection: Connection,
    since: Instant,
}

impl Origin {
    /// Of the base URL; `None` where that has no host or no port.
    pub(super) fn of(settings: &GraphSettings) -> Option<Self> {
        let host = match settings.base_url.host()? {
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let port = settings.base_url.port_or_known_default()?;
        Some(Self { host, port, timeout: settings.connect_timeout })
    }
}

impl Bounds {
    /// The same as awc's client has.
    pub(super) fn usual() -> Self {
        Self { most: MOST_CALLS, rest: keep_alive(false), lifetime: LIFETIME }
    }

    fn is_alive(&self, connection: &Connection, now: Instant) -> bool {
        now.duration_since(connection.opened()) < self.lifetime
    }
}

impl Pool {
    pub(super) fn new(origin: Origin, bounds: Bounds) -> Self {
        Self { origin, bounds, places: Semaphore::new(bounds.most), resting: Rc::default() }
    }

    /// Waits until another call may be under way, which lasts as long as the place is held. The places are never closed.
    pub(super) async fn place(&self) -> Result<SemaphorePermit<'_>, AcquireError> {
        self.places.acquire().await
    }

    /// The connection that came to rest last, where it can be used still.
    pub(super) fn rested(&self) -> Option<Connection> {
        let now = Instant::now();
        let mut resting = self.resting.connections.borrow_mut();
        loop {
            let Rested { connection, since } = resting.pop()?;
            let has_time = now.duration_since(since) < self.bounds.rest && self.bounds.is_alive(&connection, now);
            if has_time && connection.is_quiet() {
                return Some(connection);
            }
        }
    }

    /// Closes all that rest.
    pub(super) fn close_rested(&self) {
        self.resting.connections.borrow_mut().clear();
    }

    /// A new connection. A name is looked up by the system, and its addresses are tried one after the other.
    ///
    /// # Errors
    /// [`GraphError::Connect`]
    pub(super) async fn connect(&self) -> Result<Connection, GraphError> {
        let Origin { host, port, timeout: most } = &self.origin;
        let failed = |why: String| GraphError::Connect { why };
        let connected = timeout(*most, TcpStream::connect((host.as_str(), *port))).await;
        let stream = connected
            .map_err(|_| failed("it took too long".to_owned()))?
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
            .map_err(|error| failed(error.to_string()))?;
        Ok(Connection::new(stream))
    }

    /// Lets a connection rest until the next call.
    pub(super) fn keep(&self, mut connection: Connection) {
        let now = Instant::now();
        if !self.bounds.is_alive(&connection, now) {
            return;
        }
        connection.rest();
        self.resting.connections.borrow_mut().push(Rested { connection, since: now });
        if !self.resting.is_watched.replace(true) {
            spawn_local(watch(Rc::downgrade(&self.resting), self.bounds.rest));
        }
    }

    #[cfg(test)]
    pub(super) fn count_rested(&self) -> usize {
        self.resting.connections.borrow().len()
    }

    #[cfg(test)]
    pub(super) fn count_watches(&self) -> usize {
        Rc::weak_count(&self.resting)
    }
}

/// Closes connections that have rested for so long, also where nobody calls any more. Ends where none rests when it looks,
/// which is no sooner than the first could have rested for so long: else each call would begin it anew.
async fn watch(resting: Weak<Resting>, rest: Duration) {
    let mut next = Some(Instant::now() + rest);
    while let Some(at) = next {
        sleep_until(at).await;
        next = resting.upgrade().and_then(|resting| resting.close_old(rest));
    }
}

impl Resting {
    /// Closes those that have rested for so long, and says when the next one will have.
    fn close_old(&self, rest: Duration) -> Option<Instant> {
        let now = Instant::now();
        let mut connections = self.connections.borrow_mut();
        // The oldest stand first: whoever takes one takes the last, and whoever brings one back puts it there.
        let old = connections.partition_point(|rested| now.duration_since(rested.since) >= rest);
        connections.drain(..old);
        self.is_watched.set(!connections.is_empty());
        connections.first().map(|rested| rested.since + rest)
    }
}
