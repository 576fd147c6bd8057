//! How the gateway is: looked at in the background, so that asking costs nothing.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use utoipa::ToSchema;

use crate::operations::Services;
use crate::telemetry::metrics::Pulse;

/// How often PostgreSQL is looked at.
const ROUND: Duration = Duration::from_secs(1);
/// How long an answer of it may take.
const PATIENCE: Duration = Duration::from_millis(800);
/// A look may be this old before PostgreSQL counts as away.
const RECENT: Duration = Duration::from_secs(4);

/// Whether calls can be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(example = "ready")]
pub enum Readiness {
    /// All of them.
    Ready,
    /// Those of tenants that are already known.
    Degraded,
    /// None.
    Unavailable,
    /// It stops: calls are to go elsewhere.
    Draining,
}

/// What `/health/ready` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Report {
    /// Whether calls can be served.
    pub status: Readiness,
    /// What is missing, each with what goes on without it.
    #[schema(example = json!([]))]
    pub missing: Vec<String>,
}

/// What a gateway needs before it can start, and may come later than the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// The server, or the role and the database in it.
    PostgreSql,
    /// The schema of this version.
    Schema,
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PostgreSql => "PostgreSQL",
            Self::Schema => "the database's schema, which `groupgate migrate` brings",
        })
    }
}

/// How the gateway is.
pub struct Health {
    services: Arc<Services>,
    stale: Duration,
    born: Instant,
    /// When PostgreSQL last answered, in milliseconds since `born`.
    seen: AtomicU64,
    is_draining: AtomicBool,
}

impl Health {
    /// Of a gateway that has just seen its database.
    pub fn new(services: Arc<Services>, stale: Duration) -> Self {
        Self { services, stale, born: Instant::now(), seen: AtomicU64::new(0), is_draining: AtomicBool::new(false) }
    }

    /// Looks at PostgreSQL, for ever.
    pub(crate) async fn watch(&self, pulse: &Pulse) {
        loop {
            if let Ok(Ok(())) = tokio::time::timeout(PATIENCE, self.services.store.ping()).await {
                self.seen.store(self.now(), Ordering::Relaxed);
                pulse.succeeded();
            }
            tokio::time::sleep(ROUND).await;
        }
    }

    /// The gateway stops.
    pub fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    /// Whether PostgreSQL has answered lately.
    pub fn database_is_up(&self) -> bool {
        self.away() < RECENT
    }

    /// How it is now. Known tenants can be served for a bounded time while PostgreSQL is away.
    pub fn report(&self) -> Report {
        if self.is_draining.load(Ordering::Relaxed) {
            return Report { status: Readiness::Draining, missing: vec!["this replica: it stops".to_owned()] };
        }
        let away = self.away();
        if away < RECENT {
            return Report { status: Readiness::Ready, missing: Vec::new() };
        }
        let seconds = away.as_secs();
        if away < self.stale && self.services.resolver.usable() > 0 {
            let missing =
                format!("PostgreSQL, for {seconds} s; tenants in memory go on for {} s", self.stale.as_secs());
            return Report { status: Readiness::Degraded, missing: vec![missing] };
        }
        Report { status: Readiness::Unavailable, missing: vec![format!("PostgreSQL, for {seconds} s")] }
    }

    /// For how long PostgreSQL has not answered.
    fn away(&self) -> Duration {
        Duration::from_millis(self.now().saturating_sub(self.seen.load(Ordering::Relaxed)))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
