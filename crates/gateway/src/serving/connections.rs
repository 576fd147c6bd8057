//! How many connections are open: in all, and from each client address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::bounds;
use crate::limits::TrustedProxies;
use crate::telemetry::metrics::{ConnectionCut, Metrics};

/// The connections that are open, and how many may be.
pub(crate) struct Connections {
    most: usize,
    most_of_address: usize,
    proxies: TrustedProxies,
    metrics: Metrics,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection that is counted until this is dropped.
pub(super) struct Permit {
    connections: Arc<Connections>,
    /// The address that it is counted for; none for a trusted proxy.
    address: Option<IpAddr>,
}

impl Connections {
    /// None yet. Connections from trusted proxies are not counted by address: behind each is everybody.
    pub(crate) fn new(most: usize, most_of_address: usize, proxies: TrustedProxies, metrics: Metrics) -> Self {
        Self { most, most_of_address, proxies, metrics, open: Mutex::default() }
    }

    /// So many from anywhere, which are in no metric.
    pub(crate) fn uncounted(most: usize) -> Self {
        Self::new(most, most, TrustedProxies::default(), Metrics::default())
    }

    /// Counts a connection of this peer.
    ///
    /// # Errors
    /// [`ConnectionCut::TooMany`] or [`ConnectionCut::TooManyOfAddress`]: there is no room for it.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Result<Permit, ConnectionCut> {
        let peer = peer.to_canonical();
        let address = (!self.proxies.contains(peer)).then(|| of_one_client(peer));
        let mut open = self.lock();
        if open.all >= self.most {
            return Err(ConnectionCut::TooMany);
        }
        if let Some(address) = address {
            let count = open.by_address.entry(address).or_default();
            // An entry stands only where there is a connection, which there may be: `most_of_address` is at least one.
            if *count >= self.most_of_address {
                return Err(ConnectionCut::TooManyOfAddress);
            }
            *count += 1;
        }
        open.all += 1;
        self.metrics.connections_open(open.all);
        Ok(Permit { connections: self.clone(), address })
    }

    /// Whether of eight places at the most one is left: those who rest on theirs are to give them up.
    pub(super) fn are_crowded(&self) -> bool {
        self.lock().all >= self.most - self.most / 8
    }

    /// A connection was refused, or is cut off.
    pub(super) fn cut(&self, why: ConnectionCut) {
        self.metrics.connection_cut(why);
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Nothing panics while it is locked.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Whether the connection is a trusted proxy's.
    pub(super) fn is_of_proxy(&self) -> bool {
        self.address.is_none()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        open.all -= 1;
        self.connections.metrics.connections_open(open.all);
        let Some(address) = self.address else { return };
        if let Some(count) = open.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&address);
            }
        }
    }
}

/// What one client has: an address of IPv4, or a network of /64 of IPv6, in which a client takes any address it likes
/// ([RFC 6177](https://www.rfc-editor.org/rfc/rfc6177)).
fn of_one_client(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

/// Raises the limit of open files of this process as far as it may, and tells how many connections fit under it, at most
/// `wanted`.
pub(crate) fn raise_file_limit(wanted: usize) -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return wanted };
    let raised = soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    let files = usize::try_from(if raised { hard } else { soft }).unwrap_or(usize::MAX);
    // A machine that gives few files gives half of them to connections.
    let fit = files.saturating_sub(bounds::OTHER_FILES).max(files / 2).max(1);
    if fit < wanted {
        tracing::warn!(
            files,
            connections = fit,
            wanted,
            "fewer connections than GROUPGATE_CONNECTIONS fit under the limit of open files"
        );
    }
    fit.min(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(most: usize, most_of_address: usize, proxies: &str) -> Arc<Connections> {
        let proxies = TrustedProxies::new(proxies.split_whitespace().map(|network| network.parse().unwrap()).collect());
        Arc::new(Connections::new(most, most_of_address, proxies, Metrics::default()))
    }

    fn peer(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    #[test]
    fn an_address_has_so_many_and_another_has_its_own() {
        let connections = connections(10, 2, "");
        let first = connections.admit(peer("192.0.2.1")).unwrap();
        let _second = connections.admit(peer("::ffff:192.0.2.1")).unwrap();
        assert_eq!(connections.admit(peer("192.0.2.1")).err(), Some(ConnectionCut::TooManyOfAddress));
        assert!(connections.admit(peer("192.0.2.2")).is_ok());
        drop(first);
        assert!(connections.admit(peer("192.0.2.1")).is_ok(), "one has ended");
    }

    #[test]
    fn a_network_of_64_bits_is_one_client() {
        let connections = connections(10, 1, "");
        let _first = connections.admit(peer("2001:db8::1")).unwrap();
        assert_eq!(connections.admit(peer("2001:db8::ffff:1")).err(), Some(ConnectionCut::TooManyOfAddress));
        assert!(connections.admit(peer("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn a_trusted_proxy_is_bounded_only_by_all_and_nothing_is_left_behind() {
        let connections = connections(3, 1, "10.0.0.0/8");
        let proxied: Vec<_> = (0..3).map(|_| connections.admit(peer("10.0.0.1")).unwrap()).collect();
        assert_eq!(connections.admit(peer("10.0.0.1")).err(), Some(ConnectionCut::TooMany));
        assert_eq!(connections.admit(peer("192.0.2.1")).err(), Some(ConnectionCut::TooMany));
        drop(proxied);
        drop(connections.admit(peer("192.0.2.1")));
        let open = connections.lock();
        assert!(open.all == 0 && open.by_address.is_empty());
    }
}
