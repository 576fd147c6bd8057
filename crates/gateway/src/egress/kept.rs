//! Connections between two posts.
//!
//! A pool that knows connections by their name alone would hand out one to an address that the name has no more, or that
//! it never should have had. Here each is known by its address too, and whoever asks for one says which addresses were
//! admitted for this very call.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;

use tokio::time::Instant;

use super::ExternalUrl;
use super::transport::{LONGEST_REST, Line};
use super::url::Target;

/// How many rest at the most; one more is closed.
const MOST: usize = 512;

/// The connections that rest, of one thread.
#[derive(Default)]
pub(super) struct Kept(RefCell<HashMap<Destination, Vec<Resting>>>);

/// What a connection is good for: its server has shown a certificate for the host, and has the address.
#[derive(PartialEq, Eq, Hash)]
struct Destination {
    tls: bool,
    host: Target,
    address: SocketAddr,
}

struct Resting {
    line: Line,
    since: Instant,
}

impl Kept {
    /// One that leads to the URL's host, at one of `addresses`; the one that was used last, of several.
    pub(super) fn take(&self, url: &ExternalUrl, addresses: &[SocketAddr]) -> Option<Line> {
        let mut kept = self.0.borrow_mut();
        addresses.iter().find_map(|address| {
            let resting = kept.get_mut(&Destination::of(url, *address))?.pop()?;
            (resting.since.elapsed() < LONGEST_REST).then_some(resting.line)
        })
    }

    /// Keeps one for the next call.
    pub(super) fn put(&self, url: &ExternalUrl, line: Line) {
        let mut kept = self.0.borrow_mut();
        if kept.values().map(Vec::len).sum::<usize>() < MOST {
            let resting = Resting { since: Instant::now(), line };
            kept.entry(Destination::of(url, resting.line.address)).or_default().push(resting);
        }
    }

    /// Closes those that have rested for too long.
    pub(super) fn sweep(&self) {
        self.0.borrow_mut().retain(|_, resting| {
            resting.retain(|resting| resting.since.elapsed() < LONGEST_REST);
            !resting.is_empty()
        });
    }
}

impl Destination {
    fn of(url: &ExternalUrl, address: SocketAddr) -> Self {
        Self { tls: url.is_tls(), host: url.host().clone(), address }
    }
}
