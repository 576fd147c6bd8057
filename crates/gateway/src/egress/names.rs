//! From a host to its addresses.
//!
//! Names are looked up by hickory and not by the system's `getaddrinfo`: that blocks a thread for as long as a name
//! server likes, and who may name hosts could so stop all that the threads are for.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::Name;
use hickory_resolver::{Resolver, TokioResolver};

use super::url::Target;

/// How long one question may take; it is asked twice.
const PATIENCE: Duration = Duration::from_secs(2);
/// An answer is believed for so long at the most, whatever its own time to live.
const LONGEST_LIFE: Duration = Duration::from_mins(5);
/// How long it is remembered that a name has no address.
const LONGEST_ABSENCE: Duration = Duration::from_secs(10);
/// Answers in memory.
const REMEMBERED: u64 = 512;

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameServers {
    /// The system's own: `/etc/resolv.conf` and `/etc/hosts`.
    #[default]
    System,
    /// One server, by UDP and TCP, and nothing else.
    At(SocketAddr),
}

/// The addresses of hosts, each answer remembered for its time to live.
pub(super) struct Names(Option<TokioResolver>);

impl Names {
    /// Where the system's configuration cannot be read, no name has an address, and the log says why: calls to addresses
    /// that callers choose are no reason to serve nothing else.
    pub(super) fn new(servers: &NameServers) -> Self {
        let resolver = match servers {
            NameServers::System => system(),
            NameServers::At(server) => one(*server),
        };
        let told = |error| tracing::warn!(%error, "hosts of URLs cannot be looked up: is /etc/resolv.conf readable?");
        Self(resolver.map_err(told).ok())
    }

    /// Every address of a host, IPv4 first; none where there is none, or nobody could say in time.
    pub(super) async fn addresses(&self, host: &Target) -> Vec<IpAddr> {
        match host {
            Target::Address(address) => vec![*address],
            Target::Name(name) => self.look_up(name).await,
        }
    }

    async fn look_up(&self, name: &str) -> Vec<IpAddr> {
        let Some(resolver) = &self.0 else { return Vec::new() };
        let Ok(mut name) = Name::from_ascii(name) else { return Vec::new() };
        // A whole name: the system's search list is for people at a terminal.
        name.set_fqdn(true);
        let found = resolver.lookup_ip(name).await;
        let found = found.inspect_err(|error| tracing::debug!(%error, "a URL's host has no address"));
        found.map(|found| found.iter().collect()).unwrap_or_default()
    }
}

fn system() -> Result<TokioResolver, NetError> {
    let mut builder = TokioResolver::builder_tokio()?;
    bound(builder.options_mut());
    builder.build()
}

fn one(server: SocketAddr) -> Result<TokioResolver, NetError> {
    let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
    for connection in &mut connections {
        connection.port = server.port();
    }
    let server = NameServerConfig::new(server.ip(), true, connections);
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
    bound(builder.options_mut());
    builder.options_mut().use_hosts_file = ResolveHosts::Never;
    builder.build()
}

fn bound(options: &mut ResolverOpts) {
    options.timeout = PATIENCE;
    options.attempts = 2;
    options.cache_size = REMEMBERED;
    options.positive_max_ttl = Some(LONGEST_LIFE);
    options.negative_max_ttl = Some(LONGEST_ABSENCE);
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
}
