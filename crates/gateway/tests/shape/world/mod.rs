//! Everything that production has, on one machine: nginx, replicas, PostgreSQL, Redis, and a Meta that is the sandbox. What
//! stands behind a replica stands behind a proxy, which cuts, resets and delays.

mod balancer;
mod beside;
mod load;
mod meta;
mod postgres;
mod replica;
mod stalls;
mod tenants;
mod wholeness;
mod wire;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::TempDir;
use tenant_store::Store;

use crate::support::{connect, gateway_environment};

pub(crate) use balancer::Balancer;
pub(crate) use load::{Load, Outcome, PULL, Record, mixed, rate, reads};
pub(crate) use meta::Meta;
pub(crate) use postgres::Postgres;
pub(crate) use replica::{Replica, files_by_kind, memory_of, open_files_of};
pub(crate) use stalls::Sleeper;
pub(crate) use tenants::Tenant;
pub(crate) use wire::{Answer, Wire, flood};

/// What a world is made of.
pub(crate) struct Plan<'a> {
    /// How many gateways stand behind the balancer.
    pub(crate) replicas: usize,
    /// How many tenants there are, each with a number and a group.
    pub(crate) tenants: usize,
    /// Settings of every replica, which come after the usual ones.
    pub(crate) settings: &'a [(&'a str, &'a str)],
}

/// Nobody is told to call more slowly, unless a plan says so.
const UNLIMITED: [(&str, &str); 3] =
    [("GROUPGATE_RATE_PER_KEY", "off"), ("GROUPGATE_RATE_PER_TENANT", "off"), ("GROUPGATE_RATE_PER_NUMBER", "off")];

/// Where a call waits for PostgreSQL for as long as a machine may stall: then no stall is answered 503.
pub(crate) const DATABASE_MAY_TAKE: (&str, &str) = ("GROUPGATE_DB_ACQUIRE_TIMEOUT", "30s");

/// All of it; what is dropped ends.
pub(crate) struct World {
    pub(crate) balancer: Balancer,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) postgres: Postgres,
    pub(crate) meta: Meta,
    pub(crate) tenants: Vec<Tenant>,
    /// By the same way as a replica's.
    pub(crate) store: Store,
    _directory: TempDir,
}

impl World {
    /// Everything runs, and every replica is ready.
    pub(crate) async fn start(plan: &Plan<'_>) -> Self {
        let directory = directory();
        let postgres = Postgres::migrated(&directory.path().join("postgres")).await;
        Self::on(postgres, directory, plan).await
    }

    /// The same, on this PostgreSQL, which is in the directory.
    pub(crate) async fn on(postgres: Postgres, directory: TempDir, plan: &Plan<'_>) -> Self {
        let meta = Meta::start().await;
        let mut replicas = replicas(&postgres, &meta, directory.path(), plan);
        replicas.iter_mut().for_each(Replica::start);
        let mut world = Self::around(replicas, postgres, meta, directory, plan).await;
        world.ready().await;
        tenants::open_groups(&mut world).await;
        world
    }

    /// Puts a balancer in front of these replicas, and adds tenants, who have no groups yet.
    pub(crate) async fn around(
        replicas: Vec<Replica>,
        postgres: Postgres,
        meta: Meta,
        directory: TempDir,
        plan: &Plan<'_>,
    ) -> Self {
        let store = connect(postgres.app_url()).await;
        let tenants = tenants::onboard(&store, &meta, plan.tenants).await;
        let ports: Vec<u16> = replicas.iter().map(|replica| replica.port).collect();
        let balancer = Balancer::start(directory.path(), &ports).await;
        meta.send_webhooks_to(&balancer.url);
        Self { balancer, replicas, postgres, meta, tenants, store, _directory: directory }
    }

    /// Waits until every replica is ready.
    pub(crate) async fn ready(&self) {
        for replica in &self.replicas {
            replica.ready().await;
        }
    }

    /// What every replica has logged, for a test that failed.
    pub(crate) fn logs(&self) -> String {
        self.replicas.iter().map(Replica::log).collect()
    }
}

/// A directory that the servers' own users reach, too.
pub(crate) fn directory() -> TempDir {
    tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap()
}

/// The replicas of a plan, which do not run yet.
pub(crate) fn replicas(postgres: &Postgres, meta: &Meta, directory: &Path, plan: &Plan<'_>) -> Vec<Replica> {
    let graph_url = meta.proxied_url();
    let mut environment = gateway_environment(postgres.app_url(), &graph_url).to_vec();
    environment.extend(UNLIMITED.iter().chain(plan.settings));
    environment.extend([("GROUPGATE_ALLOWED_NETWORKS", "127.0.0.0/8")]);
    (0..plan.replicas).map(|nth| Replica::new(nth, directory, &environment)).collect()
}
