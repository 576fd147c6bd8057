//! Calls to addresses that a caller chose, over real connections: where they go, and where they end.

mod demo;
mod names;
mod pictures;
mod posts;
mod servers;
mod tls;

use std::time::Duration;

use gateway::egress::{Egress, EgressError, EgressSettings, ExternalUrl, Fetched, Limits, NameServers};

use crate::support::PATIENCE;

const LIMITS: Limits = Limits { time: PATIENCE, body: 1024 * 1024 };

/// One that reaches these networks beside the public ones.
fn egress(allowed: &[&str], name_servers: NameServers) -> Egress {
    let allowed_networks = allowed.iter().map(|network| network.parse().unwrap()).collect();
    Egress::new(&EgressSettings { allowed_networks, name_servers }).unwrap()
}

/// One that reaches this machine.
fn to_loopback() -> Egress {
    egress(&["127.0.0.0/8", "::1/128"], NameServers::System)
}

async fn get(egress: &Egress, url: &str) -> Result<Fetched, EgressError> {
    get_within(egress, url, LIMITS).await
}

async fn get_within(egress: &Egress, url: &str, limits: Limits) -> Result<Fetched, EgressError> {
    get_for("cams-demo1", egress, url, limits).await
}

async fn get_for(tenant: &str, egress: &Egress, url: &str, limits: Limits) -> Result<Fetched, EgressError> {
    egress.get(&tenant.parse().unwrap(), &ExternalUrl::try_from(url)?, limits).await
}

/// A limit that is over soon, far from what the test waits for in all.
fn soon() -> Limits {
    Limits { time: Duration::from_millis(300), ..LIMITS }
}
